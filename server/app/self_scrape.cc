#include "server/app/self_scrape.h"

#include <spdlog/spdlog.h>

namespace firn::server {

namespace {

std::string_view TypeName(MetricType type) {
  switch (type) {
    case MetricType::kCounter:
      return "counter";
    case MetricType::kHistogram:
      return "histogram";
    case MetricType::kGauge:
      break;
  }
  return "gauge";
}

}  // namespace

SelfScrape::SelfScrape(SelfScrapeOptions options, const MetricsRegistry* metrics,
                       engine::Appendable* appendable, engine::Admin* admin, const Clock* clock)
    : options_(std::move(options)),
      metrics_(metrics),
      appendable_(appendable),
      admin_(admin),
      clock_(clock) {}

SelfScrape::~SelfScrape() { Stop(); }

void SelfScrape::Start() {
  FIRN_CHECK(!thread_.joinable());
  thread_ = std::thread([this] { Run(); });
}

void SelfScrape::Stop() {
  {
    MutexLock lock(&mutex_);
    stop_ = true;
  }
  wake_.NotifyAll();
  if (thread_.joinable()) thread_.join();
}

void SelfScrape::Run() {
  auto next = std::chrono::steady_clock::now();
  while (true) {
    if (const Status status = ScrapeOnce(); !status.ok()) {
      spdlog::warn("own metrics not stored: {}", status.ToString());
    }
    next += std::chrono::milliseconds(options_.interval);
    MutexLock lock(&mutex_);
    while (!stop_) {
      const auto left = next - std::chrono::steady_clock::now();
      if (left.count() <= 0) break;
      wake_.WaitFor(&mutex_, left);
    }
    if (stop_) return;
  }
}

Status SelfScrape::ScrapeOnce() {
  const std::vector<MetricFamily> families = metrics_->Collect();
  FIRN_ASSIGN_OR_RETURN(const auto appender, appendable_->NewAppender());
  FIRN_RETURN_IF_ERROR(AppendAll(families, appender.get()));
  FIRN_ASSIGN_OR_RETURN([[maybe_unused]] const engine::AppendCounts counts, appender->Commit());
  if (families.size() == described_) return OkStatus();
  std::vector<engine::MetadataEntry> entries;
  for (const MetricFamily& family : families) {
    entries.push_back({family.name, std::string(TypeName(family.type)), family.help, ""});
  }
  FIRN_RETURN_IF_ERROR(admin_->PutMetadata(entries));
  described_ = families.size();
  return OkStatus();
}

Status SelfScrape::AppendAll(const std::vector<MetricFamily>& families,
                             engine::Appender* appender) const {
  const TimestampMs now = clock_->NowMs();
  std::vector<LabelView> labels;
  const auto append = [&](std::string_view name, const MetricLabels& own, double value) -> Status {
    labels = {{kMetricName, name}, {"instance", options_.instance}, {"job", "firn"}};
    for (const auto& [key, text] : own) labels.push_back({key, text});
    FIRN_ASSIGN_OR_RETURN(const engine::SeriesRef ref, appender->Series(labels));
    const Sample sample{now, value};
    return appender->Append(ref, {&sample, 1});
  };
  for (const MetricFamily& family : families) {
    for (const MetricPoint& point : family.points) {
      FIRN_RETURN_IF_ERROR(append(family.name + point.suffix, point.labels, point.value));
    }
  }
  return append("up", {}, 1);
}

}  // namespace firn::server
