// The table of inputs and results is data of Prometheus (Apache License 2.0).
#include "query/parser/parser.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "query/parser/print_parts.h"

namespace firn::query {
namespace {

constexpr ParserOptions kEverything{
    .experimental_functions = true, .extended_range_selectors = true, .binop_fill_modifiers = true};

struct Case {
  std::string_view text;
  std::string_view printed;
};

// For a page of 10 columns.
const Case kCases[] = {
    {R"--(sum(foo))--", R"--(sum(foo))--"},
    {R"--(sum by() (task:errors:rate10s{job="s"}))--", R"--(sum(
  task:errors:rate10s{job="s"}
))--"},
    {R"--(sum without(job,foo) (task:errors:rate10s{job="s"}))--", R"--(sum without (job, foo) (
  task:errors:rate10s{job="s"}
))--"},
    {R"--(sum(task:errors:rate10s{job="s"}) without(job,foo))--", R"--(sum without (job, foo) (
  task:errors:rate10s{job="s"}
))--"},
    {R"--(sum by(job,foo) (task:errors:rate10s{job="s"}))--", R"--(sum by (job, foo) (
  task:errors:rate10s{job="s"}
))--"},
    {R"--(sum (task:errors:rate10s{job="s"}) by(job,foo))--", R"--(sum by (job, foo) (
  task:errors:rate10s{job="s"}
))--"},
    {R"--(topk(10, ask:errors:rate10s{job="s"}))--", R"--(topk(
  10,
  ask:errors:rate10s{job="s"}
))--"},
    {R"--(sum by(job,foo) (sum by(job,foo) (task:errors:rate10s{job="s"})))--",
     R"--(sum by (job, foo) (
  sum by (job, foo) (
    task:errors:rate10s{job="s"}
  )
))--"},
    {R"--(sum by(job,foo) (sum by(job,foo) (sum by(job,foo) (task:errors:rate10s{job="s"}))))--",
     R"--(sum by (job, foo) (
  sum by (job, foo) (
    sum by (job, foo) (
      task:errors:rate10s{job="s"}
    )
  )
))--"},
    {R"--(sum by(job,foo)
(sum by(job,foo) (task:errors:rate10s{job="s"})))--",
     R"--(sum by (job, foo) (
  sum by (job, foo) (
    task:errors:rate10s{job="s"}
  )
))--"},
    {R"--(sum by(job,foo)
(sum(task:errors:rate10s{job="s"}) without(job,foo)))--",
     R"--(sum by (job, foo) (
  sum without (job, foo) (
    task:errors:rate10s{job="s"}
  )
))--"},
    {R"--(sum by(job,foo) # Comment 1.
(sum by(job,foo) ( # Comment 2.
task:errors:rate10s{job="s"})))--",
     R"--(sum by (job, foo) (
  sum by (job, foo) (
    task:errors:rate10s{job="s"}
  )
))--"},
    {R"--(a+b)--", R"--(a + b)--"},
    {R"--(a == bool 1)--", R"--(  a
== bool
  1)--"},
    {R"--(a + ignoring(job) b)--", R"--(  a
+ ignoring (job)
  b)--"},
    {R"--(foo_1 + foo_2)--", R"--(  foo_1
+
  foo_2)--"},
    {R"--(foo_1 + foo_2 + foo_3)--", R"--(    foo_1
  +
    foo_2
+
  foo_3)--"},
    {R"--(foo + baar + foo_3)--", R"--(  foo + baar
+
  foo_3)--"},
    {R"--(foo_1 + foo_2 + foo_3 + foo_4)--", R"--(      foo_1
    +
      foo_2
  +
    foo_3
+
  foo_4)--"},
    {R"--(foo_1 + ignoring(foo) foo_2 + ignoring(job) group_left foo_3 + on(instance) group_right foo_4)--",
     R"--(      foo_1
    + ignoring (foo)
      foo_2
  + ignoring (job) group_left ()
    foo_3
+ on (instance) group_right ()
  foo_4)--"},
    {R"--(rate(foo[1m]))--", R"--(rate(
  foo[1m]
))--"},
    {R"--(sum_over_time(foo[1m]))--", R"--(sum_over_time(
  foo[1m]
))--"},
    {R"--(rate(long_vector_selector[10m:1m] @ start() offset 1m))--", R"--(rate(
  long_vector_selector[10m:1m] @ start() offset 1m
))--"},
    {R"--(histogram_quantile(0.9, rate(foo[1m])))--", R"--(histogram_quantile(
  0.9,
  rate(
    foo[1m]
  )
))--"},
    {R"--(max_over_time(rate(demo_api_request_duration_seconds_count[1m])[1m:] @ start() offset 1m))--",
     R"--(max_over_time(
  rate(
    demo_api_request_duration_seconds_count[1m]
  )[1m:] @ start() offset 1m
))--"},
    {R"--(label_replace(up{job="api-server",service="a:c"}, "foo", "$1", "service", "(.*):.*"))--",
     R"--(label_replace(
  up{job="api-server",service="a:c"},
  "foo",
  "$1",
  "service",
  "(.*):.*"
))--"},
    {R"--(label_replace(label_replace(up{job="api-server",service="a:c"}, "foo", "$1", "service", "(.*):.*"), "foo", "$1", "service", "(.*):.*"))--",
     R"--(label_replace(
  label_replace(
    up{job="api-server",service="a:c"},
    "foo",
    "$1",
    "service",
    "(.*):.*"
  ),
  "foo",
  "$1",
  "service",
  "(.*):.*"
))--"},
    {R"--((foo))--", R"--((foo))--"},
    {R"--((_foo_long_))--", R"--((
  _foo_long_
))--"},
    {R"--(((foo_long)))--", R"--((
  (foo_long)
))--"},
    {R"--(((_foo_long_)))--", R"--((
  (
    _foo_long_
  )
))--"},
    {R"--((((foo_long))))--", R"--((
  (
    (foo_long)
  )
))--"},
    {R"--(a @ 1)--", R"--(a @ 1.000)--"},
    {R"--(a @ start())--", R"--(a @ start())--"},
    {R"--(vector_selector @ start())--", R"--(vector_selector @ start())--"},
    {R"--((1 + 2))--", R"--((1 + 2))--"},
    {R"--((foo + bar))--", R"--((
  foo + bar
))--"},
    {R"--((foo_long + bar_long))--", R"--((
    foo_long
  +
    bar_long
))--"},
    {R"--((foo_long + bar_long + bar_2_long))--", R"--((
      foo_long
    +
      bar_long
  +
    bar_2_long
))--"},
    {R"--(((foo_long + bar_long) + bar_2_long))--", R"--((
    (
        foo_long
      +
        bar_long
    )
  +
    bar_2_long
))--"},
    {R"--((1111 + 2222))--", R"--((
    1111
  +
    2222
))--"},
    {R"--((sum_over_time(foo[1m])))--", R"--((
  sum_over_time(
    foo[1m]
  )
))--"},
    {R"--(histogram_quantile(0.9, rate(foo[1m] @ start())))--", R"--(histogram_quantile(
  0.9,
  rate(
    foo[1m] @ start()
  )
))--"},
    {R"--((label_replace(up{job="api-server",service="a:c"}, "foo", "$1", "service", "(.*):.*")))--",
     R"--((
  label_replace(
    up{job="api-server",service="a:c"},
    "foo",
    "$1",
    "service",
    "(.*):.*"
  )
))--"},
    {R"--((label_replace(label_replace(up{job="api-server",service="a:c"}, "foo", "$1", "service", "(.*):.*"), "foo", "$1", "service", "(.*):.*")))--",
     R"--((
  label_replace(
    label_replace(
      up{job="api-server",service="a:c"},
      "foo",
      "$1",
      "service",
      "(.*):.*"
    ),
    "foo",
    "$1",
    "service",
    "(.*):.*"
  )
))--"},
    {R"--((label_replace(label_replace((up{job="api-server",service="a:c"}), "foo", "$1", "service", "(.*):.*"), "foo", "$1", "service", "(.*):.*")))--",
     R"--((
  label_replace(
    label_replace(
      (
        up{job="api-server",service="a:c"}
      ),
      "foo",
      "$1",
      "service",
      "(.*):.*"
    ),
    "foo",
    "$1",
    "service",
    "(.*):.*"
  )
))--"},
    {R"--((node_filesystem_avail_bytes{job="node",fstype!=""} / node_filesystem_size_bytes{job="node",fstype!=""} * 100 < 40 and predict_linear(node_filesystem_avail_bytes{job="node",fstype!=""}[6h], 24*60*60) < 0 and node_filesystem_readonly{job="node",fstype!=""} == 0))--",
     R"--((
            node_filesystem_avail_bytes{fstype!="",job="node"}
          /
            node_filesystem_size_bytes{fstype!="",job="node"}
        *
          100
      <
        40
    and
        predict_linear(
          node_filesystem_avail_bytes{fstype!="",job="node"}[6h],
            24 * 60
          *
            60
        )
      <
        0
  and
      node_filesystem_readonly{fstype!="",job="node"}
    ==
      0
))--"},
    {R"--((node_filesystem_avail_bytes{job="node",fstype!=""} / node_filesystem_size_bytes{job="node",fstype!=""} * 100 < 20 and predict_linear(node_filesystem_avail_bytes{job="node",fstype!=""}[6h], 4*60*60) < 0 and node_filesystem_readonly{job="node",fstype!=""} == 0))--",
     R"--((
            node_filesystem_avail_bytes{fstype!="",job="node"}
          /
            node_filesystem_size_bytes{fstype!="",job="node"}
        *
          100
      <
        20
    and
        predict_linear(
          node_filesystem_avail_bytes{fstype!="",job="node"}[6h],
            4 * 60
          *
            60
        )
      <
        0
  and
      node_filesystem_readonly{fstype!="",job="node"}
    ==
      0
))--"},
    {R"--((node_timex_offset_seconds > 0.05 and deriv(node_timex_offset_seconds[5m]) >= 0) or (node_timex_offset_seconds < -0.05 and deriv(node_timex_offset_seconds[5m]) <= 0))--",
     R"--(  (
        node_timex_offset_seconds
      >
        0.05
    and
        deriv(
          node_timex_offset_seconds[5m]
        )
      >=
        0
  )
or
  (
        node_timex_offset_seconds
      <
        -0.05
    and
        deriv(
          node_timex_offset_seconds[5m]
        )
      <=
        0
  ))--"},
    {R"--(1 - ((node_memory_MemAvailable_bytes{job="node"} or (node_memory_Buffers_bytes{job="node"} + node_memory_Cached_bytes{job="node"} + node_memory_MemFree_bytes{job="node"} + node_memory_Slab_bytes{job="node"}) ) / node_memory_MemTotal_bytes{job="node"}))--",
     R"--(  1
-
  (
      (
          node_memory_MemAvailable_bytes{job="node"}
        or
          (
                  node_memory_Buffers_bytes{job="node"}
                +
                  node_memory_Cached_bytes{job="node"}
              +
                node_memory_MemFree_bytes{job="node"}
            +
              node_memory_Slab_bytes{job="node"}
          )
      )
    /
      node_memory_MemTotal_bytes{job="node"}
  ))--"},
    {R"--(min by (job, integration) (rate(alertmanager_notifications_failed_total{job="alertmanager", integration=~".*"}[5m]) / rate(alertmanager_notifications_total{job="alertmanager", integration="~.*"}[5m])) > 0.01)--",
     R"--(  min by (job, integration) (
      rate(
        alertmanager_notifications_failed_total{integration=~".*",job="alertmanager"}[5m]
      )
    /
      rate(
        alertmanager_notifications_total{integration="~.*",job="alertmanager"}[5m]
      )
  )
>
  0.01)--"},
    {R"--((count by (job) (changes(process_start_time_seconds{job="alertmanager"}[10m]) > 4) / count by (job) (up{job="alertmanager"})) >= 0.5)--",
     R"--(  (
      count by (job) (
          changes(
            process_start_time_seconds{job="alertmanager"}[10m]
          )
        >
          4
      )
    /
      count by (job) (
        up{job="alertmanager"}
      )
  )
>=
  0.5)--"},
    {R"--(-1)--", R"--(-1)--"},
    {R"--(-vector_selector)--", R"--(-vector_selector)--"},
    {R"--((-vector_selector))--", R"--((
  -vector_selector
))--"},
    {R"--(-histogram_quantile(0.9,rate(foo[1m])))--", R"--(-histogram_quantile(
  0.9,
  rate(
    foo[1m]
  )
))--"},
    {R"--(-histogram_quantile(0.99, sum by (le) (rate(foo[1m]))))--", R"--(-histogram_quantile(
  0.99,
  sum by (le) (
    rate(
      foo[1m]
    )
  )
))--"},
    {R"--(-histogram_quantile(0.9, -rate(foo[1m] @ start())))--", R"--(-histogram_quantile(
  0.9,
  -rate(
    foo[1m] @ start()
  )
))--"},
    {R"--((-histogram_quantile(0.9, -rate(foo[1m] @ start()))))--", R"--((
  -histogram_quantile(
    0.9,
    -rate(
      foo[1m] @ start()
    )
  )
))--"},
    {R"--(rate(foo[2*1h]))--", R"--(rate(
  foo[2 * 1h]
))--"},
    {R"--(rate(foo[2*1h]))--", R"--(rate(
  foo[2 * 1h]
))--"},
    {R"--(rate(foo[-5m+35m]))--", R"--(rate(
  foo[-5m + 35m]
))--"},
};

TEST(PrettyPrinter, BreaksWhatIsTooWide) {
  for (const Case& c : kCases) {
    const Result<ExprPtr> expr = ParseExpr(c.text, kEverything);
    ASSERT_TRUE(expr.ok()) << c.text << ": " << expr.status().message();
    EXPECT_EQ(PrettyPrintExpr(**expr, 10), c.printed);
  }
}

TEST(PrettyPrinter, KeepsALineOfAHundredColumns) {
  const std::string line = "rate(" + std::string(90, 'm') + "[1m])";
  ASSERT_EQ(line.size(), 100u);
  const Result<ExprPtr> fits = ParseExpr(line);
  ASSERT_TRUE(fits.ok());
  EXPECT_EQ(PrettyPrintExpr(**fits), line);
  const Result<ExprPtr> too_wide = ParseExpr("rate(" + std::string(91, 'm') + "[1m])");
  ASSERT_TRUE(too_wide.ok());
  EXPECT_EQ(PrettyPrintExpr(**too_wide), "rate(\n  " + std::string(91, 'm') + "[1m]\n)");
}

}  // namespace
}  // namespace firn::query
