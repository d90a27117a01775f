#include "tests/support/query_invariants.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>

#include <fmt/core.h>

#include "base/sample.h"
#include "query/exec/query_engine.h"

namespace firn::testing {
namespace {

using query::QueryRequest;
using query::QueryResult;

constexpr DurationMs kInterval = 15 * kSecondMs;
constexpr TimestampMs kStart = 10 * kMinuteMs;
constexpr DurationMs kStep = 97 * kSecondMs;
constexpr int kSteps = 12;

Labels Make(const char* name, int instance, const char* le = "") {
  return Labels::FromPairs({{"__name__", name},
                            {"job", instance % 2 == 0 ? "a" : "b"},
                            {"instance", std::to_string(instance)},
                            {"le", le}});
}

double Odd(std::mt19937_64* rng, double otherwise) {
  switch ((*rng)() % 60) {
    case 0:
      return StaleNan();
    case 1:
      return std::nan("");
    case 2:
      return std::numeric_limits<double>::infinity();
    default:
      return otherwise;
  }
}

StoredSeries MakeFloats(std::mt19937_64* rng, Labels labels, bool counter) {
  StoredSeries out;
  out.labels = std::move(labels);
  double v = 0;
  for (TimestampMs t = 0; t < kHourMs; t += kInterval) {
    if ((*rng)() % 30 == 0) t += static_cast<DurationMs>((*rng)() % 20) * kInterval;
    const auto more = static_cast<double>((*rng)() % 100);
    v = counter ? ((*rng)() % 40 == 0 ? more : v + more) : more / 7 - 5;
    out.samples.t.push_back(t);
    out.samples.v.push_back(counter ? v : Odd(rng, v));
  }
  return out;
}

StoredSeries MakeNative(std::mt19937_64* rng, Labels labels) {
  StoredSeries out;
  out.labels = std::move(labels);
  FloatHistogram h;
  h.schema = 1;
  h.positive_spans = {{0, 2}, {1, 1}};
  h.positive_buckets = {0, 0, 0};
  for (TimestampMs t = 0; t < kHourMs; t += kInterval) {
    if ((*rng)() % 30 == 0) t += static_cast<DurationMs>((*rng)() % 20) * kInterval;
    for (double& bucket : h.positive_buckets) {
      const auto more = static_cast<double>((*rng)() % 5);
      bucket += more;
      h.count += more;
      h.sum += more * 1.5;
    }
    out.samples.ht.push_back(t);
    out.samples.h.push_back(std::make_shared<const FloatHistogram>(h));
  }
  return out;
}

// By labels; a histogram stands for its count.
using Points = std::map<std::string, double>;

Points PointsAt(const QueryResult& result, TimestampMs t) {
  Points out;
  if (result.type == query::ValueType::kScalar) out["{}"] = result.scalar;
  for (const auto& sample : result.vector) {
    out[sample.labels.ToString()] = sample.h ? sample.h->count : sample.v;
  }
  for (const auto& series : result.matrix) {
    for (size_t i = 0; i < series.t.size(); ++i) {
      if (series.t[i] == t) out[series.labels.ToString()] = series.v[i];
    }
    for (size_t i = 0; i < series.ht.size(); ++i) {
      if (series.ht[i] == t) out[series.labels.ToString()] = series.h[i]->count;
    }
  }
  return out;
}

std::string Text(const Points& points) {
  std::string out;
  for (const auto& [labels, value] : points) out += fmt::format(" {} {}", labels, value);
  return out;
}

// Up to what the order of additions changes.
bool Near(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return a == b || std::fabs(a - b) <= 1e-9 * std::max({std::fabs(a), std::fabs(b), 1.0});
}

bool Near(const Points& a, const Points& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.first == y.first && Near(x.second, y.second);
  });
}

size_t Count(const std::string& text, std::initializer_list<const char*> words) {
  size_t count = 0;
  for (const char* word : words) {
    for (size_t at = text.find(word); at != text.npos; at = text.find(word, at + 1)) ++count;
  }
  return count;
}

// Whether ranking has to choose among equal values whose order another part of the query makes,
// or sums add in such an order. Words that only contain these are taken for them.
bool DependsOnOrder(const std::string& text) {
  const size_t ranks = Count(text, {"topk", "bottomk", "limitk", "limit_ratio"});
  const size_t sorts = Count(text, {"sort"});
  const size_t groups =
      Count(text, {"sum", "avg", "min", "max", "count", "group", "stddev", "stdvar", "quantile"});
  return ranks + sorts + groups > 1 && ranks + sorts > 0;
}

}  // namespace

MemoryStore MakeQueryStore() {
  std::mt19937_64 rng(5);
  MemoryStore store;
  std::vector<StoredSeries> all;
  for (int i = 0; i < 4; ++i) {
    all.push_back(MakeFloats(&rng, Make("requests_total", i), true));
    all.push_back(MakeFloats(&rng, Make("load", i), false));
    all.push_back(MakeNative(&rng, Make("native", i)));
    for (const char* le : {"0.1", "1", "+Inf"}) {
      all.push_back(MakeFloats(&rng, Make("latency_bucket", i, le), true));
    }
  }
  store.Add(all);
  return store;
}

std::string CheckQuery(const MemoryStore& store, const std::string& text, bool* evaluated) {
  query::EngineOptions options;
  options.parser = {.experimental_functions = true,
                    .extended_range_selectors = true,
                    .binop_fill_modifiers = true};
  options.samples_max = 1'000'000;
  options.timeout = 10 * kSecondMs;
  const query::QueryEngine engine(options);
  const auto querier = store.NewQuerier();
  const auto run = [&](TimestampMs start, TimestampMs end, DurationMs step) {
    QueryRequest request;
    request.text = text;
    request.start = start;
    request.end = end;
    request.step = step;
    return engine.Run(request, **querier, nullptr);
  };
  *evaluated = false;
  const TimestampMs end = kStart + kSteps * kStep;
  const auto range = run(kStart, end, kStep);
  if (!range.ok()) {
    return range.status().code() == StatusCode::kInternal ? range.status().ToString() : "";
  }
  *evaluated = true;
  if (DependsOnOrder(text)) return "";
  for (TimestampMs t = kStart; t <= end; t += kStep) {
    const auto instant = run(t, t, 0);
    if (!instant.ok()) return fmt::format("fails at {}: {}", t, instant.status().ToString());
    const Points a = PointsAt(*range, t);
    const Points b = PointsAt(*instant, t);
    if (!Near(a, b)) return fmt::format("at {}:{} but alone{}", t, Text(a), Text(b));
  }
  return "";
}

}  // namespace firn::testing
