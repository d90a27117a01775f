#include "engine/db/integrity/window_health.h"

#include "engine/tier/tier_samples.h"
#include "storage/page/window_reader.h"

namespace firn::engine {
namespace {

using storage::WindowSummary;

// Passes on what also decodes as the buckets of a tier.
class TierVisitor : public storage::SeriesVisitor {
 public:
  TierVisitor(DurationMs resolution, storage::SeriesVisitor* next)
      : resolution_(resolution), next_(next) {}
  Status OnSeries(const storage::SeriesHandle& series, const storage::SeriesData& data) override {
    FIRN_RETURN_IF_ERROR(DecodeTier(data, resolution_, &columns_));
    return next_ == nullptr ? OkStatus() : next_->OnSeries(series, data);
  }

 private:
  const DurationMs resolution_;
  storage::SeriesVisitor* const next_;
  TierColumns columns_;
};

bool Agree(const WindowSummary& a, const WindowSummary& b) {
  return a.series == b.series && a.bytes == b.bytes && a.min_t == b.min_t && a.max_t == b.max_t;
}

bool IsDamage(const Status& status) {
  return status.code() == StatusCode::kCorruption || status.code() == StatusCode::kIo ||
         status.code() == StatusCode::kNotFound;
}

void AddLosses(storage::WindowFindings findings, WindowHealth* health) {
  for (storage::MetricDamage& damage : findings.damaged) {
    health->losses.push_back({.metric = std::move(damage.metric),
                              .error = std::move(damage.error),
                              .range = damage.range,
                              .series = damage.series,
                              .samples = damage.samples});
  }
  health->stray = std::move(findings.stray);
}

Status Check(const std::shared_ptr<const storage::PageSource>& source,
             const WindowSummary& recorded, const WindowScope& scope, WindowHealth* health) {
  Status status;
  WindowSummary stated;
  if (scope.quick) {
    const auto opened = storage::WindowReader::Open(source, health->id);
    status = opened.status();
    if (opened.ok()) stated = (*opened)->summary();
  } else {
    auto findings = storage::CheckWindow(
        source, health->id,
        {.visitor = scope.visitor, .pace = scope.pace, .scan_pages = scope.scan_pages});
    status = findings.status();
    if (findings.ok()) {
      stated = findings->stated;
      AddLosses(*std::move(findings), health);
    }
  }
  if (!status.ok() && !IsDamage(status)) return status;
  if (!status.ok()) {
    const std::string error = status.code() == StatusCode::kNotFound
                                  ? "its pages are missing"
                                  : std::string(status.message());
    health->losses.push_back({.metric = "",
                              .whole = true,
                              .error = error,
                              .range = health->range,
                              .series = health->series,
                              .samples = health->samples});
  } else if (!Agree(recorded, stated)) {
    health->stray.push_back(
        fmt::format("the catalog says {} series and {} bytes, the pages {} and {}", recorded.series,
                    recorded.bytes, stated.series, stated.bytes));
  }
  return OkStatus();
}

WindowHealth Describe(const storage::WindowId& id, const WindowSummary& summary) {
  WindowHealth health;
  health.id = id;
  health.range = {summary.min_t, summary.max_t};
  health.series = summary.series;
  health.samples = summary.float_samples + summary.histogram_samples;
  return health;
}

}  // namespace

Result<WindowHealth> CheckRawWindow(const std::shared_ptr<const storage::PageSource>& source,
                                    const WindowRecord& record, const WindowScope& scope) {
  WindowHealth health = Describe(record.id, record.summary);
  FIRN_RETURN_IF_ERROR(Check(source, record.summary, scope, &health));
  return health;
}

Result<WindowHealth> CheckTierWindow(const std::shared_ptr<const storage::PageSource>& source,
                                     const TierRecord& record, const WindowScope& scope) {
  WindowHealth health = Describe(record.id, record.summary);
  health.resolution = record.resolution;
  TierVisitor visitor(record.resolution, scope.visitor);
  WindowScope tier_scope = scope;
  tier_scope.visitor = &visitor;
  FIRN_RETURN_IF_ERROR(Check(source, record.summary, tier_scope, &health));
  for (Loss& loss : health.losses) loss.samples = 0;
  for (const TierSource& source_window : record.sources) {
    if (source_window.start < record.id.start || source_window.end > record.id.end) {
      health.stray.push_back(fmt::format("it is said to be made of {} to {}, beyond its edges",
                                         UtcText(source_window.start), UtcText(source_window.end)));
    }
  }
  return health;
}

}  // namespace firn::engine
