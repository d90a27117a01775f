// Makes a data directory with years of many series, as a server with default settings would keep
// them: tiers of a minute for 90 days and of an hour for two years, samples as they came for 30
// days.
#include <cmath>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include "bench/forecast/planned_series.h"
#include "engine/db/database.h"

namespace firn {
namespace {

struct Options {
  std::string path;
  uint64_t series = 10'000;
  int64_t days = 730;
  DurationMs step_ms = kHourMs;
  int64_t end_ms = 0;
};

Labels LabelsOf(uint64_t number) {
  return Labels::FromPairs({{"__name__", "planned_load"},
                            {"instance", fmt::format("host{:04}:9100", number / 10)},
                            {"job", "platform"},
                            {"resource", fmt::format("r{}", number % 10)}});
}

Status AddDay(engine::Database* db, TimestampMs start, DurationMs step,
              const std::vector<Labels>& labels, std::vector<bench::PlannedSeries>* series) {
  return db->AddWindow(start, start + kDayMs, [&](const engine::AddSeries& add) -> Status {
    engine::SampleColumns samples;
    for (size_t i = 0; i < series->size(); ++i) {
      samples.Clear();
      for (DurationMs t = 0; t < kDayMs; t += step) {
        const double v = (*series)[i].Next();
        if (std::isnan(v)) continue;
        // On the grid that forecasts ask for, since nothing looks back an hour; two decimals, as
        // percentages and the like have.
        samples.t.push_back(start + t);
        samples.v.push_back(std::round(v * 100) / 100);
      }
      if (!samples.empty()) FIRN_RETURN_IF_ERROR(add(labels[i], samples));
    }
    return OkStatus();
  });
}

Status Run(const Options& options) {
  engine::DatabaseOptions settings;
  settings.path = options.path;
  settings.background_interval_ms = 0;
  settings.scrub_interval_ms = 0;
  FIRN_ASSIGN_OR_RETURN(const auto db, engine::Database::Open(settings));
  std::vector<Labels> labels;
  std::vector<bench::PlannedSeries> series;
  for (uint64_t i = 0; i < options.series; ++i) {
    labels.push_back(LabelsOf(i));
    series.emplace_back(i, static_cast<size_t>(options.days * kDayMs / options.step_ms));
  }
  for (int64_t day = 0; day < options.days; ++day) {
    FIRN_RETURN_IF_ERROR(AddDay(db.get(), options.end_ms - (options.days - day) * kDayMs,
                                options.step_ms, labels, &series));
  }
  FIRN_RETURN_IF_ERROR(db->Compact(true));
  return db->Close();
}

}  // namespace
}  // namespace firn

int main(int argc, char** argv) {
  firn::Options options;
  CLI::App app("Make a data directory with years of many series");
  app.add_option("--data", options.path, "directory to make")->required();
  app.add_option("--series", options.series)->capture_default_str();
  app.add_option("--days", options.days)->capture_default_str();
  app.add_option("--step-ms", options.step_ms, "from sample to sample; a part of a day")
      ->check(CLI::Range(firn::DurationMs{1}, firn::kDayMs))
      ->capture_default_str();
  app.add_option("--end-ms", options.end_ms, "midnight (UTC) after the last day")->required();
  CLI11_PARSE(app, argc, argv);
  const firn::Status status = firn::Run(options);
  if (!status.ok()) fmt::print(stderr, "firn_history: {}\n", status.message());
  return status.ok() ? 0 : 1;
}
