#include "query/forecast/simulate.h"

#include <algorithm>
#include <array>
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
        excess_(grid.excess.empty() ? 0 : options.steps),
        together_(kRunsTogether * options.steps) {
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
      // In order, so that each member of the mixture gets its exact share of the runs.
      const double share = (static_cast<double>(run) + 0.5) / static_cast<double>(runs);
      out.slopes.push_back(SimulateTrend(model_.trend, share, &random_, level_, noise_));
      DrawPath();
      if (!options_.limit.empty()) out.first_passage.push_back(FirstPassage());
      const size_t first = run / kRunsTogether * kRunsTogether;
      std::copy(path_.begin(), path_.end(),
                together_.begin() + static_cast<std::ptrdiff_t>((run - first) * steps));
      if (run + 1 == runs || run + 1 == first + kRunsTogether) LayAside(first, run + 1, &all);
    }
    TakeQuantiles(all, &out);
    return out;
  }

 private:
  TimestampMs TimeOf(size_t step) const {
    return grid_.end() + static_cast<DurationMs>(step) * grid_.step;
  }

  // Runs [first, after). One by one they would touch a line of the cache for each number.
  void LayAside(size_t first, size_t after, std::vector<double>* all) const {
    const size_t steps = options_.steps;
    for (size_t i = 0; i < steps; ++i) {
      double* const to = all->data() + i * options_.runs + first;
      for (size_t k = 0; k < after - first; ++k) to[k] = together_[k * steps + i];
    }
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

  // The level between the middles of bins, and each bin's own noise; the last known bin is half
  // over already.
  void LayLevel() {
    const size_t width = model_.bins.steps;
    const double per_step = 1 / static_cast<double>(width);
    const double offset = 0.5 * static_cast<double>(width + 1);  // Of the first step, in steps.
    size_t i = 0;
    for (size_t bin = 0; i < path_.size(); ++bin) {
      // Steps whose time lies between the middles of this bin and the next.
      const size_t after =
          std::min(path_.size(),
                   static_cast<size_t>(std::ceil(static_cast<double>((bin + 1) * width) - offset)));
      const double slope = (level_[bin + 1] - level_[bin]) * per_step;
      const double start = level_[bin] + slope * (offset - static_cast<double>(bin * width));
      for (; i < after; ++i) path_[i] = start + slope * static_cast<double>(i);
    }
    for (size_t first = 0, bin = 1; first < path_.size(); first += width, ++bin) {
      const double noise = noise_[bin];
      if (noise == 0) continue;
      const size_t after = std::min(path_.size(), first + width);
      for (size_t k = first; k < after; ++k) path_[k] += noise;
    }
  }

  void LayLeftovers() {
    const size_t block = model_.block;
    for (size_t first = 0; first < path_.size(); first += block) {
      const size_t from =
          model_.blocks_have_phase ? DrawDay() : random_.Below(model_.pool.size() - block + 1);
      const size_t count = std::min(block, path_.size() - first);
      const double* left = model_.pool.data() + from;
      const double* season = season_.data() + first;
      double* path = path_.data() + first;
      if (model_.season.multiplicative()) {
        for (size_t k = 0; k < count; ++k) {
          const double gain = model_.season.Gain(path[k]);
          path[k] += gain * (season[k] + left[k]);
          if (!excess_.empty()) excess_[first + k] = gain * model_.pool_excess[from + k];
        }
      } else {
        for (size_t k = 0; k < count; ++k) path[k] += season[k] + left[k];
        if (!excess_.empty()) {
          std::copy_n(model_.pool_excess.begin() + static_cast<std::ptrdiff_t>(from), count,
                      excess_.begin() + static_cast<std::ptrdiff_t>(first));
        }
      }
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

  void TakeQuantiles(const std::vector<double>& all, Simulation* out) const {
    const size_t steps = options_.steps, runs = options_.runs;
    const auto rank = [&](double q) {
      return std::min(static_cast<size_t>(q * static_cast<double>(runs)), runs - 1);
    };
    const double tail = (1 - options_.confidence) / 2;
    const std::array<size_t, 3> ranks = {rank(tail), rank(0.5), runs - 1 - rank(tail)};
    for (auto* v : {&out->median, &out->lower, &out->upper}) v->resize(steps);
    RankSelector selector;
    std::array<double, 3> found;
    for (size_t i = 0; i < steps; ++i) {
      selector.Select(std::span(all).subspan(i * runs, runs), ranks, found);
      out->lower[i] = found[0];
      out->median[i] = found[1];
      out->upper[i] = found[2];
    }
  }

  const SeriesModel& model_;
  const ModelGrid& grid_;
  const SimulationOptions& options_;
  FastRandom random_;
  static constexpr size_t kRunsTogether = 8;
  std::vector<double> season_, path_, excess_, level_, noise_;
  std::vector<double> together_;  // Paths of the last runs, one after another.
};

}  // namespace

Simulation Simulate(const SeriesModel& model, const ModelGrid& grid,
                    const SimulationOptions& options) {
  FIRN_CHECK(options.steps >= 1 && options.runs >= 1);
  return Simulator(model, grid, options).Run();
}

}  // namespace firn::query
