#include "base/number.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace firn {
namespace {

// What Go's strconv.FormatFloat(v, 'f' | 'g' | 'e', -1, 64) makes of a double.
struct FormatCase {
  double v;
  std::string f;
  std::string g;
  std::string e;
};

const std::vector<FormatCase>& FormatCases() {
  static const std::vector<FormatCase> cases = {
      {0.0, "0", "0", "0e+00"},
      {-0.0, "-0", "-0", "-0e+00"},
      {1, "1", "1", "1e+00"},
      {-1, "-1", "-1", "-1e+00"},
      {0.1, "0.1", "0.1", "1e-01"},
      {100, "100", "100", "1e+02"},
      {2.5, "2.5", "2.5", "2.5e+00"},
      {100000, "100000", "100000", "1e+05"},
      {999999, "999999", "999999", "9.99999e+05"},
      {1e6, "1000000", "1e+06", "1e+06"},
      {1234567, "1234567", "1.234567e+06", "1.234567e+06"},
      {2097152.5, "2097152.5", "2.0971525e+06", "2.0971525e+06"},
      {123456789, "123456789", "1.23456789e+08", "1.23456789e+08"},
      {1e15, "1000000000000000", "1e+15", "1e+15"},
      {1e20, "100000000000000000000", "1e+20", "1e+20"},
      {0x1.ac53a7e04bcdap+66, "123456789012345680000", "1.2345678901234568e+20",
       "1.2345678901234568e+20"},
      {1e21, "1000000000000000000000", "1e+21", "1e+21"},
      {1e23, "100000000000000000000000", "1e+23", "1e+23"},
      {-1e22, "-10000000000000000000000", "-1e+22", "-1e+22"},
      {9007199254740991, "9007199254740991", "9.007199254740991e+15", "9.007199254740991e+15"},
      {9007199254740992, "9007199254740992", "9.007199254740992e+15", "9.007199254740992e+15"},
      {9007199254740994, "9007199254740994", "9.007199254740994e+15", "9.007199254740994e+15"},
      {18014398509481984, "18014398509481984", "1.8014398509481984e+16", "1.8014398509481984e+16"},
      {-0x1.a3b9393f93f33p+63, "-15122133858905594000", "-1.5122133858905594e+19",
       "-1.5122133858905594e+19"},
      {1e-4, "0.0001", "0.0001", "1e-04"},
      {9.999e-5, "0.00009999", "9.999e-05", "9.999e-05"},
      {1e-5, "0.00001", "1e-05", "1e-05"},
      {9.9e-7, "0.00000099", "9.9e-07", "9.9e-07"},
      {0.1 + 0.2, "0.30000000000000004", "0.30000000000000004", "3.0000000000000004e-01"},
      {3.141592653589793, "3.141592653589793", "3.141592653589793", "3.141592653589793e+00"},
      {4962676536.460209, "4962676536.460209", "4.962676536460209e+09", "4.962676536460209e+09"},
      {-0.00011931221311005015, "-0.00011931221311005015", "-0.00011931221311005015",
       "-1.1931221311005015e-04"},
      {INFINITY, "+Inf", "+Inf", "+Inf"},
      {-INFINITY, "-Inf", "-Inf", "-Inf"},
      {NAN, "NaN", "NaN", "NaN"},
  };
  return cases;
}

TEST(Number, FormatsAsGoDoes) {
  for (const FormatCase& c : FormatCases()) {
    EXPECT_EQ(FormatFloatF(c.v), c.f);
    EXPECT_EQ(FormatFloatG(c.v), c.g);
    EXPECT_EQ(FormatFloatE(c.v), c.e);
  }
}

TEST(Number, FormatsExtremesWithAnExponent) {
  EXPECT_EQ(FormatFloatG(1.7976931348623157e308), "1.7976931348623157e+308");
  EXPECT_EQ(FormatFloatG(5e-324), "5e-324");
  EXPECT_EQ(FormatFloatE(2.2250738585072014e-308), "2.2250738585072014e-308");
}

TEST(Number, FormatsExtremesWithoutAnExponent) {
  const std::string largest = FormatFloatF(1.7976931348623157e308);
  EXPECT_EQ(largest.size(), 309u);
  EXPECT_EQ(largest.substr(0, 20), "17976931348623157000");
  const std::string smallest = FormatFloatF(5e-324);
  EXPECT_EQ(smallest.size(), 326u);
  EXPECT_EQ(smallest.substr(smallest.size() - 3), "005");
}

std::string SampleValue(double v) {
  std::string out = "x";
  AppendSampleValue(v, &out);
  return out.substr(1);
}

// Go's JSON encoder, which the HTTP API of Prometheus follows.
TEST(Number, SampleValuesTakeAnExponentOnlyBelow1eMinus6AndFrom1e21) {
  const std::pair<double, std::string> cases[] = {
      {0.0, "0"},
      {-0.0, "-0"},
      {1e6, "1000000"},
      {123456789, "123456789"},
      {1e20, "100000000000000000000"},
      {0x1.b1ae4d6e2ef4fp+69, "999999999999999900000"},
      {1e21, "1e+21"},
      {-1e21, "-1e+21"},
      {1e-6, "0.000001"},
      {9.9e-7, "9.9e-07"},
      {-1e-7, "-1e-07"},
      {INFINITY, "+Inf"},
      {-INFINITY, "-Inf"},
      {NAN, "NaN"},
  };
  for (const auto& [v, text] : cases) EXPECT_EQ(SampleValue(v), text);
}

struct ParseCase {
  std::string text;
  std::optional<uint64_t> bits;
};

constexpr auto kNone = std::nullopt;

TEST(Number, ParsesAsGoDoes) {
  const std::vector<ParseCase> cases = {
      {"1", 0x3ff0000000000000},
      {"+1", 0x3ff0000000000000},
      {"-1", 0xbff0000000000000},
      {"1.", 0x3ff0000000000000},
      {".5", 0x3fe0000000000000},
      {"-.5", 0xbfe0000000000000},
      {"-0", 0x8000000000000000},
      {"1e3", 0x408f400000000000},
      {"1E3", 0x408f400000000000},
      {"1e+3", 0x408f400000000000},
      {"1e-3", 0x3f50624dd2f1a9fc},
      {"9007199254740993", 0x4340000000000000},
      {"0.1e309", 0x7fe1ccf385ebc8a0},
      {"1.7976931348623157e308", 0x7fefffffffffffff},
      {"4.9e-324", 1},
      {"inf", 0x7ff0000000000000},
      {"+Inf", 0x7ff0000000000000},
      {"-INF", 0xfff0000000000000},
      {"Infinity", 0x7ff0000000000000},
      {"nan", 0x7ff8000000000001},
      {"NaN", 0x7ff8000000000001},
      {"", kNone},
      {".", kNone},
      {"+", kNone},
      {"1e", kNone},
      {"e1", kNone},
      {"1 ", kNone},
      {" 1", kNone},
      {"1,5", kNone},
      {"infinit", kNone},
      {"+nan", kNone},
      {"-nan", kNone},
      {"--1", kNone},
      {"+-1", kNone},
      {"+ 1", kNone},
      {"\xd9\xa1", kNone},
  };
  for (const ParseCase& c : cases) {
    const std::optional<double> v = ParseFloat(c.text);
    ASSERT_EQ(v.has_value(), c.bits.has_value()) << c.text;
    if (!v) continue;
    EXPECT_EQ(std::bit_cast<uint64_t>(*v), *c.bits) << c.text;
  }
}

TEST(Number, ParsesWhatIsOutOfRangeAsInfinityOrZero) {
  const std::string zeros(400, '0');
  const std::pair<std::string, double> cases[] = {
      {"1e400", INFINITY},
      {"-1e400", -INFINITY},
      {"1e99999999999", INFINITY},
      {"0.1e400", INFINITY},
      {".5e400", INFINITY},
      {"00001e400", INFINITY},
      {"1" + zeros, INFINITY},
      {"1" + zeros + "e-10", INFINITY},
      {"1.7976931348623159e308", INFINITY},
      {"0e400", 0.0},
      {"1e-400", 0.0},
      {"2e-324", 0.0},
      {"10000e-330", 0.0},
      {"1e-99999999999", 0.0},
      {"0." + zeros + "1", 0.0},
      {"0." + zeros + "1e10", 0.0},
  };
  for (const auto& [text, v] : cases) EXPECT_EQ(ParseFloat(text), v) << text;
  EXPECT_TRUE(std::signbit(*ParseFloat("-1e-400")));
}

// Decimals have a way of their own; it must write what the general one does.
TEST(Number, DecimalsAreWrittenAsTheShortestSearchWritesThem) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 200'000; ++i) {
    const int digits = static_cast<int>(random() % 9);
    const auto mantissa = static_cast<double>(random() % (uint64_t{1} << (1 + random() % 54)));
    double v = mantissa / std::pow(10, digits);
    if (random() % 4 == 0) v = std::nextafter(v, random() % 2 == 0 ? -1 : 1e300);
    if (random() % 2 == 0) v = -v;
    if (v == std::trunc(v)) continue;
    char text[1100];
    const char* end = std::to_chars(text, text + sizeof(text), v, std::chars_format::fixed).ptr;
    ASSERT_EQ(FormatFloatF(v), std::string(text, static_cast<size_t>(end - text)))
        << std::hexfloat << v;
  }
}

TEST(Number, EveryFormReadsBackToTheSameDouble) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 rng(seed);
  for (int i = 0; i < 20'000; ++i) {
    uint64_t bits = rng();
    // Every other one of everyday size, where the forms differ most.
    if (i % 2 == 0) bits = (bits & 0x800fffffffffffff) | ((1023 - 40 + rng() % 120) << 52);
    const auto v = std::bit_cast<double>(bits);
    if (!std::isfinite(v)) continue;
    for (const std::string& text :
         {FormatFloatF(v), FormatFloatG(v), FormatFloatE(v), SampleValue(v)}) {
      const std::optional<double> read = ParseFloat(text);
      ASSERT_TRUE(read.has_value()) << text;
      ASSERT_EQ(std::bit_cast<uint64_t>(*read), bits) << text;
    }
  }
}

}  // namespace
}  // namespace firn
