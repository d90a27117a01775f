#include "tests/engine/tier/tier_fixture.h"

#include <unistd.h>

#include <bit>
#include <chrono>
#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <thread>

namespace firn::engine {
namespace {

class Random {
 public:
  explicit Random(uint32_t seed) : engine_(seed) {}
  int64_t Below(int64_t n) { return static_cast<int64_t>(engine_() % static_cast<uint64_t>(n)); }
  bool OneIn(int64_t n) { return Below(n) == 0; }

 private:
  std::mt19937_64 engine_;
};

// Times of one target's scrapes: jitter of a few ms, now and then some are missing.
std::vector<TimestampMs> Scrapes(Random* random, TimestampMs start, TimestampMs end,
                                 DurationMs interval) {
  std::vector<TimestampMs> out;
  const TimestampMs offset = random->OneIn(3) ? 0 : random->Below(interval);
  int missing = 0;
  for (TimestampMs t = start + offset; t < end - 5; t += interval) {
    if (random->OneIn(700)) missing = static_cast<int>(random->Below(400));
    if (missing > 0 && missing-- > 0) continue;
    if (random->OneIn(50)) continue;
    out.push_back(offset == 0 ? t : t + random->Below(5));
  }
  return out;
}

using Next = std::function<double(Random*, double)>;

MadeSeries Floats(Random* random, const std::vector<TimestampMs>& times,
                  std::vector<LabelView> labels, const Next& next) {
  MadeSeries out{.labels = std::move(labels), .samples = {}, .ht = {}, .h = {}};
  const size_t first = random->OneIn(3) ? static_cast<size_t>(random->Below(2000)) : 0;
  size_t last = times.size();
  if (random->OneIn(3)) last -= std::min(last, static_cast<size_t>(random->Below(2000)));
  double v = 0;
  for (size_t i = first; i < last; ++i) {
    if (random->OneIn(900)) {
      out.samples.push_back({times[i], StaleNan()});
      i += static_cast<size_t>(random->Below(300));
      continue;
    }
    v = next(random, v);
    out.samples.push_back({times[i], v});
  }
  if (last < times.size()) out.samples.push_back({times[last], StaleNan()});
  return out;
}

MadeSeries Histograms(Random* random, const std::vector<TimestampMs>& times,
                      std::vector<LabelView> labels) {
  MadeSeries out{.labels = std::move(labels), .samples = {}, .ht = {}, .h = {}};
  FloatHistogram h;
  h.schema = 1;
  h.positive_spans = {{-1, 3}};
  h.positive_buckets = {0, 0, 0};
  for (const TimestampMs t : times) {
    if (random->OneIn(1500)) {
      h.positive_buckets = {0, 0, 0};
      h.count = h.sum = h.zero_count = 0;
    }
    for (double& bucket : h.positive_buckets) {
      const auto more = static_cast<double>(random->Below(3));
      bucket += more;
      h.count += more;
      h.sum += more;
    }
    out.ht.push_back(t);
    out.h.push_back(std::make_shared<FloatHistogram>(h));
  }
  return out;
}

query::EngineOptions EngineOptionsOfTests() {
  query::EngineOptions options;
  options.parser.experimental_functions = true;
  options.parser.extended_range_selectors = true;
  return options;
}

double RelativeDifference(double a, double b) {
  if (std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b)) return 0;
  if (std::isnan(a) && std::isnan(b)) return 0;
  if (a == b) return 0;
  const double size = std::max(std::fabs(a), std::fabs(b));
  const double difference = std::fabs(a - b) / size;
  return std::isnan(difference) ? std::numeric_limits<double>::infinity() : difference;
}

double RelativeDifference(const FloatHistogram& a, const FloatHistogram& b) {
  if (a.positive_buckets.size() != b.positive_buckets.size() || a.schema != b.schema) {
    return std::numeric_limits<double>::infinity();
  }
  double out = std::max(RelativeDifference(a.count, b.count), RelativeDifference(a.sum, b.sum));
  for (size_t i = 0; i < a.positive_buckets.size(); ++i) {
    out = std::max(out, RelativeDifference(a.positive_buckets[i], b.positive_buckets[i]));
  }
  return out;
}

void Note(double difference, const std::string& where, Difference* out) {
  ++out->points;
  if (difference == 0) return;
  ++out->unequal;
  if (difference <= out->relative) return;
  out->relative = difference;
  out->where = where;
}

void CompareSeries(const query::ResultSeries& a, const query::ResultSeries& b, Difference* out) {
  constexpr double kApart = std::numeric_limits<double>::infinity();
  const std::string name = a.labels.ToString();
  if (a.t != b.t || a.ht != b.ht) {
    size_t i = 0;
    while (i < a.t.size() && i < b.t.size() && a.t[i] == b.t[i]) ++i;
    return Note(kApart,
                fmt::format("{}: {} or {} points, from number {}", name, a.t.size(), b.t.size(), i),
                out);
  }
  for (size_t i = 0; i < a.t.size(); ++i) {
    Note(RelativeDifference(a.v[i], b.v[i]),
         fmt::format("{} at {}: {} or {}", name, a.t[i], a.v[i], b.v[i]), out);
  }
  for (size_t i = 0; i < a.ht.size(); ++i) {
    Note(RelativeDifference(*a.h[i], *b.h[i]),
         fmt::format("{} at {}: histograms of {} or {}", name, a.ht[i], a.h[i]->count,
                     b.h[i]->count),
         out);
  }
}

}  // namespace

std::vector<MadeSeries> MakeSeries(uint32_t seed, TimestampMs start, TimestampMs end,
                                   DurationMs interval) {
  Random random(seed);
  const auto number = [](int64_t n) { return static_cast<double>(n); };
  std::vector<MadeSeries> out;
  for (const std::string_view instance : {"a", "b", "c"}) {
    const auto times = Scrapes(&random, start, end, interval);
    const auto add = [&](std::string_view name, const Next& next) {
      out.push_back(Floats(&random, times, {{"__name__", name}, {"instance", instance}}, next));
    };
    add("requests_total", [&](Random* r, double v) {
      return r->OneIn(800) ? number(r->Below(9)) : v + number(r->Below(9));
    });
    add("seconds_total",
        [&](Random* r, double v) { return r->OneIn(900) ? 0.1 : v + number(r->Below(99)) / 1000; });
    add("idle_total", [](Random*, double) { return 17; });
    add("memory", [&](Random* r, double) { return number(r->Below(1 << 20)) * 4096; });
    add("temperature", [&](Random* r, double) { return number(r->Below(4000) - 1000) / 100; });
    add("noise", [&](Random* r, double) {
      return r->OneIn(60) ? NormalNan() : std::sin(number(r->Below(1000000)));
    });
    for (const std::string_view le : {"0.1", "1", "+Inf"}) {
      out.push_back(Floats(&random, times,
                           {{"__name__", "latency_bucket"}, {"instance", instance}, {"le", le}},
                           [&](Random* r, double v) { return v + number(r->Below(4)); }));
    }
    out.push_back(Histograms(&random, times, {{"__name__", "native"}, {"instance", instance}}));
  }
  return out;
}

TierFixture::TierFixture() : engine_(EngineOptionsOfTests()) {
  dir_ = std::filesystem::temp_directory_path() /
         ("firn_tier_" + std::to_string(getpid()) + "_" +
          testing::UnitTest::GetInstance()->current_test_info()->name());
  std::filesystem::remove_all(dir_);
  options_.path = dir_;
  options_.future_ms = 0;
  options_.background_interval_ms = 0;
  options_.ack_before_fsync = true;
  options_.head_window_ms = 4 * kHourMs;
  options_.tier_lead_ms = options_.retention_ms;  // All tiers are made at once.
}

TierFixture::~TierFixture() {
  db_.reset();
  std::filesystem::remove_all(dir_);
}

void TierFixture::Open() {
  db_.reset();
  auto db = Database::Open(options_);
  ASSERT_TRUE(db.ok()) << db.status().ToString();
  db_ = *std::move(db);
}

void TierFixture::Write(const std::vector<MadeSeries>& series) {
  auto appender = *db_->NewAppender();
  for (const MadeSeries& made : series) {
    const auto ref = appender->Series(made.labels);
    ASSERT_TRUE(ref.ok()) << ref.status().ToString();
    const Status status = appender->Append(*ref, made.samples);
    ASSERT_TRUE(status.ok()) << status.ToString();
    for (size_t i = 0; i < made.ht.size(); ++i) {
      ASSERT_TRUE(appender->AppendHistogram(*ref, made.ht[i], made.h[i]).ok());
    }
  }
  ASSERT_TRUE(appender->Commit().ok());
}

double TierFixture::Metric(const std::string& name) const {
  for (const MetricFigure& m : db_->Metrics()) {
    if (m.name == name) return m.value;
  }
  ADD_FAILURE() << "no metric " << name;
  return 0;
}

void TierFixture::AwaitStoredWindows(double at_most) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (Metric("stored_windows") > at_most && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  ASSERT_LE(Metric("stored_windows"), at_most);
}

query::QueryResult TierFixture::Run(const Query& query) const {
  const auto querier = *db_->NewQuerier();
  query::QueryRequest request;
  request.text = query.text;
  request.start = query.start;
  request.end = query.step == 0 ? query.start : query.end;
  request.step = query.step;
  request.resolution_max = query.resolution_max;
  auto result = engine_.Run(request, *querier, nullptr);
  EXPECT_TRUE(result.ok()) << query.text << ": " << result.status().ToString();
  return result.ok() ? *std::move(result) : query::QueryResult();
}

Difference Compare(const query::QueryResult& a, const query::QueryResult& b) {
  Difference out;
  if (a.matrix.size() != b.matrix.size()) {
    Note(std::numeric_limits<double>::infinity(),
         fmt::format("{} or {} series", a.matrix.size(), b.matrix.size()), &out);
    return out;
  }
  for (size_t i = 0; i < a.matrix.size(); ++i) {
    if (a.matrix[i].labels != b.matrix[i].labels) {
      Note(std::numeric_limits<double>::infinity(), "labels", &out);
      return out;
    }
    CompareSeries(a.matrix[i], b.matrix[i], &out);
  }
  return out;
}

}  // namespace firn::engine
