// A store in memory behind the engine's interfaces, simple enough to be right.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "engine/api/appender.h"
#include "engine/api/querier.h"
#include "tests/server/api/fake_admin.h"
#include "tests/server/api/fake_exemplar_store.h"

namespace firn::server {

class FakeStore : public engine::Appendable,
                  public engine::Queryable,
                  public FakeAdmin,
                  public FakeExemplarStore {
 public:
  struct Series {
    std::map<TimestampMs, double> floats;
    std::map<TimestampMs, HistogramPtr> histograms;
  };
  using Data = std::map<Labels, Series>;
  using SelectHook = std::function<void(const engine::SelectHints&)>;

  void Add(std::vector<std::pair<std::string, std::string>> labels, TimestampMs t, double v) {
    MutexLock lock(&mutex_);
    data_[Labels::FromPairs(std::move(labels))].floats[t] = v;
  }
  void AddHistogram(std::vector<std::pair<std::string, std::string>> labels, TimestampMs t,
                    FloatHistogram h) {
    MutexLock lock(&mutex_);
    data_[Labels::FromPairs(std::move(labels))].histograms[t] =
        std::make_shared<const FloatHistogram>(std::move(h));
  }
  Data Contents() const {
    MutexLock lock(&mutex_);
    return data_;
  }
  // What NewAppender and Commit answer until it is changed again.
  void FailAppender(Status status) { appender_status_ = std::move(status); }
  void FailCommit(Status status) { commit_status_ = std::move(status); }
  void RefuseSeriesNamed(std::string name) { refused_ = std::move(name); }
  // Called by each Select, as often as queries run.
  void OnSelect(SelectHook hook) { on_select_ = std::move(hook); }

  Result<std::unique_ptr<engine::Appender>> NewAppender() override {
    if (!appender_status_.ok()) return appender_status_;
    return std::make_unique<FakeAppender>(this);
  }
  Result<std::unique_ptr<engine::Querier>> NewQuerier() const override {
    return std::make_unique<FakeQuerier>(Contents(), on_select_);
  }
  Status DeleteSeries(const std::vector<Matchers>& selectors, const TimeRange& range) override {
    MutexLock lock(&mutex_);
    for (auto& [labels, series] : data_) {
      const auto matches = [&l = labels](const Matchers& m) { return MatchesAll(m, l); };
      if (std::none_of(selectors.begin(), selectors.end(), matches)) continue;
      std::erase_if(series.floats,
                    [&](const auto& sample) { return range.Contains(sample.first); });
    }
    return OkStatus();
  }
  Result<engine::DatabaseStatus> GetStatus(size_t limit) const override {
    engine::DatabaseStatus status;
    status.series = Contents().size();
    status.series_by_metric = {{"up", 2}, {"b<", 1}};
    status.series_by_metric.resize(std::min(limit, status.series_by_metric.size()));
    status.stored_bytes_by_metric = {{"up", 77}};
    return status;
  }
  std::vector<engine::StoredBlock> Blocks() const override {
    return {{.name = "0-1000-1",
             .start = 1000,
             .end = 2000,
             .min_time = 1100,
             .max_time = 1900,
             .series = 2,
             .samples = 3,
             .bytes = 77},
            {.name = "1-0-1", .resolution = kMinuteMs}};
  }
  bool AcceptsWrites(std::string* why) const override {
    if (!appender_status_.ok()) *why = appender_status_.message();
    return appender_status_.ok();
  }

 private:
  class FakeSet : public engine::SeriesSet {
   public:
    explicit FakeSet(std::vector<std::pair<Labels, Series>> series) : series_(std::move(series)) {}
    size_t size() const override { return series_.size(); }
    const Labels& labels(size_t i) const override { return series_[i].first; }
    Status Read(size_t i, const TimeRange& range, engine::SampleColumns* out) const override {
      out->Clear();
      for (const auto& [t, v] : series_[i].second.floats) {
        if (!range.Contains(t)) continue;
        out->t.push_back(t);
        out->v.push_back(v);
      }
      for (const auto& [t, h] : series_[i].second.histograms) {
        if (!range.Contains(t)) continue;
        out->ht.push_back(t);
        out->h.push_back(h);
      }
      return OkStatus();
    }

   private:
    std::vector<std::pair<Labels, Series>> series_;
  };

  class FakeQuerier : public engine::Querier {
   public:
    FakeQuerier(Data data, SelectHook hook) : data_(std::move(data)), on_select_(std::move(hook)) {}
    Result<std::unique_ptr<engine::SeriesSet>> Select(
        const TimeRange& range, const Matchers& matchers,
        const engine::SelectHints& hints) const override {
      if (on_select_) on_select_(hints);
      std::vector<std::pair<Labels, Series>> found;
      for (const auto& [labels, series] : data_) {
        if (Has(series, range) && MatchesAll(matchers, labels)) found.emplace_back(labels, series);
      }
      return std::make_unique<FakeSet>(std::move(found));
    }
    Result<std::vector<std::string>> LabelNames(const TimeRange& range, const Matchers& matchers,
                                                size_t limit) const override {
      return Collect(range, matchers, limit, [](const Labels& labels, auto* out) {
        for (const LabelView label : labels) out->emplace(label.name);
      });
    }
    Result<std::vector<std::string>> LabelValues(std::string_view name, const TimeRange& range,
                                                 const Matchers& matchers,
                                                 size_t limit) const override {
      return Collect(range, matchers, limit, [name](const Labels& labels, auto* out) {
        if (labels.Has(name)) out->emplace(labels.Get(name));
      });
    }

   private:
    static bool Has(const Series& series, const TimeRange& range) {
      const auto within = [&](const auto& samples) {
        return std::any_of(samples.begin(), samples.end(),
                           [&](const auto& sample) { return range.Contains(sample.first); });
      };
      return within(series.floats) || within(series.histograms);
    }
    template <typename Visit>
    std::vector<std::string> Collect(const TimeRange& range, const Matchers& matchers, size_t limit,
                                     const Visit& visit) const {
      std::set<std::string> found;
      for (const auto& [labels, series] : data_) {
        if (Has(series, range) && MatchesAll(matchers, labels)) visit(labels, &found);
      }
      std::vector<std::string> out(found.begin(), found.end());
      if (limit > 0 && out.size() > limit) out.resize(limit);
      return out;
    }
    Data data_;
    SelectHook on_select_;
  };

  class FakeAppender : public engine::Appender {
   public:
    explicit FakeAppender(FakeStore* store) : store_(store), data_(store->Contents()) {}
    Result<engine::SeriesRef> Series(std::span<const LabelView> raw) override {
      std::vector<std::pair<std::string, std::string>> pairs;
      for (const LabelView& label : raw) {
        if (std::max(label.name.size(), label.value.size()) > kLabelStringBytesMax) {
          return InvalidArgument("label too long");
        }
        pairs.emplace_back(label.name, label.value);
      }
      Labels labels = Labels::FromPairs(std::move(pairs));
      if (labels.metric_name().empty()) return InvalidArgument("no metric name");
      if (labels.size() != raw.size()) return InvalidArgument("duplicate label");
      if (!store_->refused_.empty() && labels.metric_name() == store_->refused_) {
        return ResourceExhausted("too many series");
      }
      refs_.push_back(std::move(labels));
      return engine::SeriesRef(refs_.size() - 1);
    }
    Status Append(engine::SeriesRef ref, std::span<const Sample> samples) override {
      auto& series = data_[refs_[static_cast<size_t>(ref)]];
      for (const Sample& sample : samples) {
        if (!series.floats.empty() && sample.t < series.floats.rbegin()->first) {
          return OutOfOrder("out of order sample");
        }
        series.floats[sample.t] = sample.v;
        ++counts_.samples;
      }
      return OkStatus();
    }
    Status AppendHistogram(engine::SeriesRef ref, TimestampMs t, HistogramPtr h) override {
      data_[refs_[static_cast<size_t>(ref)]].histograms[t] = std::move(h);
      ++counts_.histograms;
      return OkStatus();
    }
    void AppendStart(engine::SeriesRef ref, TimestampMs start,
                     const FloatHistogram* like) override {
      auto& series = data_[refs_[static_cast<size_t>(ref)]];
      if (like != nullptr) {
        series.histograms[start] = std::make_shared<const FloatHistogram>();
      } else {
        series.floats[start] = 0;
      }
    }
    Result<engine::AppendCounts> Commit() override {
      if (!store_->commit_status_.ok()) return store_->commit_status_;
      MutexLock lock(&store_->mutex_);
      store_->data_ = std::move(data_);
      return counts_;
    }

   private:
    FakeStore* store_;
    Data data_;
    std::vector<Labels> refs_;
    engine::AppendCounts counts_;
  };

  mutable Mutex mutex_;
  Data data_ ABSL_GUARDED_BY(mutex_);
  Status appender_status_;
  Status commit_status_;
  std::string refused_;
  SelectHook on_select_;
};

}  // namespace firn::server
