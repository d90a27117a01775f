#include "query/parser/parser.h"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "query/parser/function_table.h"

namespace firn::query {
namespace {

constexpr ParserOptions kEverything{
    .experimental_functions = true, .extended_range_selectors = true, .binop_fill_modifiers = true};

ExprPtr MustParse(std::string_view text) {
  const Result<ExprPtr> expr = ParseExpr(text, kEverything);
  EXPECT_TRUE(expr.ok()) << text << ": " << expr.status().message();
  return expr.ok() ? *expr : nullptr;
}

std::string ErrorOf(std::string_view text, const ParserOptions& options = kEverything) {
  return std::string(ParseExpr(text, options).status().message());
}

double NumberOf(std::string_view text) {
  const ExprPtr expr = MustParse(text);
  const auto* number = expr ? expr->As<NumberLiteral>() : nullptr;
  EXPECT_NE(number, nullptr) << text;
  return number == nullptr ? 0 : number->value;
}

std::string Repeat(std::string_view text, int n) {
  std::string out;
  for (int i = 0; i < n; ++i) out += text;
  return out;
}

// Fully parenthesised, to show what binds tighter.
std::string Shape(const Expr& expr) {
  if (const auto* binary = expr.As<Binary>()) {
    return "(" + Shape(*binary->lhs) + std::string(BinaryOpName(binary->op)) + Shape(*binary->rhs) +
           ")";
  }
  if (const auto* unary = expr.As<Unary>()) {
    return std::string("(") + (unary->minus ? "-" : "+") + Shape(*unary->expr) + ")";
  }
  return PrintExpr(expr);
}

TEST(Parser, ReadsEveryFormOfNumber) {
  EXPECT_EQ(NumberOf("017"), 15);
  EXPECT_EQ(NumberOf("08"), 8);
  EXPECT_EQ(NumberOf("0x_1F"), 31);
  EXPECT_EQ(NumberOf("0xdead_beef"), 0xdeadbeef);
  EXPECT_EQ(NumberOf("1_000.5_0"), 1000.5);
  EXPECT_EQ(NumberOf("00_1_23_4.56_7_8"), 1234.5678);
  EXPECT_EQ(NumberOf(".5e-1"), 0.05);
  EXPECT_EQ(NumberOf("5."), 5);
  EXPECT_EQ(NumberOf("1e-400"), 0);
  EXPECT_EQ(NumberOf("-iNf"), -INFINITY);
  EXPECT_TRUE(std::isnan(NumberOf("nan")));
  EXPECT_EQ(NumberOf("1h30m"), 5400);
  EXPECT_EQ(NumberOf("1m500ms"), 60.5);
  EXPECT_EQ(NumberOf("--1"), 1);
  EXPECT_EQ(NumberOf("-0755"), -493);
}

TEST(Parser, RejectsMalformedNumbers) {
  for (const std::string_view text :
       {"1..2", "1.2.", "00_1_23__4.56", "1_e2", "1e.2", "1e+.2", "1ee2", "1e", "1e+", "1e_1",
        "1e1_2__34", "12_", "0x", "0x1_2__34", "0x1.2", "1a", "0a:bc", "5m1", "1e2.5"}) {
    EXPECT_NE(ErrorOf(text).find("bad number or duration syntax"), std::string::npos)
        << text << ": " << ErrorOf(text);
  }
  EXPECT_EQ(ErrorOf("1e400"),
            "1:1: parse error: error parsing number: strconv.ParseFloat: parsing \"1e400\": value "
            "out of range");
  EXPECT_EQ(ErrorOf("300y"), "1:1: parse error: duration out of range");
}

TEST(Parser, BindsByPrecedence) {
  const auto shape = [](std::string_view text) { return Shape(*MustParse(text)); };
  EXPECT_EQ(shape("a+b*c^d^e"), "(a+(b*(c^(d^e))))");
  EXPECT_EQ(shape("a-b-c"), "((a-b)-c)");
  EXPECT_EQ(shape("-a^b*c"), "((-(a^b))*c)");
  EXPECT_EQ(shape("a^-b^c*d"), "((a^(-(b^c)))*d)");
  EXPECT_EQ(shape("a or b and c == d + e atan2 f"), "(aor(band(c==(d+(eatan2f)))))");
  EXPECT_EQ(shape("a unless b and c"), "((aunlessb)andc)");
  EXPECT_EQ(shape("a </ 1 > b"), "((a</1)>b)");
  EXPECT_EQ(shape("-a offset 5m"), "(-a offset 5m)");
  EXPECT_EQ(shape("a + b @ 5"), "(a+b @ 5.000)");
  EXPECT_EQ(shape("foo offset -2^2"), "(foo offset -2s^2)");
  EXPECT_EQ(shape("foo offset 5m-8"), "(foo offset 5m-8)");
}

TEST(Parser, KnowsKeywordsFromNames) {
  for (const std::string_view text :
       {"sum",
        "AVG",
        "by",
        "without",
        "offset",
        "and",
        "or{a=\"b\"}",
        "unless",
        "start",
        "end",
        "step",
        "range",
        "anchored",
        "smoothed",
        "max_of",
        "min_of",
        "fill",
        "fill_left",
        "fill_right + 1",
        "limit_ratio",
        "and and and",
        "offset offset 5m",
        "sum by (bool, on, ignoring, group_left, atan2, and, sum, offset, \"a b\",) (x)",
        "sum(sum)",
        "anchored anchored",
        "Infoo",
        "_1_2",
        ":bc",
        "{\"on\"}",
        "foo{on=\"a\",by!=\"\"}",
        "step() + end()",
        "max_of(1, step())"}) {
    MustParse(text);
  }
  for (const std::string_view text : {"bool", "on", "ignoring", "group_left", "atan2",
                                      "sum by (without) (x)", "by(x)", "fill(1)"}) {
    EXPECT_FALSE(ParseExpr(text, kEverything).ok()) << text;
  }
}

TEST(Parser, KeepsPositions) {
  const ExprPtr expr = MustParse("  sum by (a) (rate(foo{b=\"c\"}[5m] offset 1m )) \n/ (bar @ 3)");
  ASSERT_NE(expr, nullptr);
  EXPECT_EQ(expr->pos, (PosRange{2, 59}));
  const auto* binary = expr->As<Binary>();
  EXPECT_EQ(binary->lhs->pos, (PosRange{2, 46}));
  EXPECT_EQ(binary->rhs->pos, (PosRange{50, 59}));
  const Expr& call = *binary->lhs->As<Aggregate>()->expr;
  EXPECT_EQ(call.pos, (PosRange{14, 45}));
  const Expr& matrix = *call.As<Call>()->args[0];
  EXPECT_EQ(matrix.pos, (PosRange{19, 43}));
  EXPECT_EQ(matrix.As<MatrixSelector>()->selector->pos, (PosRange{19, 29}));
  EXPECT_EQ(binary->rhs->As<Paren>()->expr->pos, (PosRange{51, 58}));
}

TEST(Parser, NumbersLinesOfErrors) {
  EXPECT_EQ(ErrorOf("foo\n  +\n   *"), "3:4: parse error: unexpected <op:*>");
  EXPECT_EQ(ErrorOf("# c\nfoo bar"), "2:5: parse error: unexpected identifier \"bar\"");
}

TEST(Parser, GatesWhatIsExperimental) {
  const ParserOptions none;
  EXPECT_EQ(ErrorOf("sort_by_label(x, \"a\")", none),
            "1:1: parse error: function \"sort_by_label\" is not enabled");
  EXPECT_EQ(ErrorOf("1 + limitk(1, x)", none),
            "1:5: parse error: limitk() is experimental and must be enabled with "
            "--enable-feature=promql-experimental-functions");
  EXPECT_EQ(ErrorOf("x anchored", none),
            "1:1: parse error: anchored modifier is experimental and not enabled");
  EXPECT_EQ(ErrorOf("x[5m] smoothed", none),
            "1:1: parse error: smoothed modifier is experimental and not enabled");
  EXPECT_EQ(ErrorOf("x + fill(0) y", none),
            "1:1: parse error: binop fill modifiers are experimental and not enabled");
  EXPECT_TRUE(ParseExpr("rate(x[step() + 5m] offset min_of(1m, range()))", none).ok());
}

TEST(Parser, SpeaksOfTheEnclosingAggregation) {
  EXPECT_EQ(ErrorOf("sum(foo bar)"),
            "1:9: parse error: unexpected identifier \"bar\" in aggregation");
  EXPECT_EQ(ErrorOf("sum by (a) foo"),
            "1:12: parse error: unexpected identifier \"foo\" in aggregation");
  EXPECT_EQ(ErrorOf("sum(foo) bar"), "1:10: parse error: unexpected identifier \"bar\"");
}

TEST(Parser, RejectsGapsInArguments) {
  for (const std::string_view text : {"clamp(x, , 1)", "clamp(x,)", "clamp(x, *)"}) {
    EXPECT_EQ(ErrorOf(text), "1:8: parse error: trailing commas not allowed in function call args");
  }
  EXPECT_EQ(ErrorOf("clamp(, x)"), "1:7: parse error: unexpected \",\"");
}

TEST(Parser, TakesOneOperandAfterOffset) {
  EXPECT_EQ(Shape(*MustParse("x offset step() * y")), "(x offset step()*y)");
  EXPECT_EQ(Shape(*MustParse("x offset -(5) * y")), "(x offset -(5)*y)");
  // As upstream's grammar has it: a parenthesis opens arithmetic, and so does a second sign.
  EXPECT_EQ(Shape(*MustParse("x offset (5) - 8")), "x offset (5) - 8");
  EXPECT_EQ(Shape(*MustParse("x offset --5 - 8")), "x offset (5 - 8)");
  EXPECT_FALSE(ParseExpr("x offset (5) * y").ok());
}

TEST(Parser, RejectsMisusedModifiers) {
  EXPECT_EQ(ErrorOf("x anchored smoothed"),
            "1:1: parse error: anchored and smoothed modifiers cannot be used together");
  EXPECT_EQ(ErrorOf("x[5m:] anchored"),
            "1:1: parse error: anchored modifier is not supported for subqueries");
  EXPECT_EQ(ErrorOf("x @ 1 @ 2"), "1:1: parse error: @ <timestamp> may not be set multiple times");
  EXPECT_EQ(ErrorOf("x @ 1e18"),
            "1:1: parse error: timestamp out of bounds for @ modifier: 1000000000000000000.000000");
  EXPECT_EQ(ErrorOf("1 + fill(1) x"),
            "1:1: parse error: filling in missing series only allowed between instant vectors");
  EXPECT_EQ(ErrorOf("x and fill(1) y"),
            "1:1: parse error: filling in missing series not allowed for set operators");
  EXPECT_EQ(
      ErrorOf("1 + x[5m]"),
      "1:5: parse error: binary expression must contain only scalar and instant vector types");
}

TEST(Parser, ResolvesMatchingOfOperands) {
  EXPECT_FALSE(MustParse("1 + x")->As<Binary>()->matching.has_value());
  EXPECT_EQ(MustParse("x and y")->As<Binary>()->matching->card, MatchCard::kManyToMany);
  const ExprPtr grouped = MustParse("x * on(a) group_left(b) y");
  EXPECT_EQ(grouped->As<Binary>()->matching->card, MatchCard::kManyToOne);
  EXPECT_EQ(MustParse("1 + 1")->type, ValueType::kScalar);
  EXPECT_EQ(MustParse("1 + x")->type, ValueType::kVector);
}

TEST(Parser, BoundsDepthAndLength) {
  const std::string open = Repeat("(", 60'000);
  EXPECT_EQ(ErrorOf(open), "1:201: parse error: expression nests deeper than 200 levels");
  EXPECT_TRUE(ParseExpr(Repeat("(", 150) + "1" + Repeat(")", 150)).ok());
  EXPECT_FALSE(ParseExpr(Repeat("-", 60'000) + "x").ok());
  EXPECT_FALSE(ParseExpr("2" + Repeat("^2", 10'000)).ok());
  EXPECT_FALSE(ParseExpr("x[" + Repeat("(", 60'000)).ok());
  EXPECT_FALSE(ParseExpr("x[" + Repeat("-", 60'000)).ok());
  EXPECT_FALSE(ParseExpr("x[1" + Repeat("+1", 30'000) + "]").ok());
  EXPECT_FALSE(ParseExpr("x[" + Repeat("min_of(1,", 5'000)).ok());
  EXPECT_FALSE(ParseExpr("x" + Repeat("[1m:]", 10'000)).ok());
  EXPECT_NE(ErrorOf("x" + Repeat(" or x", 10'000)).find("limit of 1000 operations"),
            std::string::npos);
  EXPECT_TRUE(ParseExpr("x" + Repeat(" or x", 900)).ok());
  EXPECT_EQ(ErrorOf(std::string(100'000, '(')),
            "query of 100000 bytes is longer than the limit of 65536");
}

TEST(Parser, ReadsSelectorsOfMatchParameters) {
  const Result<Matchers> matchers = ParseSelector("foo{a=\"b\",,c=~\"d.*\",}");
  ASSERT_TRUE(matchers.ok()) << matchers.status().message();
  ASSERT_EQ(matchers->size(), 3u);
  EXPECT_EQ((*matchers)[1].ToString(), "c=~\"d.*\"");
  EXPECT_EQ((*matchers)[2], Matcher::Equal("__name__", "foo"));
  EXPECT_TRUE(ParseSelector("{}").ok());
  for (const std::string_view text :
       {"", "foo[5m]", "foo offset 5m", "foo @ 1", "{", "1", "foo{a=\"(\"", "foo{a=~\"(\"}"}) {
    EXPECT_FALSE(ParseSelector(text).ok()) << text;
  }
  EXPECT_FALSE(ParseExpr("foo{a=\"b\",,c=\"d\"}").ok());
}

TEST(FunctionTable, HoldsEveryFunction) {
  EXPECT_EQ(AllFunctions().size(), 95u);
  int experimental = 0;
  int own = 0;
  for (const Function& function : AllFunctions()) {
    EXPECT_EQ(FindFunction(function.name), &function);
    experimental += function.experimental;
    own += function.own;
    EXPECT_EQ(function.own, function.name.starts_with("firn_"));
  }
  EXPECT_EQ(experimental, 17);
  EXPECT_EQ(own, 5);
  EXPECT_FALSE(ParseExpr("firn_forecast(m[1d], 60)").ok());
  EXPECT_TRUE(ParseExpr("firn_forecast(m[1d], 60)", {.forecast_functions = true}).ok());
  EXPECT_EQ(FindFunction("Rate"), nullptr);
  EXPECT_EQ(FindFunction("zzz"), nullptr);
}

// What follows the times of an `eval` line.
std::vector<std::string> ExpressionsOf(const std::filesystem::path& script) {
  static const std::regex kHead(
      R"(^\s*eval\S*\s+(?:instant\s+at\s+\S+|range\s+from\s+\S+\s+to\s+\S+\s+step\s+\S+)\s+(.*?)\s*$)",
      std::regex::icase);
  std::vector<std::string> out;
  std::ifstream file(script);
  std::smatch match;
  for (std::string line; std::getline(file, line);) {
    if (std::regex_match(line, match, kHead)) out.push_back(match[1]);
  }
  return out;
}

TEST(Parser, RoundTripsTheUpstreamScripts) {
  int parsed = 0;
  std::vector<std::string> failed;
  for (const auto& entry : std::filesystem::directory_iterator(FIRN_UPSTREAM_SCRIPTS)) {
    if (entry.path().extension() != ".test") continue;
    for (const std::string& text : ExpressionsOf(entry.path())) {
      const Result<ExprPtr> expr = ParseExpr(text, kEverything);
      if (!expr.ok()) {
        failed.push_back(text + ": " + std::string(expr.status().message()));
        continue;
      }
      ++parsed;
      const std::string printed = PrintExpr(**expr);
      const Result<ExprPtr> again = ParseExpr(printed, kEverything);
      ASSERT_TRUE(again.ok()) << text << " as " << printed << ": " << again.status().message();
      EXPECT_EQ(PrintExpr(**again), printed);
      const Result<ExprPtr> pretty = ParseExpr(PrettyPrintExpr(**expr), kEverything);
      ASSERT_TRUE(pretty.ok()) << text;
      EXPECT_EQ(PrintExpr(**pretty), printed);
    }
  }
  EXPECT_EQ(parsed, 1785);
  for (const std::string& text : failed) ADD_FAILURE() << text;
}

}  // namespace
}  // namespace firn::query
