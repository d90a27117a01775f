#include "engine/tier/merge/tier_joiner.h"

#include <algorithm>
#include <bit>

#include "engine/tier/bucket_histograms.h"
#include "engine/tier/merge/read_back.h"
#include "engine/tier/series_scan.h"
#include "engine/tier/tier_samples.h"
#include "storage/page/window_writer.h"

namespace firn::engine {
namespace {

// What the inputs have of one series.
class JoinedSeries {
 public:
  void Clear() { parts_.clear(); }
  void Add(TierColumns part) {
    if (!part.floats.buckets.empty() || !part.ht.empty()) parts_.push_back(std::move(part));
  }
  bool empty() const { return parts_.empty(); }

  // Puts everything in the order of time.
  void Join(bool with_sums) {
    buckets_.clear();
    has_sum_.clear();
    histograms_ = {};
    std::vector<Piece> pieces;
    for (const TierColumns& part : parts_) {
      for (const Bucket& b : part.floats.buckets) pieces.push_back({b.times().min, &part, &b});
    }
    const auto by_time = [](const Piece& a, const Piece& b) { return a.t < b.t; };
    std::stable_sort(pieces.begin(), pieces.end(), by_time);
    for (const Piece& piece : pieces) {
      Bucket& b = buckets_.emplace_back(*piece.bucket);
      const bool has_sum = piece.part->floats.has_sums({piece.t, piece.t});
      if (!has_sum) MarkUnknown(&b);
      has_sum_.push_back(with_sums && has_sum);
    }
    JoinHistograms();
  }

  const ThinnedHistograms& histograms() const { return histograms_; }
  // REQUIRES: Join was called.
  CodedBuckets Code() const {
    if (buckets_.empty()) return {};
    std::vector<BucketPart> parts;
    for (size_t first = 0; first < buckets_.size();) {
      size_t last = first + 1;
      while (last < buckets_.size() && has_sum_[last] == has_sum_[first]) ++last;
      parts.push_back({std::span(buckets_).subspan(first, last - first), has_sum_[first]});
      first = last;
    }
    return EncodeBucketParts(parts);
  }

 private:
  struct Piece {
    TimestampMs t;
    const TierColumns* part;
    const Bucket* bucket;
  };
  // A sum that is not there must not look like one that follows from the rest.
  static void MarkUnknown(Bucket* b) {
    const double flat = static_cast<double>(b->count) * b->first_v;
    b->sum = std::bit_cast<double>(std::bit_cast<uint64_t>(flat) ^ 1);
  }

  void JoinHistograms() {
    std::vector<std::pair<TimestampMs, std::pair<const TierColumns*, size_t>>> all;
    for (const TierColumns& part : parts_) {
      for (size_t i = 0; i < part.ht.size(); ++i) all.push_back({part.ht[i], {&part, i}});
    }
    std::sort(all.begin(), all.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& [t, place] : all) {
      histograms_.t.push_back(t);
      histograms_.h.push_back(place.first->h[place.second]);
      histograms_.count.push_back(place.first->hcount[place.second]);
    }
  }

  std::vector<TierColumns> parts_;
  std::vector<Bucket> buckets_;
  std::vector<bool> has_sum_;
  ThinnedHistograms histograms_;
};

}  // namespace

Result<BuiltTier> JoinTierWindows(std::span<const JoinInput> inputs, const TierRecord& target,
                                  const CounterLookup& is_counter, const std::atomic<bool>& stop,
                                  storage::Store* store) {
  BuiltTier built{.record = target, .pages = nullptr};
  FIRN_ASSIGN_OR_RETURN(built.pages, store->NewPageBatch());
  storage::WindowWriter writer(target.id, built.pages.get());
  std::vector<ScanInput> windows;
  for (const JoinInput& input : inputs) windows.push_back({input.reader, input.filter});
  SeriesScan scan(windows);
  ContentHash content;
  JoinedSeries series;
  std::string metric;
  std::optional<bool> known;
  for (bool first = true;; first = false) {
    if (stop) return Cancelled("joining tiers was stopped");
    series.Clear();
    const auto add = [&](size_t place, const storage::SeriesData& data) -> Status {
      const JoinInput& input = inputs[place];
      TierColumns part;
      FIRN_RETURN_IF_ERROR(DecodeTier(data, target.resolution, &part));
      KeepTimes(input.times, &part);
      // What is hidden in part stays, and is hidden when it is read.
      if (input.filter != nullptr) HideTimes(input.filter->Hidden(scan.labels()), &part);
      series.Add(std::move(part));
      return OkStatus();
    };
    FIRN_ASSIGN_OR_RETURN(const bool more, scan.NextParts(add));
    if (!more) break;
    if (series.empty()) continue;
    if (first || metric != scan.labels().metric_name()) {
      metric = scan.labels().metric_name();
      known = is_counter(metric);
    }
    series.Join(!known.value_or(false));
    const CodedBuckets coded = series.Code();
    const ThinnedHistograms& histograms = series.histograms();
    const std::vector<double> counts(histograms.count.begin(), histograms.count.end());
    const storage::SeriesColumns columns{.t = histograms.t,
                                         .v = counts,
                                         .ht = histograms.t,
                                         .h = histograms.h,
                                         .bt = coded.times,
                                         .buckets = coded.bytes};
    content.Add(scan.labels(), columns);
    FIRN_RETURN_IF_ERROR(writer.Add(scan.labels(), columns));
  }
  FIRN_ASSIGN_OR_RETURN(built.record.summary, writer.Finish());
  FIRN_RETURN_IF_ERROR(VerifyWritten(built.pages.get(), target.id, content, stop));
  return built;
}

}  // namespace firn::engine
