#include "tests/engine/integrity/integrity_fixture.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <random>

#include "engine/db/integrity/verify.h"
#include "storage/encoding/histogram_codec.h"
#include "tests/support/copy_at_rest.h"

namespace firn::engine {
namespace {

namespace fs = std::filesystem;

constexpr int kMetrics = 5;
// A window fills more than one block of its table, so that damage can hit a part of it.
constexpr int kSeriesPerMetric = 24;
constexpr DurationMs kInterval = 5000;

HistogramPtr MakeHistogram(TimestampMs t) {
  FloatHistogram h;
  h.schema = 2;
  h.zero_threshold = 0.25;
  h.zero_count = static_cast<double>(t / 1000 % 100'000);
  h.count = h.zero_count;
  h.sum = h.count / 3;
  return std::make_shared<const FloatHistogram>(h);
}

double ValueAt(int metric, int series, TimestampMs t) {
  const auto x = static_cast<double>(t / 1000 % 100'000);
  if (metric == 0) return std::floor(x / (1 + series));  // A counter.
  if (metric == 1) return std::sin(x / (3.0 + series));  // Noise to the codec.
  if (metric == 2) return std::round(x * (series + 1)) / 10;
  return static_cast<double>(series);
}

std::string Bytes(double v) { return {reinterpret_cast<const char*>(&v), sizeof(v)}; }

Result<std::map<std::string, Answer>> Collect(const Querier& querier, const SelectHints& hints) {
  const TimeRange all{hints.start, hints.end};
  FIRN_ASSIGN_OR_RETURN(const auto set, querier.Select(all, {}, hints));
  std::map<std::string, Answer> out;
  SampleColumns columns;
  for (size_t i = 0; i < set->size(); ++i) {
    FIRN_RETURN_IF_ERROR(set->Read(i, all, &columns));
    Answer answer;
    for (size_t k = 0; k < columns.t.size(); ++k) {
      answer.samples[columns.t[k]] = Bytes(columns.v[k]);
    }
    for (size_t k = 0; k < columns.ht.size(); ++k) {
      std::string& bytes = answer.samples[columns.ht[k]];
      storage::EncodeHistograms({&columns.h[k], 1}, &bytes);
    }
    if (!answer.samples.empty()) out[set->labels(i).ToString()] = std::move(answer);
  }
  return out;
}

// The maximum of each bucket, whatever samples stand for it.
Result<std::map<std::string, Answer>> CollectMaxima(const Querier& querier,
                                                    const SelectHints& hints) {
  const TimeRange all{hints.start, hints.end};
  FIRN_ASSIGN_OR_RETURN(const auto set, querier.Select(all, {}, hints));
  std::map<std::string, Answer> out;
  SampleColumns columns;
  for (size_t i = 0; i < set->size(); ++i) {
    FIRN_RETURN_IF_ERROR(set->Read(i, all, &columns));
    std::map<TimestampMs, double> maxima;
    for (size_t k = 0; k < columns.t.size(); ++k) {
      const TimestampMs end = FloorTo(columns.t[k] - 1, hints.range) + hints.range;
      const auto [it, is_new] = maxima.emplace(end, columns.v[k]);
      if (!is_new) it->second = std::max(it->second, columns.v[k]);
    }
    Answer answer;
    for (const auto& [end, maximum] : maxima) answer.samples[end] = Bytes(maximum);
    if (!answer.samples.empty()) out[set->labels(i).ToString()] = std::move(answer);
  }
  return out;
}

}  // namespace

IntegrityFixture::IntegrityFixture() {
  const fs::path base = fs::exists("/dev/shm") ? "/dev/shm" : fs::temp_directory_path();
  std::string name = (base / "firn_integrity_XXXXXX").string();
  FIRN_CHECK(mkdtemp(name.data()) != nullptr);
  root_ = name;
  pristine_ = root_ / "pristine";
  damaged_ = root_ / "damaged";
  options_.background_interval_ms = 0;
  options_.head_window_ms = 2 * kMinuteMs;
  options_.out_of_order_ms = 0;
  options_.future_ms = 0;
  options_.backfill = true;
  options_.merge_widths_ms = {10 * kMinuteMs};
  options_.tier_window_ms = 20 * kMinuteMs;
  options_.tiers = {{30 * kSecondMs, 0}, {5 * kMinuteMs, 0}};
  options_.retention_ms = 25 * kMinuteMs;
  options_.tier_lead_ms = kLongRetention;  // All tiers are made at once.
}

IntegrityFixture::~IntegrityFixture() { fs::remove_all(root_); }

void IntegrityFixture::Write(Database* db, TimestampMs from, TimestampMs until) {
  for (TimestampMs t = from; t < until; t += kInterval) {
    auto appender = *db->NewAppender();
    for (int m = 0; m < kMetrics; ++m) {
      for (int s = 0; s < kSeriesPerMetric; ++s) {
        const std::string metric = "metric_" + std::to_string(m);
        const std::string instance = "host" + std::to_string(s);
        const std::vector<LabelView> labels = {{"__name__", metric}, {"instance", instance}};
        const SeriesRef ref = *appender->Series(labels);
        if (m == kMetrics - 1) {
          ASSERT_TRUE(appender->AppendHistogram(ref, t, MakeHistogram(t + s)).ok());
        } else {
          const Sample sample{t, ValueAt(m, s, t)};
          ASSERT_TRUE(appender->Append(ref, {&sample, 1}).ok());
        }
      }
    }
    ASSERT_TRUE(appender->Commit().ok());
  }
}

void IntegrityFixture::MakeStore() {
  DatabaseOptions options = options_;
  options.path = root_ / "live";
  auto opened = Database::Open(options);
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  const std::unique_ptr<Database> db = *std::move(opened);
  const std::vector<MetadataEntry> metadata = {{"metric_0", "counter", "Counts.", ""}};
  ASSERT_TRUE(db->PutMetadata(metadata).ok());
  for (int round = 0; round < 5; ++round) {
    const DurationMs part = kLength / 5;
    Write(db.get(), kStart + round * part, kStart + (round + 1) * part);
    ASSERT_TRUE(db->Compact(false).ok());
    if (round == 3) {
      ASSERT_TRUE(db->DeleteSeries({{Matcher::Equal("instance", "host3")}},
                                   {kStart + 40 * kMinuteMs, kStart + 42 * kMinuteMs})
                      .ok());
    }
  }
  std::vector<NewExemplar> exemplars;
  for (int i = 0; i < 20; ++i) {
    exemplars.push_back({Labels::FromPairs({{"__name__", "metric_0"}, {"i", std::to_string(i)}}),
                         {Labels::FromPairs({{"trace", "x"}}), kStart + i, 1.0}});
  }
  ASSERT_TRUE(db->AppendExemplars(exemplars).ok());
  // A sync of the log and a guard that knows of it, without a clean end.
  ASSERT_TRUE(db->Compact(false).ok());
  ASSERT_TRUE(CopyAtRest(options.path, pristine_, [] {}));
}

void IntegrityFixture::Restore() {
  fs::remove_all(damaged_);
  fs::copy(pristine_, damaged_, fs::copy_options::recursive);
}

Result<std::unique_ptr<Database>> IntegrityFixture::TryOpen(const fs::path& path) const {
  DatabaseOptions options = options_;
  options.path = path;
  return Database::Open(options);
}

Result<Answers> IntegrityFixture::Ask(const Database& db) {
  Answers answers;
  FIRN_ASSIGN_OR_RETURN(const auto querier, db.NewQuerier());
  SelectHints hints;
  hints.start = kStart;
  hints.end = kStart + kLength;
  hints.resolution_max = 0;
  FIRN_ASSIGN_OR_RETURN(answers.raw, Collect(*querier, hints));
  hints.resolution_max = 5 * kMinuteMs;
  hints.function = "max_over_time";
  hints.range = hints.step = hints.window_step = 5 * kMinuteMs;
  hints.window_end = kStart + 5 * kMinuteMs;
  FIRN_ASSIGN_OR_RETURN(answers.tier, CollectMaxima(*querier, hints));
  for (const SeriesExemplars& series : db.SelectExemplars({}, {{}})) {
    std::string& text = answers.exemplars[series.series.ToString()];
    for (const Exemplar& exemplar : series.exemplars) {
      text += exemplar.labels.ToString() + std::to_string(exemplar.t) + Bytes(exemplar.v);
    }
  }
  return answers;
}

Result<Answers> IntegrityFixture::Ask(const fs::path& path) const {
  FIRN_ASSIGN_OR_RETURN(const auto db, TryOpen(path));
  return Ask(*db);
}

std::vector<std::string> IntegrityFixture::DataFiles(std::string_view part) const {
  std::vector<std::string> names;
  for (const auto& file : fs::directory_iterator(pristine_)) {
    const std::string name = file.path().filename().string();
    if (file.is_regular_file() && name.find(part) != std::string::npos && file.file_size() > 0) {
      names.push_back(name);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

void IntegrityFixture::FlipBit(const fs::path& path, uint64_t bit) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekg(static_cast<std::streamoff>(bit / 8));
  const int byte = file.get();
  file.seekp(static_cast<std::streamoff>(bit / 8));
  file.put(static_cast<char>(byte ^ (1 << bit % 8)));
}

WindowHealth IntegrityFixture::FlipUntil(const std::vector<std::string>& names, uint64_t seed,
                                         const WindowPredicate& wanted) {
  std::mt19937_64 random(seed);
  for (int i = 0; i < 400; ++i) {
    const std::string& name = names[random() % names.size()];
    Restore();
    FlipBit(damaged_ / name, random() % (8 * fs::file_size(pristine_ / name)));
    const auto health = VerifyStore({.path = damaged_.string()});
    if (!health.ok()) continue;
    for (const WindowHealth& window : health->windows) {
      if (wanted(window)) return window;
    }
  }
  ADD_FAILURE() << "no flip brought the damage that is wanted";
  return {};
}

std::map<std::string, std::string> IntegrityFixture::Contents(const fs::path& path) {
  return FilesBelow(path);
}

}  // namespace firn::engine
