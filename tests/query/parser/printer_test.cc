// The table of inputs and results is data of Prometheus (Apache License 2.0).
#include "query/parser/parser.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace firn::query {
namespace {

constexpr ParserOptions kEverything{
    .experimental_functions = true, .extended_range_selectors = true, .binop_fill_modifiers = true};

struct Case {
  std::string_view text;
  std::string_view printed;  // Empty: as written.
};

const Case kCases[] = {
    {R"(sum by() (task:errors:rate10s{job="s"}))", R"(sum(task:errors:rate10s{job="s"}))"},
    {R"(sum by(code) (task:errors:rate10s{job="s"}))",
     R"(sum by (code) (task:errors:rate10s{job="s"}))"},
    {R"(sum without() (task:errors:rate10s{job="s"}))",
     R"(sum without () (task:errors:rate10s{job="s"}))"},
    {R"(sum without(instance) (task:errors:rate10s{job="s"}))",
     R"(sum without (instance) (task:errors:rate10s{job="s"}))"},
    {R"(sum by("foo.bar") (task:errors:rate10s{job="s"}))",
     R"(sum by ("foo.bar") (task:errors:rate10s{job="s"}))"},
    {R"(sum without("foo.bar") (task:errors:rate10s{job="s"}))",
     R"(sum without ("foo.bar") (task:errors:rate10s{job="s"}))"},
    {R"(topk(5, task:errors:rate10s{job="s"}))", ""},
    {R"(count_values("value", task:errors:rate10s{job="s"}))", ""},
    {"a - on() c", "a - on () c"},
    {"a - on(b) c", "a - on (b) c"},
    {"a - on(b) group_left(x) c", "a - on (b) group_left (x) c"},
    {"a - on(b) group_left(x, y) c", "a - on (b) group_left (x, y) c"},
    {"a - on(b) group_left c", "a - on (b) group_left () c"},
    {"a - on(b) group_left() (c)", "a - on (b) group_left () (c)"},
    {"a - ignoring(b) c", "a - ignoring (b) c"},
    {"a - ignoring() c", "a - c"},
    {"a - ignoring() group_left(__metric__) c", "a - ignoring () group_left (__metric__) c"},
    {"a - ignoring() group_left c", "a - ignoring () group_left () c"},
    {"a + fill(-23) b", "a + fill (-23) b"},
    {"a + fill_left(-23) b", "a + fill_left (-23) b"},
    {"a + fill_right(42) b", "a + fill_right (42) b"},
    {"a + fill_left(-23) fill_right(42) b", "a + fill_left (-23) fill_right (42) b"},
    {"a + fill_left(5) fill_right(5) b", "a + fill (5) b"},
    {"a + on(b) group_left fill(-23) c", "a + on (b) group_left () fill (-23) c"},
    {"up > bool 0", ""},
    {"a offset 1m", ""},
    {"a offset -7m", ""},
    {R"(a{c="d"}[5m] offset 1m)", ""},
    {"a[5m] offset 1m", ""},
    {"a[12m] offset -3m", ""},
    {"a[1h:5m] offset 1m", ""},
    {"a anchored", ""},
    {"a[5m] anchored", ""},
    {R"(a{b="c"}[5m] anchored)", ""},
    {R"(a{b="c"}[5m] anchored offset 1m)", ""},
    {R"(a{b="c"}[5m] anchored @ start() offset 1m)", ""},
    {"a smoothed", ""},
    {"a[5m] smoothed", ""},
    {R"(a{b="c"}[5m] smoothed)", ""},
    {R"(a{b="c"}[5m] smoothed offset 1m)", ""},
    {R"(a{b="c"}[5m] smoothed @ start() offset 1m)", ""},
    {R"({__name__="a"})", ""},
    {R"(a{b!="c"}[1m])", ""},
    {R"(a{b=~"c"}[1m])", ""},
    {R"(a{b!~"c"}[1m])", ""},
    {"a @ 10", "a @ 10.000"},
    {"a[1m] @ 10", "a[1m] @ 10.000"},
    {"a @ start()", ""},
    {"a @ end()", ""},
    {"a[1m] @ start()", ""},
    {"a[1m] @ end()", ""},
    {R"({__name__="",a="x"})", ""},
    {R"({"a.b"="c"})", ""},
    {R"({"0"="1"})", ""},
    {R"({"_0"="1"})", R"({_0="1"})"},
    {R"({""="0"})", ""},
    {R"({``="0"})", R"({""="0"})"},
    {"1048576", "1048576"},
    {"foo[step()]", ""},
    {"foo[-step()]", ""},
    {"foo[(step())]", ""},
    {"foo[-(step())]", ""},
    {"foo offset step()", ""},
    {"foo offset -step()", ""},
    {"foo offset (step())", ""},
    {"foo offset -(step())", ""},
    {"foo offset +(5)", "foo offset (5)"},
    {"foo offset -(5)", ""},
    {"foo offset (5)", ""},
    {"foo offset (5m)", ""},
    {"foo @ 3 offset 5m + bar", "foo @ 3.000 offset 5m + bar"},
    {"foo offset -+2^5 @ 3 + bar", "foo offset (-2 ^ 5) @ 3.000 + bar"},
    {"foo @ 3 anchored offset (5)", "foo anchored offset (5) @ 3.000"},
    {"foo[5m] @ end() offset (5)", "foo[5m] offset (5) @ end()"},
    {"foo[5m:] @ 3 offset (5)", "foo[5m:] offset (5) @ 3.000"},
    {"foo[(5s)]", ""},
    {"foo[(5m):(1m)]", ""},
    {"foo offset +min_of(10s, 20s)", "foo offset min_of(10s, 20s)"},
    {"foo offset -min_of(10s, 20s)", ""},
    {"foo offset -min_of(10s, +max_of(step() ^ 2, 2))",
     "foo offset -min_of(10s, max_of(step() ^ 2, 2))"},
    {"foo[200-min_of(-step()^+step(),1)]", "foo[200 - min_of(-step() ^ step(), 1)]"},
    {"foo[200 - min_of(step() + 10s, -max_of(step() ^ 2, 3))]", ""},
    {"foo[range()]", ""},
    {"foo[-range()]", ""},
    {"foo offset range()", ""},
    {"foo offset -range()", ""},
    {"foo[max_of(range(), 5s)]", ""},
    {"predict_linear(foo[1h], 3000)", ""},
    {"sum by(\"\303\274\303\274\303\274\") (foo)", "sum by (\"\303\274\303\274\303\274\") (foo)"},
    {"sum without(\"\303\244\303\244\303\244\") (foo)",
     "sum without (\"\303\244\303\244\303\244\") (foo)"},
    {"count by(\"\303\266\303\266\303\266\", job) (foo)",
     "count by (\"\303\266\303\266\303\266\", job) (foo)"},
    {"foo / on(\"\303\244\303\244\303\244\") bar", "foo / on (\"\303\244\303\244\303\244\") bar"},
    {"foo / ignoring(\"\303\274\303\274\303\274\") bar",
     "foo / ignoring (\"\303\274\303\274\303\274\") bar"},
    {"foo / on(\"\303\244\303\244\303\244\") group_left(\"\303\266\303\266\303\266\") bar",
     "foo / on (\"\303\244\303\244\303\244\") group_left (\"\303\266\303\266\303\266\") bar"},
    {"foo / on(\"\303\244\303\244\303\244\") group_right(\"\303\266\303\266\303\266\") bar",
     "foo / on (\"\303\244\303\244\303\244\") group_right (\"\303\266\303\266\303\266\") bar"},
    {"foo / on(legacy, \"\303\274\303\274\303\274\") bar",
     "foo / on (legacy, \"\303\274\303\274\303\274\") bar"},
    {"foo / on(job, instance) bar", "foo / on (job, instance) bar"},
};

TEST(Printer, KeepsInfinityUnderAPower) {
  const Result<ExprPtr> expr = ParseExpr("+Inf ^ x + inf ^ inf + (+Inf)");
  ASSERT_TRUE(expr.ok());
  EXPECT_EQ(PrintExpr(**expr), "+Inf ^ x + Inf ^ +Inf + (+Inf)");
  const std::string wide = "Inf ^ " + std::string(120, 'x');
  EXPECT_EQ(PrettyPrintExpr(**ParseExpr(wide)), "  Inf\n^\n  " + std::string(120, 'x'));
}

TEST(Printer, WritesTheSelectorOfEverything) {
  const Result<ExprPtr> expr = ParseExpr("info(x,{})", kEverything);
  ASSERT_TRUE(expr.ok());
  EXPECT_EQ(PrintExpr(**expr), "info(x, {})");
}

TEST(Printer, WritesTheCanonicalForm) {
  for (const Case& c : kCases) {
    const Result<ExprPtr> expr = ParseExpr(c.text, kEverything);
    ASSERT_TRUE(expr.ok()) << c.text << ": " << expr.status().message();
    EXPECT_EQ(PrintExpr(**expr), c.printed.empty() ? c.text : c.printed);
  }
}

}  // namespace
}  // namespace firn::query
