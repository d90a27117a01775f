// What recorded exporters take on disk, page kind by page kind, and what sealing, merging and
// downsampling them costs: a day of scrapes goes through a database of its own, all in this
// process and without HTTP.
#include <stdlib.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <spdlog/spdlog.h>
#include <CLI/CLI.hpp>

#include "base/check.h"
#include "base/duration.h"
#include "bench/footprint/codec_figures.h"
#include "bench/footprint/page_bytes.h"
#include "bench/load/fleet.h"
#include "bench/query/figures.h"
#include "engine/db/database.h"

namespace firn::bench {
namespace {

constexpr DurationMs kInterval = 15 * kSecondMs;
constexpr DurationMs kHeadWindow = 30 * kMinuteMs;
constexpr TimestampMs kStart = 1'700'000'000'000 / kDayMs * kDayMs;

struct Options {
  std::string capture;
  uint32_t targets = 5;
  uint32_t hours = 24;
  uint32_t jitter_ms = 40;
  std::string tiers = "1m,1h";
  bool keep = false;
  bool codec = false;
};

// CPU seconds of the process by what it did.
struct Costs {
  double append = 0;
  double seal = 0;
  double merge = 0;
  double tiers = 0;
};

// One scraped target: its labels, and what it was late by at each scrape.
class Scraped {
 public:
  Scraped(const Fleet& fleet, uint32_t number, uint32_t jitter_ms)
      : target_(fleet.Make(number)),
        labels_(target_->Labels()),
        random_(number + 1),
        phase_(static_cast<TimestampMs>(random_.Below(kInterval))),
        jitter_ms_(jitter_ms) {}

  size_t size() const { return labels_.size(); }

  // Scrapes between two times, in one batch.
  void Append(engine::Database* database, TimestampMs begin, TimestampMs end) {
    auto appender = database->NewAppender();
    FIRN_CHECK(appender.ok());
    std::vector<std::vector<Sample>> columns(labels_.size());
    std::vector<double> values;
    for (TimestampMs scrape = begin; scrape < end; scrape += kInterval) {
      TimestampMs t = scrape + phase_;
      // As the load generator does it: few scrapes are late, and those by little.
      if (jitter_ms_ > 0 && random_.Below(100) < 3) {
        t += static_cast<TimestampMs>(random_.Below(jitter_ms_) + 1);
      }
      target_->Scrape(&values);
      for (size_t i = 0; i < values.size(); ++i) columns[i].push_back({t, values[i]});
    }
    std::vector<LabelView> views;
    for (size_t i = 0; i < labels_.size(); ++i) {
      views.clear();
      for (const auto& [name, value] : labels_[i]) views.push_back({name, value});
      const auto series = (*appender)->Series(views);
      FIRN_CHECK(series.ok());
      FIRN_CHECK((*appender)->Append(*series, columns[i]).ok());
    }
    FIRN_CHECK((*appender)->Commit().ok());
  }

 private:
  std::unique_ptr<Target> target_;
  std::vector<LabelPairs> labels_;
  Random random_;
  TimestampMs phase_;
  uint32_t jitter_ms_;
};

std::vector<engine::TierOptions> ParseTiers(const std::string& text) {
  std::vector<engine::TierOptions> tiers;
  for (const std::string& part : CLI::detail::split(text, ',')) {
    const auto resolution = ParseDuration(part);
    FIRN_CHECK(resolution.ok());
    tiers.push_back({*resolution, 0});
  }
  return tiers;
}

std::unique_ptr<engine::Database> Open(const engine::DatabaseOptions& options) {
  auto database = engine::Database::Open(options);
  FIRN_CHECK(database.ok());
  return *std::move(database);
}

double CpuOf(const std::function<Status()>& work) {
  const double begin = ProcessCpuSeconds();
  FIRN_CHECK(work().ok());
  return ProcessCpuSeconds() - begin;
}

// The same work as a running server does, but one kind after the other.
Costs Fill(const Options& options, const Fleet& fleet, const engine::DatabaseOptions& all) {
  std::vector<Scraped> targets;
  for (uint32_t i = 0; i < options.targets; ++i) targets.emplace_back(fleet, i, options.jitter_ms);
  Costs costs;
  engine::DatabaseOptions seals = all;
  seals.tiers.clear();
  seals.merge_widths_ms.clear();
  auto database = Open(seals);
  const TimestampMs end = kStart + static_cast<DurationMs>(options.hours) * kHourMs;
  for (TimestampMs window = kStart; window < end; window += kHeadWindow) {
    costs.append += CpuOf([&] {
      for (Scraped& target : targets) target.Append(database.get(), window, window + kHeadWindow);
      return OkStatus();
    });
    costs.seal += CpuOf([&] { return database->Seal(); });
  }
  database.reset();
  engine::DatabaseOptions merges = all;
  merges.tiers.clear();
  database = Open(merges);
  costs.merge = CpuOf([&] { return database->Compact(true); });
  database.reset();
  database = Open(all);
  costs.tiers = CpuOf([&] { return database->Compact(true); });
  FIRN_CHECK(database->Close().ok());
  return costs;
}

int Run(const Options& options) {
  auto fleet = MakeCaptureFleet(options.capture, 42);
  if (!fleet.ok()) {
    fmt::print(stderr, "{}\n", fleet.status().ToString());
    return 1;
  }
  if (options.codec) {
    PrintCodecFigures(**fleet, options.targets, options.hours);
    return 0;
  }
  std::string pattern = (std::filesystem::temp_directory_path() / "firn-footprint-XXXXXX").string();
  FIRN_CHECK(mkdtemp(pattern.data()) != nullptr);
  engine::DatabaseOptions database_options;
  database_options.path = pattern;
  database_options.ack_before_fsync = true;
  database_options.future_ms = 0;
  database_options.retention_ms = 3650 * kDayMs;
  database_options.background_interval_ms = 0;
  database_options.tiers = ParseTiers(options.tiers);
  database_options.tier_lead_ms = database_options.retention_ms;  // All are made at once.
  const Costs costs = Fill(options, **fleet, database_options);
  const PageBytes bytes = MeasurePages(pattern);
  PrintPages(bytes);
  const auto samples = static_cast<double>(bytes.samples);
  fmt::print("directory: {} bytes, {:.4f} per sample\n", bytes.directory,
             static_cast<double>(bytes.directory) / samples);
  fmt::print("CPU ns per sample: append {:.1f}, seal {:.1f}, merge {:.1f}, tiers {:.1f}\n",
             costs.append / samples * 1e9, costs.seal / samples * 1e9, costs.merge / samples * 1e9,
             costs.tiers / samples * 1e9);
  if (options.keep) {
    fmt::print("kept: {}\n", pattern);
  } else {
    std::filesystem::remove_all(pattern);
  }
  return 0;
}

}  // namespace
}  // namespace firn::bench

int main(int argc, char** argv) {
  firn::bench::Options options;
  CLI::App app("What recorded exporters take on disk, and what storing them costs.");
  app.add_option("--capture", options.capture, "Recording, unpacked")->required();
  app.add_option("--targets", options.targets, "Scraped hosts")->capture_default_str();
  app.add_option("--hours", options.hours, "Of scrapes every 15 s")->capture_default_str();
  app.add_option("--jitter-ms", options.jitter_ms, "Delay of 3 of 100 scrapes, at most")
      ->capture_default_str();
  app.add_option("--tiers", options.tiers, "Resolutions")->capture_default_str();
  app.add_flag("--codec", options.codec, "Only coding and decoding of columns, by mapping");
  app.add_flag("--keep", options.keep, "Leave the directory where it is");
  CLI11_PARSE(app, argc, argv);
  spdlog::set_level(spdlog::level::warn);
  return firn::bench::Run(options);
}
