#include "query/forecast/trend/trend_shifts.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "query/forecast/robust.h"
#include "query/forecast/trend/trend_specs.h"

namespace firn::query {

namespace {

constexpr size_t kShiftsMax = 8;
constexpr double kSuspicious = 5;  // Standard deviations.
constexpr size_t kSettled = 5;     // Bins that a new level must last to be told from a burst.

std::vector<double> FiniteOf(std::span<const double> v) {
  std::vector<double> out;
  for (const double x : v) {
    if (std::isfinite(x)) out.push_back(x);
  }
  return out;
}

double MedianOf(std::span<const double> v) {
  std::vector<double> finite = FiniteOf(v);
  return MedianInPlace(finite);
}

std::vector<TrendFit> FitAll(const std::vector<TrendSpec>& specs, std::span<const double> y,
                             std::span<const size_t> shifts) {
  std::vector<TrendFit> fits;
  fits.reserve(specs.size());
  for (const TrendSpec& spec : specs) fits.push_back(FilterTrend(spec, y, shifts, nullptr));
  return fits;
}

size_t BestOf(const std::vector<TrendSpec>& specs, const std::vector<TrendFit>& fits) {
  size_t best = 0;
  const auto value = [&](size_t i) { return fits[i].log_likelihood + specs[i].log_prior; };
  for (size_t i = 1; i < specs.size(); ++i) {
    if (value(i) > value(best)) best = i;
  }
  return best;
}

// The difference of the medians after and before each bin, over what is usual; 0 near the ends
// and around known shifts.
std::vector<double> JumpScores(std::span<const double> y, std::span<const size_t> shifts) {
  const size_t n = y.size();
  const size_t width = std::clamp<size_t>(n / 12, 3, 8);
  std::vector<double> jump(n, std::numeric_limits<double>::quiet_NaN());
  for (size_t k = width; k + kSettled <= n; ++k) {
    const bool known = std::any_of(shifts.begin(), shifts.end(), [&](size_t shift) {
      return k + width > shift && k < shift + width;
    });
    if (known) continue;
    jump[k] =
        MedianOf(y.subspan(k, std::min(width, n - k))) - MedianOf(y.subspan(k - width, width));
  }
  std::vector<double> finite = FiniteOf(jump);
  if (finite.size() < 8) return std::vector<double>(n, 0);
  const double middle = MedianInPlace(finite);
  const double spread = MadInPlace(finite) + 1e-12 * std::abs(middle) + 1e-300;
  for (double& x : jump) x = std::isfinite(x) ? std::abs(x - middle) / spread : 0;
  return jump;
}

// The bin around the highest score where single values jump most.
size_t SharpestBin(std::span<const double> y, const std::vector<double>& scores) {
  const size_t top =
      static_cast<size_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
  size_t best = top;
  double largest = -1;
  double before = std::numeric_limits<double>::quiet_NaN();
  for (size_t k = top < 4 ? 0 : top - 4; k < std::min(y.size() - kSettled + 1, top + 4); ++k) {
    if (!std::isfinite(y[k])) continue;
    if (std::abs(y[k] - before) > largest && k > 0) {
      largest = std::abs(y[k] - before);
      best = k;
    }
    before = y[k];
  }
  return std::max<size_t>(best, 1);
}

// Bins far from what the best model expects, after which all is as before.
std::vector<size_t> FindOutliers(const TrendSpec& spec, std::span<const double> y,
                                 std::span<const size_t> shifts) {
  std::vector<TrendTrace> trace;
  FilterTrend(spec, y, shifts, &trace);
  std::vector<double> innovations;
  for (const TrendTrace& at : trace) {
    if (std::isfinite(at.innovation)) innovations.push_back(at.innovation);
  }
  std::vector<size_t> outliers;
  if (innovations.size() < 10) return outliers;
  const double spread = MadInPlace(innovations);
  for (size_t k = 3; k + 1 < y.size() && outliers.size() * 20 < y.size(); ++k) {
    if (!(std::abs(trace[k].innovation) > kSuspicious * spread)) continue;
    const double before = MedianOf(y.subspan(k - 3, 3));
    const double after = MedianOf(y.subspan(k + 1, std::min<size_t>(3, y.size() - k - 1)));
    if (std::abs(after - before) < 0.3 * std::abs(y[k] - before)) outliers.push_back(k);
  }
  return outliers;
}

// Two jumps that undo each other soon are an incident: its bins become outliers.
bool DropIncident(std::vector<double>* y, std::vector<size_t>* shifts,
                  std::vector<size_t>* outliers) {
  const size_t longest = std::max<size_t>(3, y->size() / 15);
  for (size_t i = 0; i + 1 < shifts->size(); ++i) {
    const size_t from = (*shifts)[i], to = (*shifts)[i + 1];
    if (to - from > longest) continue;
    const size_t width = std::min<size_t>({5, from, y->size() - to});
    const std::span<const double> all = *y;
    const double before = MedianOf(all.subspan(from - width, width));
    const double after = MedianOf(all.subspan(to, width));
    const double inside = MedianOf(all.subspan(from, to - from));
    if (!(std::abs(after - before) < 0.3 * std::abs(inside - before))) continue;
    // The edges of the incident may lie within a bin.
    for (size_t k = from - 1; k <= to && k < y->size(); ++k) {
      if (std::abs((*y)[k] - before) < 0.1 * std::abs(inside - before)) continue;
      (*y)[k] = std::numeric_limits<double>::quiet_NaN();
      outliers->push_back(k);
    }
    const auto at = shifts->begin() + static_cast<std::ptrdiff_t>(i);
    shifts->erase(at, at + 2);
    return true;
  }
  return false;
}

}  // namespace

void FindShifts(std::vector<double>* y, std::vector<size_t>* shifts, std::vector<size_t>* outliers,
                std::vector<TrendFit>* fits) {
  const std::vector<TrendSpec> specs = TrendSpecs(y->size());
  *fits = FitAll(specs, *y, *shifts);
  size_t best = BestOf(specs, *fits);
  // An incident of several bins comes to light one by one. What is frequent is no incident.
  for (int round = 0; round < 3 && outliers->size() * 10 < y->size(); ++round) {
    const std::vector<size_t> found = FindOutliers(specs[best], *y, *shifts);
    if (found.empty()) break;
    for (const size_t k : found) (*y)[k] = std::numeric_limits<double>::quiet_NaN();
    outliers->insert(outliers->end(), found.begin(), found.end());
    *fits = FitAll(specs, *y, *shifts);
    best = BestOf(specs, *fits);
  }
  // What another free parameter must gain (Schwarz 1978), and a margin for having searched.
  const double price = 0.5 * std::log(static_cast<double>(y->size())) + 6;
  while (shifts->size() < kShiftsMax) {
    const std::vector<double> scores = JumpScores(*y, *shifts);
    if (*std::max_element(scores.begin(), scores.end()) < kSuspicious) return;
    std::vector<size_t> more = *shifts;
    more.push_back(SharpestBin(*y, scores));
    std::sort(more.begin(), more.end());
    if (std::adjacent_find(more.begin(), more.end()) != more.end()) return;
    std::vector<TrendFit> jumped = FitAll(specs, *y, more);
    const size_t better = BestOf(specs, jumped);
    // One value fewer is predicted; put it back at the usual price of a value.
    const double missing = 0.5 * std::log(jumped[better].scale * jumped[better].freedom) + 0.5;
    const double gain = jumped[better].log_likelihood + specs[better].log_prior - missing -
                        (*fits)[best].log_likelihood - specs[best].log_prior;
    if (gain < price) return;
    *shifts = std::move(more);
    *fits = std::move(jumped);
    best = better;
    if (DropIncident(y, shifts, outliers)) {
      *fits = FitAll(specs, *y, *shifts);
      best = BestOf(specs, *fits);
    }
  }
}

}  // namespace firn::query
