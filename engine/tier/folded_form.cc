#include "engine/tier/folded_form.h"

#include <algorithm>
#include <cmath>

namespace firn::engine {
namespace {

bool IsChange(double a, double b) { return a != b && !(std::isnan(a) && std::isnan(b)); }

// Folds the buckets of one series, cell by cell: a cell is what no window tells apart.
template <TierForm kForm>
class Folder {
 public:
  Folder(std::span<const TimestampMs> times, const Folding& folding, const BucketColumns& columns,
         SampleColumns* out)
      : t_(times), folding_(folding), c_(columns), out_(out) {}

  void Run() {
    FindPlaces();
    const size_t n = c_.counts.size();
    size_t i = 0;
    while (i < n && !folding_.kept.Contains(t_[First(i)])) Skip(i++);
    while (i < n && folding_.kept.Contains(t_[First(i)])) {
      if (!IsWhole(i)) {
        // Only ends can be told apart of a bucket that is not wanted as a whole.
        if (kForm == TierForm::kEnds) PutEnds(i, i);
        Skip(i++);
        continue;
      }
      const size_t end = CellEnd(i);
      AddCell(i, end);
      i = end;
    }
  }

 private:
  // Where the first sample of each bucket is, unless all buckets have two.
  void FindPlaces() {
    if (t_.size() == 2 * c_.counts.size()) return;
    places_.reserve(c_.counts.size() + 1);
    places_.push_back(0);
    for (const int64_t count : c_.counts) places_.push_back(places_.back() + (count > 1 ? 2 : 1));
  }
  size_t First(size_t i) const { return places_.empty() ? 2 * i : places_[i]; }
  size_t Last(size_t i) const { return places_.empty() ? 2 * i + 1 : places_[i + 1] - 1; }

  bool IsWhole(size_t i) const {
    return t_[First(i)] >= folding_.range.min && t_[Last(i)] <= folding_.range.max;
  }

  // Behind the last bucket of the cell that begins with `i`.
  size_t CellEnd(size_t i) const {
    if (!folding_.grid) return i + 1;
    const TimestampMs last =
        std::min({folding_.grid->LastWith(t_[First(i)]), folding_.range.max, folding_.kept.max});
    int64_t room = UINT32_MAX - c_.counts[i];
    for (++i; i < c_.counts.size() && t_[Last(i)] <= last; ++i) {
      room -= c_.counts[i];
      if (room < 0) break;
    }
    return i;
  }

  void AddCell(size_t begin, size_t end) {
    switch (kForm) {
      case TierForm::kEnds:
        PutEnds(begin, end - 1);
        return;
      case TierForm::kMin:
      case TierForm::kMax:
        Put(Last(end - 1), Extreme(begin, end));
        return;
      case TierForm::kRuns:
        AddRun(begin, end);
        return;
      case TierForm::kSums:
        return;
    }
  }

  void AddRun(size_t begin, size_t end) {
    int64_t count = 0;
    for (size_t i = begin; i < end; ++i) count += c_.counts[i];
    Put(First(begin), c_.values[First(begin)]);
    out_->runs.push_back({});
    SampleRun run{.count = static_cast<uint32_t>(count - 1), .joined = true};
    if (c_.resets.empty() && c_.changes.empty() && !folding_.use.needs_changes) {
      AddLosses(begin, end, &run);
    } else {
      AddMarks(begin, end, &run);
    }
    if (count == 1) return;
    Put(Last(end - 1), c_.values[Last(end - 1)]);
    out_->runs.push_back(run);
  }

  // Where no bucket has a reset: those between buckets.
  void AddLosses(size_t begin, size_t end, SampleRun* run) const {
    const double* const v = c_.values.data();
    for (size_t i = begin + 1; i < end; ++i) {
      const size_t at = First(i);
      if (!(v[at] < v[at - 1])) continue;
      ++run->resets;
      run->correction += v[at - 1];
    }
  }

  void AddMarks(size_t begin, size_t end, SampleRun* run) {
    for (size_t i = begin; i < end; ++i) {
      if (i > begin) {
        const double before = c_.values[First(i) - 1];
        const double after = c_.values[First(i)];
        if (after < before) {
          ++run->resets;
          run->correction += before;
        }
        if (IsChange(before, after)) ++run->changes;
      }
      if (!c_.changes.empty()) run->changes += static_cast<uint32_t>(c_.changes[i]);
      if (c_.resets.empty() || c_.resets[i] == 0) continue;
      run->resets += static_cast<uint32_t>(c_.resets[i]);
      run->correction += c_.corrections[next_correction_++];
    }
  }

  // Passes over the correction of a bucket.
  void Skip(size_t i) {
    if (kForm == TierForm::kRuns && !c_.resets.empty() && c_.resets[i] > 0) ++next_correction_;
  }

  // NaN if all values are.
  double Extreme(size_t begin, size_t end) const {
    const auto further = [](double a, double b) {
      return std::isnan(a) || (kForm == TierForm::kMax ? b > a : b < a) ? b : a;
    };
    const std::vector<double>& extremes = kForm == TierForm::kMax ? c_.maxima : c_.minima;
    const std::vector<double>& values = extremes.empty() ? c_.values : extremes;
    size_t i = extremes.empty() ? First(begin) : begin;
    const size_t last = extremes.empty() ? Last(end - 1) : end - 1;
    double found = values[i];
    while (++i <= last) found = further(found, values[i]);
    return found;
  }

  void Put(size_t at, double v) {
    out_->t.push_back(t_[at]);
    out_->v.push_back(v);
  }

  // Of what lies within the range.
  void PutEnds(size_t first, size_t last) {
    const size_t from = First(first);
    const size_t to = Last(last);
    if (folding_.range.Contains(t_[from])) Put(from, c_.values[from]);
    if (to > from && folding_.range.Contains(t_[to])) Put(to, c_.values[to]);
  }

  const std::span<const TimestampMs> t_;
  const Folding& folding_;
  const BucketColumns& c_;
  SampleColumns* const out_;
  std::vector<size_t> places_;
  size_t next_correction_ = 0;
};

template <TierForm kForm>
Result<bool> Append(std::span<const TimestampMs> times, std::string_view bytes,
                    const Folding& folding, BucketColumns* scratch, SampleColumns* out) {
  constexpr bool kIsRuns = kForm == TierForm::kRuns;
  const ColumnsWanted wanted{.resets = kIsRuns,
                             .changes = kIsRuns && folding.use.needs_changes,
                             .extremes = kForm == TierForm::kMin || kForm == TierForm::kMax};
  FIRN_ASSIGN_OR_RETURN(const bool decoded, DecodeBucketColumns(times, bytes, wanted, scratch));
  if (decoded) Folder<kForm>(times, folding, *scratch, out).Run();
  return decoded;
}

}  // namespace

Result<bool> AppendFolded(std::span<const TimestampMs> times, std::string_view bytes,
                          const Folding& folding, BucketColumns* scratch, SampleColumns* out) {
  if (folding.use.needs_sums) return false;
  switch (folding.use.form) {
    case TierForm::kEnds:
      return Append<TierForm::kEnds>(times, bytes, folding, scratch, out);
    case TierForm::kMin:
      return Append<TierForm::kMin>(times, bytes, folding, scratch, out);
    case TierForm::kMax:
      return Append<TierForm::kMax>(times, bytes, folding, scratch, out);
    case TierForm::kRuns:
      return Append<TierForm::kRuns>(times, bytes, folding, scratch, out);
    case TierForm::kSums:
      break;
  }
  return false;
}

}  // namespace firn::engine
