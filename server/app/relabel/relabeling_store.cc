#include "server/app/relabel/relabeling_store.h"

namespace firn::server {

namespace {

constexpr engine::SeriesRef kDropped{~uint64_t{0}};

class RelabelingAppender : public engine::Appender {
 public:
  RelabelingAppender(std::unique_ptr<engine::Appender> inner, std::shared_ptr<RelabelMemo> memo,
                     Counter* dropped)
      : inner_(std::move(inner)), memo_(std::move(memo)), dropped_(*dropped) {}

  Result<engine::SeriesRef> Series(std::span<const LabelView> raw) override {
    const RelabelMemo::Entry* entry = memo_->Find(raw, previous_, &scratch_);
    previous_ = entry;
    if (entry == nullptr) return inner_->Series(raw);
    switch (entry->outcome()) {
      case RelabelMemo::Outcome::kUnchanged:
        return inner_->Series(raw);
      case RelabelMemo::Outcome::kDropped:
        return kDropped;
      case RelabelMemo::Outcome::kChanged:
        break;
    }
    views_.assign(entry->labels().begin(), entry->labels().end());
    return inner_->Series(views_);
  }

  Status Append(engine::SeriesRef series, std::span<const Sample> samples) override {
    if (series != kDropped) return inner_->Append(series, samples);
    dropped_.Add(samples.size());
    return OkStatus();
  }

  Status AppendHistogram(engine::SeriesRef series, TimestampMs t, HistogramPtr histogram) override {
    if (series != kDropped) return inner_->AppendHistogram(series, t, std::move(histogram));
    dropped_.Add();
    return OkStatus();
  }

  void AppendStart(engine::SeriesRef series, TimestampMs start,
                   const FloatHistogram* like) override {
    if (series != kDropped) inner_->AppendStart(series, start, like);
  }

  Result<engine::AppendCounts> Commit() override { return inner_->Commit(); }

 private:
  const std::unique_ptr<engine::Appender> inner_;
  const std::shared_ptr<RelabelMemo> memo_;
  Counter& dropped_;
  const RelabelMemo::Entry* previous_ = nullptr;
  std::string scratch_;
  std::vector<LabelView> views_;
};

}  // namespace

RelabelingStore::RelabelingStore(engine::Appendable* appendable, engine::ExemplarStore* exemplars,
                                 uint64_t memo_bytes_max, MetricsRegistry* metrics)
    : appendable_(appendable),
      exemplars_(exemplars),
      memo_bytes_max_(memo_bytes_max),
      dropped_samples_(metrics->AddCounter("firn_relabel_dropped_samples_total",
                                           "Samples dropped by write_relabel_configs.")),
      forgotten_(metrics->AddCounter(
          "firn_relabel_memo_resets_total",
          "Times that all remembered outcomes of relabelling were forgotten for memory.")) {
  metrics->AddCollector([this](std::vector<MetricFamily>* families) {
    const std::shared_ptr<RelabelMemo> memo = [this] {
      MutexLock lock(&mutex_);
      return memo_;
    }();
    const auto add = [&](std::string_view name, std::string_view help, uint64_t value) {
      families->push_back({std::string(name),
                           std::string(help),
                           MetricType::kGauge,
                           {{"", {}, static_cast<double>(value)}}});
    };
    add("firn_relabel_memo_series", "Series whose outcome of relabelling is remembered.",
        memo ? memo->entries() : 0);
    add("firn_relabel_memo_bytes", "Memory of these.", memo ? memo->bytes() : 0);
  });
}

void RelabelingStore::SetRules(RelabelRules rules) {
  MutexLock lock(&mutex_);
  rules_ = std::move(rules);
  memo_ = rules_.empty() ? nullptr : std::make_shared<RelabelMemo>(rules_);
}

std::shared_ptr<RelabelMemo> RelabelingStore::Memo() {
  MutexLock lock(&mutex_);
  if (memo_ != nullptr && memo_->bytes() > memo_bytes_max_) {
    memo_ = std::make_shared<RelabelMemo>(rules_);
    forgotten_->Add();
  }
  return memo_;
}

Result<std::unique_ptr<engine::Appender>> RelabelingStore::NewAppender() {
  FIRN_ASSIGN_OR_RETURN(auto inner, appendable_->NewAppender());
  std::shared_ptr<RelabelMemo> memo = Memo();
  if (memo == nullptr) return inner;
  return std::make_unique<RelabelingAppender>(std::move(inner), std::move(memo), dropped_samples_);
}

Result<std::vector<Status>> RelabelingStore::AppendExemplars(
    std::span<const engine::NewExemplar> batch) {
  const std::shared_ptr<RelabelMemo> memo = Memo();
  if (memo == nullptr) return exemplars_->AppendExemplars(batch);
  std::vector<engine::NewExemplar> kept;
  std::vector<size_t> places;
  std::string scratch;
  for (size_t i = 0; i < batch.size(); ++i) {
    const std::vector<LabelView> raw(batch[i].series.begin(), batch[i].series.end());
    const RelabelMemo::Entry* entry = memo->Find(raw, nullptr, &scratch);
    if (entry != nullptr && entry->outcome() == RelabelMemo::Outcome::kDropped) continue;
    kept.push_back(batch[i]);
    places.push_back(i);
    if (entry != nullptr && entry->outcome() == RelabelMemo::Outcome::kChanged) {
      kept.back().series = entry->labels();
    }
  }
  FIRN_ASSIGN_OR_RETURN(const std::vector<Status> statuses, exemplars_->AppendExemplars(kept));
  std::vector<Status> all(batch.size());
  for (size_t i = 0; i < statuses.size(); ++i) all[places[i]] = statuses[i];
  return all;
}

std::vector<engine::SeriesExemplars> RelabelingStore::SelectExemplars(
    const TimeRange& range, const std::vector<Matchers>& selectors) const {
  return exemplars_->SelectExemplars(range, selectors);
}

}  // namespace firn::server
