#include "server/codec/text/exposition_parser.h"

#include <gtest/gtest.h>

#include "tests/server/codec/lines.h"

namespace firn::server {
namespace {

using Texts = std::vector<std::string>;

constexpr auto kText = TextFormat::kPrometheus;
constexpr auto kOpen = TextFormat::kOpenMetrics;

// The lines, or the error.
Texts Parse(TextFormat format, std::string_view text) {
  ExpositionOptions options;
  options.format = format;
  options.default_time = 77;
  Lines got;
  const Status status = ParseExposition(text, options, &got);
  if (!status.ok()) return {std::string(status.message())};
  return got.lines;
}

TEST(ExpositionParserTest, ReadsThePrometheusFormat) {
  EXPECT_EQ(Parse(kText,
                  "# HELP up Whether it \\\\ is\\nup.\n"
                  "# TYPE up gauge\n"
                  "# a comment\n"
                  "\n"
                  "up 1\n"
                  "up{job=\"a\",} 0.5 1234\r\n"
                  "  up { job = \"q\\\"\\\\\\n\" , x=\"\" }  -Inf   -5\n"
                  "up NaN\n"
                  "up 1e-3"),
            (Texts{"series __name__=up,", "sample 1 @77", "series __name__=up,job=a,",
                   "sample 0.5 @1234", "series __name__=up,job=q\"\\\n,x=,", "sample -inf @-5",
                   "series __name__=up,", "sample nan @77", "series __name__=up,",
                   "sample 0.001 @77", "metadata up: gauge Whether it \\ is\nup. "}));
}

TEST(ExpositionParserTest, ReadsOpenMetrics) {
  EXPECT_EQ(
      Parse(kOpen,
            "# TYPE lat histogram\n"
            "# UNIT lat seconds\n"
            "# HELP lat Say \\\"hi\\\".\n"
            "lat_bucket{le=\"1\"} 4 1.5 # {trace_id=\"x\",s=\"1\"} 0.7 1.25\n"
            "lat_count 4 # {} 1\n"
            "# EOF\n"),
      (Texts{"series __name__=lat_bucket,le=1,", "sample 4 @1500",
             "exemplar trace_id=x,s=1, 0.7 @1250", "series __name__=lat_count,", "sample 4 @77",
             "exemplar  1 @77", "metadata lat: histogram Say \"hi\". seconds"}));
}

TEST(ExpositionParserTest, ReadsQuotedNames) {
  EXPECT_EQ(Parse(kText,
                  "# TYPE \"a.b\" counter\n"
                  "{\"a.b\",\"l.m\"=\"v\"} 1\n"
                  "{\"only\"} 2\n"
                  "up{\"l.m\"=\"v\"} 3\n"
                  "{__name__=\"x\"} 4\n"),
            (Texts{"series __name__=a.b,l.m=v,", "sample 1 @77", "series __name__=only,",
                   "sample 2 @77", "series __name__=up,l.m=v,", "sample 3 @77",
                   "series __name__=x,", "sample 4 @77", "metadata a.b: counter  "}));
}

TEST(ExpositionParserTest, AddsLabels) {
  const LabelView more[] = {{"job", "push"}};
  ExpositionOptions options;
  options.more_labels = more;
  Lines got;
  ASSERT_TRUE(ParseExposition("up{a=\"b\"} 1 5", options, &got).ok());
  EXPECT_EQ(got.lines, (Texts{"series __name__=up,a=b,job=push,", "sample 1 @5"}));
}

TEST(ExpositionParserTest, PassesOnWhatTheVisitorSays) {
  Lines got;
  got.series_status = TooOld("too old sample");
  const Status status = ParseExposition("# x\nup 1\nup 2\n", {}, &got);
  EXPECT_EQ(status.code(), StatusCode::kTooOld);
  EXPECT_EQ(status.message(), "line 2: too old sample");
}

struct BadText {
  TextFormat format;
  const char* text;
  const char* error;
};

TEST(ExpositionParserTest, SaysWhatIsWrongAndWhere) {
  const BadText kBad[] = {
      {kText, "up 1\nup\n", "line 2: expected a number as value, found the end of the line"},
      {kText, "up x", "line 1: expected a number as value, found \"x\""},
      {kText, "up 1 2.5", "line 1: expected a timestamp in milliseconds, found \"2.5\""},
      {kText, "up 1 99999999999999999999",
       "line 1: expected a timestamp in milliseconds, found \"99999999999999999999\""},
      {kText, "up 1 2 3", "line 1: expected the end of the line, found \"3\""},
      {kText, "up 1 2 # {} 1", "line 1: expected the end of the line, found \"# {} 1\""},
      {kText, "1up 1", "line 1: expected a metric name, found \"1up\""},
      {kText, "u\xff 1", "line 1: expected a metric name, found \"u\\xff\""},
      {kText, "{} 1", "line 1: the sample has no metric name"},
      {kText, "{a=\"b\"} 1", "line 1: the sample has no metric name"},
      {kText, "up{a} 1", "line 1: expected = behind the label name, found \"} 1\""},
      {kText, "up{a=b} 1", "line 1: expected a quoted label value, found \"b} 1\""},
      {kText, "up{a=\"b} 1", "line 1: the value of label \"a\" does not end"},
      {kText, "up{a=\"b\\\"} 1", "line 1: the value of label \"a\" does not end"},
      {kText, "up{a=\"b\" c=\"d\"} 1",
       "line 1: expected a comma or a closing brace, found \"c=\\\"d\\\"} 1\""},
      {kText, "up{a=\"b\"",
       "line 1: expected a comma or a closing brace, found the end of the "
       "line"},
      {kText, "up{\"a", "line 1: the quoted name does not end"},
      {kText, "up{,} 1", "line 1: expected a label name, found \",} 1\""},
      {kText, "up{1=\"\"} 1", "line 1: expected a label name, found \"1\""},
      {kText, "# TYPE up thing", "line 1: expected a metric type, found \"thing\""},
      {kText, "# HELP", "line 1: expected a metric name behind HELP, found the end of the line"},
      {kOpen, "up 1\n", "the text does not end with # EOF"},
      {kOpen, "# EOF\nup 1\n", "line 2: expected nothing behind # EOF, found \"up 1\""},
      {kOpen, "up 1 1e300\n# EOF", "line 1: expected a timestamp in seconds, found \"1e300\""},
      {kOpen, "up 1 # x", "line 1: expected the labels of an exemplar, found \"x\""},
      {kOpen, "up 1 # {a=\"b\"}", "line 1: expected a number as value, found the end of the line"},
  };
  for (const BadText& bad : kBad) {
    EXPECT_EQ(Parse(bad.format, bad.text), Texts{bad.error}) << bad.text;
  }
}

TEST(ExpositionParserTest, TakesEveryCutWithoutReadingPastTheEnd) {
  const std::string text = "up{a=\"\\\\b\",\"c\"=\"d\"} 1 2 # {t=\"x\"} 1 2";
  for (size_t n = 0; n < text.size(); ++n) {
    // A copy of its own, so that a sanitizer sees a read past the end.
    const std::string cut = text.substr(0, n);
    EXPECT_LE(Parse(kText, cut).size(), 2u);
    EXPECT_EQ(Parse(kOpen, cut).size(), 1u);
  }
}

}  // namespace
}  // namespace firn::server
