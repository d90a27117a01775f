#include "engine/tier/tier_builder.h"

#include <cmath>

#include "engine/tier/bucket.h"
#include "engine/tier/bucket_histograms.h"
#include "engine/tier/codec/bucket_codec.h"
#include "engine/tier/series_scan.h"
#include "storage/page/window_writer.h"

namespace firn::engine {
namespace {

// Rises and never falls.
bool LooksLikeCounter(std::span<const Bucket> buckets) {
  const Bucket* before = nullptr;
  bool changed = false;
  for (const Bucket& b : buckets) {
    if (b.count == 0) continue;
    if (b.resets > 0 || std::isnan(b.sum)) return false;
    if (before != nullptr && b.first_v < before->last_v) return false;
    changed |= b.changes > 0 || (before != nullptr && b.first_v != before->last_v);
    before = &b;
  }
  return changed;
}

// One target while it is written.
class TierWriter {
 public:
  TierWriter(const TierRecord& target, std::unique_ptr<storage::PageBatch> pages)
      : built_{target, std::move(pages)}, writer_(target.id, built_.pages.get()) {}
  TierWriter(const TierWriter&) = delete;
  TierWriter& operator=(const TierWriter&) = delete;

  DurationMs resolution() const { return built_.record.resolution; }
  const std::vector<Bucket>& buckets() const { return buckets_; }
  const ThinnedHistograms& histograms() const { return histograms_; }

  // `finer` is null for the first target.
  void Make(const SampleColumns& samples, const TierWriter* finer) {
    const bool fold = finer != nullptr && resolution() % finer->resolution() == 0;
    buckets_ = fold ? FoldBuckets(finer->buckets_, resolution())
                    : BuildBuckets(samples.t, samples.v, resolution());
    const ThinnedHistograms* from = fold ? &finer->histograms_ : nullptr;
    histograms_ = from ? ThinHistograms(from->t, from->h, from->count, resolution())
                       : ThinHistograms(samples.ht, samples.h, {}, resolution());
  }

  // `samples`: those that it was made of.
  Status Write(const Labels& labels, const SampleColumns& samples, bool with_sums) {
    CodedBuckets coded;
    if (!buckets_.empty()) {
      coded = EncodeSeries({samples.t, samples.v, buckets_, with_sums});
    }
    const std::vector<double> counts(histograms_.count.begin(), histograms_.count.end());
    return writer_.Add(labels, {.t = histograms_.t,
                                .v = counts,
                                .ht = histograms_.t,
                                .h = histograms_.h,
                                .bt = coded.times,
                                .buckets = coded.bytes});
  }

  Result<BuiltTier> Finish() {
    FIRN_ASSIGN_OR_RETURN(built_.record.summary, writer_.Finish());
    return std::move(built_);
  }

 private:
  BuiltTier built_;
  storage::WindowWriter writer_;
  std::vector<Bucket> buckets_;
  ThinnedHistograms histograms_;
};

}  // namespace

Result<std::vector<BuiltTier>> BuildTierWindows(std::span<const TierInput> inputs,
                                                std::span<const TierRecord> targets,
                                                const CounterLookup& is_counter,
                                                const std::atomic<bool>& stop,
                                                storage::Store* store) {
  std::vector<std::unique_ptr<TierWriter>> writers;
  for (const TierRecord& target : targets) {
    FIRN_ASSIGN_OR_RETURN(auto pages, store->NewPageBatch());
    TierRecord record = target;
    record.sources.clear();
    for (const TierInput& input : inputs) record.sources.push_back(input.source);
    writers.push_back(std::make_unique<TierWriter>(record, std::move(pages)));
  }
  std::vector<ScanInput> windows;
  for (const TierInput& input : inputs) windows.push_back({input.reader, input.filter});
  SeriesScan scan(windows);
  std::string metric;
  std::optional<bool> known;
  for (bool first = true;; first = false) {
    if (stop) return Cancelled("making tiers was stopped");
    FIRN_ASSIGN_OR_RETURN(const bool more, scan.Next());
    if (!more) break;
    if (first || metric != scan.labels().metric_name()) {
      metric = scan.labels().metric_name();
      known = is_counter(metric);
    }
    const TierWriter* finer = nullptr;
    bool with_sums = true;
    for (const auto& writer : writers) {
      writer->Make(scan.samples(), finer);
      if (finer == nullptr) with_sums = !known.value_or(LooksLikeCounter(writer->buckets()));
      FIRN_RETURN_IF_ERROR(writer->Write(scan.labels(), scan.samples(), with_sums));
      finer = writer.get();
    }
  }
  std::vector<BuiltTier> out;
  for (const auto& writer : writers) {
    FIRN_ASSIGN_OR_RETURN(BuiltTier built, writer->Finish());
    out.push_back(std::move(built));
  }
  return out;
}

}  // namespace firn::engine
