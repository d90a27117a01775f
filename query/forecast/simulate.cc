#include "query/forecast/simulate.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "query/forecast/robust.h"

namespace firn::query {

namespace {

// One thread at a time; lives for one simulation.
class Simulator {
 public:
  Simulator(const SeriesModel& model, const ModelGrid& grid, const SimulationOptions& options)
      : model_(model),
        grid_(grid),
        options_(options),
        random_(options.seed),
        path_(options.steps),
        excess_(grid.excess.empty() ? 0 : options.steps) {
    season_.resize(options.steps);
    for (size_t i = 0; i < options.steps; ++i) season_[i] = model.season.At(TimeOf(i));
    // Bins from the last known one to beyond the last step.
    const size_t bins = options.steps / model.bins.steps + 3;
    level_.resize(bins);
    noise_.resize(bins);
  }

  Simulation Run() {
    const size_t steps = options_.steps, runs = options_.runs;
    Simulation out;
    std::vector<double> all(steps * runs);  // Of each step all runs side by side.
    for (size_t run = 0; run < runs; ++run) {
      // Halves of the runs interleaved: each member of the mixture gets its even share.
      const double share = (static_cast<double>(run) + 0.5) / static_cast<double>(runs);
      out.slopes.push_back(SimulateTrend(model_.trend, share, &random_, level_, noise_));
      DrawPath();
      for (size_t i = 0; i < steps; ++i) all[i * runs + run] = path_[i];
      if (!options_.limit.empty()) out.first_passage.push_back(FirstPassage());
    }
    TakeQuantiles(&all, &out);
    return out;
  }

 private:
  TimestampMs TimeOf(size_t step) const {
    return grid_.end() + static_cast<DurationMs>(step) * grid_.step;
  }

  void DrawPath() {
    LayLevel();
    LayLeftovers();
    for (double& v : path_) v = std::clamp(v, options_.lower_bound, options_.upper_bound);
    if (options_.load_changes.empty()) return;
    for (size_t i = 0; i < path_.size(); ++i) {
      const double before = path_[i];
      path_[i] = ApplyChanges(before, TimeOf(i), options_.load_changes);
      if (!excess_.empty()) {
        excess_[i] = ApplyChanges(before + excess_[i], TimeOf(i), options_.load_changes) - path_[i];
      }
    }
  }

  // The level between the middles of bins; the last known bin is half over already.
  void LayLevel() {
    const double width = static_cast<double>(model_.bins.steps);
    const double offset = 0.5 * (width + 1) / width;  // Of the first step, in bins.
    for (size_t i = 0; i < path_.size(); ++i) {
      const double at = offset + static_cast<double>(i) / width;
      const size_t bin = static_cast<size_t>(at);
      path_[i] = level_[bin] + (at - static_cast<double>(bin)) * (level_[bin + 1] - level_[bin]);
    }
  }

  void LayLeftovers() {
    const size_t block = model_.block;
    const size_t size = model_.pool.size();
    const bool scaled = model_.season.multiplicative();
    size_t from = 0;
    for (size_t i = 0; i < path_.size(); ++i) {
      const size_t within = i % block;
      if (within == 0) {
        from = model_.blocks_have_phase ? DrawDay() : random_.Below(size - block + 1);
      }
      const double gain = scaled ? model_.season.Gain(path_[i]) : 1;
      path_[i] +=
          gain * (season_[i] + model_.pool[from + within]) + noise_[1 + i / model_.bins.steps];
      if (!excess_.empty()) excess_[i] = gain * model_.pool_excess[from + within];
    }
  }

  // A day of the pool, an hour or two early or late: the pattern of the noise over the day is kept,
  // and a phase has more values to draw from than there are days.
  size_t DrawDay() {
    const size_t block = model_.block;
    const size_t most = model_.pool.size() - block;
    const size_t play = block / 12;
    const size_t late =
        random_.Below(model_.pool.size() / block) * block + random_.Below(2 * play + 1);
    return std::min(late < play ? 0 : late - play, most);
  }

  size_t FirstPassage() const {
    const bool rising = options_.direction == LimitDirection::kRising;
    for (size_t i = 0; i < path_.size(); ++i) {
      const double extreme = excess_.empty()
                                 ? path_[i]
                                 : std::clamp(path_[i] + excess_[i], options_.lower_bound,
                                              std::numeric_limits<double>::infinity());
      if (rising ? extreme >= options_.limit[i] : extreme <= options_.limit[i]) return i;
    }
    return path_.size();
  }

  void TakeQuantiles(std::vector<double>* all, Simulation* out) const {
    const size_t steps = options_.steps, runs = options_.runs;
    const auto rank = [&](double q) {
      return std::min(static_cast<size_t>(q * static_cast<double>(runs)), runs - 1);
    };
    const double tail = (1 - options_.confidence) / 2;
    const auto low = static_cast<std::ptrdiff_t>(rank(tail));
    const auto half = static_cast<std::ptrdiff_t>(rank(0.5));
    const auto high = static_cast<std::ptrdiff_t>(runs - 1 - rank(tail));
    for (auto* v : {&out->median, &out->lower, &out->upper}) v->resize(steps);
    for (size_t i = 0; i < steps; ++i) {
      const auto first = all->begin() + static_cast<std::ptrdiff_t>(i * runs);
      const auto last = first + static_cast<std::ptrdiff_t>(runs);
      std::nth_element(first, first + half, last);
      std::nth_element(first, first + low, first + half);
      std::nth_element(first + half, first + high, last);
      out->lower[i] = first[low];
      out->median[i] = first[half];
      out->upper[i] = first[high];
    }
  }

  const SeriesModel& model_;
  const ModelGrid& grid_;
  const SimulationOptions& options_;
  FastRandom random_;
  std::vector<double> season_, path_, excess_, level_, noise_;
};

}  // namespace

Simulation Simulate(const SeriesModel& model, const ModelGrid& grid,
                    const SimulationOptions& options) {
  FIRN_CHECK(options.steps >= 1 && options.runs >= 1);
  return Simulator(model, grid, options).Run();
}

}  // namespace firn::query
