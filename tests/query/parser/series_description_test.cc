#include "query/parser/series_description.h"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <regex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/sample.h"

namespace firn::query {
namespace {

SeriesDescription MustParse(std::string_view line) {
  Result<SeriesDescription> series = ParseSeriesDescription(line);
  EXPECT_TRUE(series.ok()) << line << ": " << series.status().message();
  return series.ok() ? *std::move(series) : SeriesDescription{};
}

// The values as text: `_` omitted, `s` stale, `h` a histogram.
std::string Values(std::string_view line) {
  std::string out;
  for (const SequenceValue& value : MustParse(line).values) {
    if (!out.empty()) out += ' ';
    out += value.omitted             ? "_"
           : value.histogram         ? "h"
           : IsStaleNan(value.value) ? "s"
                                     : fmt::format("{}", value.value);
  }
  return out;
}

std::string ErrorOf(std::string_view line) {
  return std::string(ParseSeriesDescription(line).status().message());
}

TEST(SeriesDescription, ExpandsItems) {
  EXPECT_EQ(Values("{} 1 2 3"), "1 2 3");
  EXPECT_EQ(Values("m{a=\"b\"} 1 2 3-10x4"), "1 2 3 -7 -17 -27 -37");
  EXPECT_EQ(Values("m 1 3-0x2"), "1 3 3 3");
  EXPECT_EQ(Values("{} 1x0"), "1");
  EXPECT_EQ(Values("{} 1+1x0"), "1");
  EXPECT_EQ(Values("m\t_ 5 _x3 stale"), "_ 5 _ _ _ s");
  EXPECT_EQ(Values("m 1 -1 -3-10x2 7 +5 1e2 .5 -Inf nan Infx1"),
            "1 -1 -3 -13 -23 7 5 100 0.5 -inf nan inf inf");
  EXPECT_EQ(Values("m 1 2    "), "1 2");
  EXPECT_EQ(Values("m"), "");
  EXPECT_EQ(Values("m {{}} {{ }}x2"), "h h h h");
}

TEST(SeriesDescription, ReadsLabels) {
  EXPECT_EQ(MustParse("m{a=\"\\u70ac = torch\"} 1").labels,
            Labels::FromPairs({{"__name__", "m"}, {"a", "\xe7\x82\xac = torch"}}));
  EXPECT_EQ(
      MustParse("{\"http.requests\", \"service.name\"=\"api\", on='x',} 0+50x2").labels,
      Labels::FromPairs({{"__name__", "http.requests"}, {"on", "x"}, {"service.name", "api"}}));
  EXPECT_EQ(*ParseMetric("sum{by=\"a\"}"), Labels::FromPairs({{"__name__", "sum"}, {"by", "a"}}));
  EXPECT_EQ(*ParseMetric("a:b"), Labels::FromPairs({{"__name__", "a:b"}}));
  EXPECT_FALSE(ParseMetric("a b").ok());
  EXPECT_FALSE(ParseMetric("a{b}").ok());
  EXPECT_FALSE(ParseMetric("").ok());
}

TEST(SeriesDescription, ReadsHistograms) {
  const SeriesDescription series = MustParse(
      "{} {{schema:1 sum:-0.3 count:3.1  z_bucket:7.1 z_bucket_w:0.05 buckets:[-5.1 10 7 ] "
      "offset:-3 n_buckets:[4.1 5] n_offset:5 counter_reset_hint:gauge}} "
      "{{schema:-53 custom_values:[5 10] buckets:[1 NaN 3]}}");
  ASSERT_EQ(series.values.size(), 2u);
  const FloatHistogram& h = *series.values[0].histogram;
  EXPECT_TRUE(series.values[0].hint_was_set);
  EXPECT_EQ(h.counter_reset_hint, CounterResetHint::kGauge);
  EXPECT_EQ(h.schema, 1);
  EXPECT_EQ(h.sum, -0.3);
  EXPECT_EQ(h.count, 3.1);
  EXPECT_EQ(h.zero_count, 7.1);
  EXPECT_EQ(h.zero_threshold, 0.05);
  EXPECT_EQ(h.positive_spans, (std::vector<HistogramSpan>{{-3, 3}}));
  EXPECT_EQ(h.positive_buckets, (std::vector<double>{-5.1, 10, 7}));
  EXPECT_EQ(h.negative_spans, (std::vector<HistogramSpan>{{5, 2}}));
  EXPECT_EQ(h.negative_buckets, (std::vector<double>{4.1, 5}));
  EXPECT_FALSE(series.values[1].hint_was_set);
  EXPECT_EQ(series.values[1].histogram->custom_values, (std::vector<double>{5, 10}));
}

TEST(SeriesDescription, StepsHistograms) {
  const SeriesDescription up =
      MustParse("{} {{buckets:[5] schema:0}}+{{buckets:[1 2] schema:1}}x2");
  ASSERT_EQ(up.values.size(), 3u);
  // Buckets 0 and 1 of schema 1 are buckets 0 and 1 of schema 0.
  EXPECT_EQ(up.values[2].histogram->positive_spans, (std::vector<HistogramSpan>{{0, 2}}));
  EXPECT_EQ(up.values[2].histogram->positive_buckets, (std::vector<double>{7, 4}));
  const SeriesDescription down =
      MustParse("{} {{sum:5 count:3 buckets:[5 10 7]}}-{{sum:1 count:1 buckets:[1 2 3]}}x2");
  ASSERT_EQ(down.values.size(), 3u);
  EXPECT_EQ(down.values[0].histogram->positive_buckets, (std::vector<double>{5, 10, 7}));
  EXPECT_EQ(down.values[2].histogram->positive_buckets, (std::vector<double>{3, 6, 1}));
  EXPECT_EQ(down.values[2].histogram->sum, 3);
  EXPECT_EQ(down.values[2].histogram->count, 1);

  int calls = 0;
  const HistogramStep step = [&](const FloatHistogram& current, const FloatHistogram&, bool minus) {
    ++calls;
    EXPECT_TRUE(minus);
    return Result<FloatHistogram>(current);
  };
  EXPECT_TRUE(ParseSeriesDescription("m {{sum:1}}-{{sum:1}}x3", step).ok());
  EXPECT_EQ(calls, 3);
}

TEST(SeriesDescription, NamesWhatIsWrong) {
  EXPECT_EQ(ErrorOf("{} {{buckets:[5 10 7] schema:1}}+{{buckets:[1 2 3] schema:0}}x2"),
            "1:63: parse error: error combining histograms: cannot merge from schema 0 to 1");
  EXPECT_EQ(ErrorOf("{} {{schema:1 schema:1}}"),
            "1:1: parse error: duplicate key \"schema\" in histogram");
  EXPECT_EQ(ErrorOf("{} {{foo:1}}"), "1:6: parse error: bad histogram descriptor found: \"foo\"");
  EXPECT_EQ(ErrorOf("{} {{schema :1}}"), "1:6: parse error: missing `:` for histogram descriptor");
  EXPECT_EQ(ErrorOf("{} {{schema: 1}}"), "1:13: parse error: unexpected \" \" in series values");
  EXPECT_EQ(ErrorOf("{} {{buckets:[ 1]}}"), "1:15: parse error: unexpected \" \" in series values");
  EXPECT_EQ(ErrorOf("{} {{counter_reset_hint:foo}}"),
            "1:25: parse error: bad histogram descriptor found: \"foo\"");
  EXPECT_EQ(
      ErrorOf("{\"http.requests\"xx}\t\t0+50x2"),
      "1:17: parse error: unexpected identifier \"xx\" in label set, expected \",\" or \"}\"");
  EXPECT_EQ(ErrorOf("{\"http.requests\"=, x=\"y\"}\t\t0+50x2"),
            "1:18: parse error: unexpected \",\" in label set, expected string");
  EXPECT_EQ(ErrorOf("{\"http.requests}\t\t0+50x2"), "1:2: parse error: unterminated quoted string");
  for (const std::string_view line : {"{} 1+1",
                                      "m 1 3 _a4",
                                      "m -3-3 -3",
                                      "m -3 -3-3",
                                      "m -3 _-2",
                                      "m 3+3x4-4",
                                      "m 1y",
                                      "m 0x1F",
                                      "m{} 1,2",
                                      "m 1x99999999999",
                                      "m 1x999999 1x999999",
                                      "m {{",
                                      "m {{}",
                                      "m {{}}x",
                                      "m {{}}+1x2",
                                      "m {{sum:}}",
                                      "m {{schema:99999999999}}",
                                      "m {{}}+{{}}",
                                      "{a=\"b\"}1",
                                      "{a=\"b\"",
                                      "{a b}",
                                      "m {{schema:0}}+{{schema:-53 custom_values:[1]}}x1"}) {
    EXPECT_FALSE(ParseSeriesDescription(line).ok()) << line;
  }
}

// Lines of `load` blocks: indented, and not a command or an expectation.
TEST(SeriesDescription, ReadsWhatTheUpstreamScriptsLoad) {
  static const std::regex kLoad(R"(^\s*load.*)", std::regex::icase);
  int read = 0;
  for (const auto& entry : std::filesystem::directory_iterator(FIRN_UPSTREAM_SCRIPTS)) {
    if (entry.path().extension() != ".test") continue;
    std::ifstream file(entry.path());
    bool loading = false;
    for (std::string line; std::getline(file, line);) {
      const size_t start = line.find_first_not_of(" \t");
      const size_t end = line.find_last_not_of(" \t");
      if (start == std::string::npos || line[start] == '#') {
        loading = false;
      } else if (std::regex_match(line, kLoad)) {
        loading = true;
      } else if (loading && line.find("@st") == std::string::npos) {
        const std::string series = line.substr(start, end - start + 1);
        // The engine's own addition is tested where it lives.
        const Result<SeriesDescription> parsed =
            ParseSeriesDescription(series, [](const FloatHistogram& h, const FloatHistogram&,
                                              bool) { return Result<FloatHistogram>(h); });
        EXPECT_TRUE(parsed.ok()) << entry.path() << ": " << series << ": "
                                 << parsed.status().message();
        ++read;
      }
    }
  }
  EXPECT_GT(read, 500);
}

}  // namespace
}  // namespace firn::query
