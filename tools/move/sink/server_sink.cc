#include "tools/move/sink/server_sink.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "engine/head/registry/label_check.h"
#include "server/codec/remote/write_request.h"
#include "tools/move/sink/stored_counts.h"

namespace firn::tools {

namespace {

constexpr size_t kBatchSamples = 10'000;
constexpr DurationMs kFirstPauseMs = 200;
constexpr DurationMs kLongestPauseMs = 10 * kSecondMs;

// Samples of one series on their way to the server.
struct Pending {
  Labels labels;
  std::vector<Sample> samples;
  std::vector<server::TimedHistogram> histograms;
  struct Exemplar {
    Labels labels;
    double v;
    TimestampMs t;
  };
  std::vector<Exemplar> exemplars;

  size_t size() const { return samples.size() + histograms.size(); }
};

Labels MakeLabels(std::span<const LabelView> views) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const LabelView& label : views) {
    pairs.emplace_back(std::string(label.name), std::string(label.value));
  }
  return Labels::FromPairs(std::move(pairs));
}

void Encode(const Pending& pending, server::WriteRequestWriter* request) {
  const std::vector<LabelView> labels(pending.labels.begin(), pending.labels.end());
  std::vector<std::vector<LabelView>> exemplar_labels;
  std::vector<server::WriteExemplar> exemplars;
  for (const Pending::Exemplar& e : pending.exemplars) {
    exemplar_labels.emplace_back(e.labels.begin(), e.labels.end());
  }
  for (size_t i = 0; i < pending.exemplars.size(); ++i) {
    exemplars.push_back({exemplar_labels[i], pending.exemplars[i].v, pending.exemplars[i].t});
  }
  request->AddSeries(labels, pending.samples, pending.histograms, exemplars);
}

// The later half of a series' samples, which it loses.
Pending SplitSamples(Pending* series) {
  Pending rest;
  rest.labels = series->labels;
  const auto move_half = [](auto* from, auto* to) {
    const auto middle = from->begin() + static_cast<std::ptrdiff_t>((from->size() + 1) / 2);
    to->assign(middle, from->end());
    from->erase(middle, from->end());
  };
  if (series->samples.empty() || series->histograms.empty()) {
    move_half(&series->samples, &rest.samples);
    move_half(&series->histograms, &rest.histograms);
  } else {
    rest.histograms = std::move(series->histograms);
    series->histograms.clear();
  }
  return rest;
}

class ServerSink : public ImportSink {
 public:
  ServerSink(ServerClient server, const ServerSinkOptions& options)
      : options_(options), server_(std::move(server)) {}

  Status OnSeries(const server::WriteSeries& series) override {
    const size_t samples = series.samples.size() + series.histograms.size();
    counts_.read += samples;
    counts_.histograms += series.histograms.size();
    sorted_.assign(series.labels.begin(), series.labels.end());
    std::stable_sort(sorted_.begin(), sorted_.end(),
                     [](const LabelView& a, const LabelView& b) { return a.name < b.name; });
    const Status usable = engine::CheckLabels(sorted_, {});
    if (!usable.ok()) {
      counts_.rejected += samples;
      NoteProblem(usable.message());
      return OkStatus();
    }
    Pending& pending = Find();
    pending.samples.insert(pending.samples.end(), series.samples.begin(), series.samples.end());
    pending.histograms.insert(pending.histograms.end(), series.histograms.begin(),
                              series.histograms.end());
    for (const server::WriteExemplar& e : series.exemplars) {
      pending.exemplars.push_back({MakeLabels(e.labels), e.v, e.t});
      ++counts_.exemplars;
    }
    pending_samples_ += samples;
    return pending_samples_ < kBatchSamples ? OkStatus() : SendAll();
  }

  Status OnMetadata(const server::WriteMetadata& metadata) override {
    server::WriteRequestWriter request;
    request.AddMetadata(metadata);
    ++counts_.metadata;
    FIRN_ASSIGN_OR_RETURN(const HttpAnswer answer, Post(request.Finish()));
    if (answer.status / 100 != 2) NoteProblem(answer.body);
    return OkStatus();
  }

  Status OnUnreadableSeries(const Status& problem, size_t samples) override {
    counts_.read += samples;
    counts_.rejected += samples;
    NoteProblem(problem.message());
    return OkStatus();
  }

  // Requests are small, so nothing is gained by waiting for more.
  bool full() const override { return pending_samples_ > 0; }
  Status EndPart(std::string position) override {
    FIRN_RETURN_IF_ERROR(SendAll());
    durable_ = std::move(position);
    return OkStatus();
  }
  Status Wait() override { return OkStatus(); }
  std::string durable_position() const override { return durable_; }
  ImportCounts counts() const override { return counts_; }
  const Tallies& tallies() const override { return tallies_; }
  std::vector<std::string> problems() const override { return problems_; }
  Result<Tallies> CountStored() override { return CountStoredByQuery(tallies_, &server_); }

 private:
  Pending& Find() {
    if (!pending_.empty() && engine::EqualsPacked(sorted_, pending_.back().labels.packed())) {
      return pending_.back();
    }
    pending_.push_back(
        {.labels = MakeLabels(sorted_), .samples = {}, .histograms = {}, .exemplars = {}});
    return pending_.back();
  }

  Status SendAll() {
    std::vector<Pending> batch;
    batch.swap(pending_);
    pending_samples_ = 0;
    return batch.empty() ? OkStatus() : Send(std::move(batch));
  }

  // What the server refuses is halved until it is known which samples are to blame.
  Status Send(std::vector<Pending> batch) {
    server::WriteRequestWriter request;
    for (const Pending& series : batch) Encode(series, &request);
    FIRN_ASSIGN_OR_RETURN(const HttpAnswer answer, Post(request.Finish()));
    if (answer.status / 100 == 2) {
      for (const Pending& series : batch) Accept(series);
      return OkStatus();
    }
    if (answer.status != 400 && answer.status != 413) {
      return InvalidArgument("the server answered {}: {}", answer.status, answer.body);
    }
    if (batch.size() == 1 && batch[0].size() <= 1) return Reject(answer.body);
    std::vector<Pending> rest;
    if (batch.size() > 1) {
      const auto middle = batch.begin() + static_cast<std::ptrdiff_t>(batch.size() / 2);
      rest.assign(std::make_move_iterator(middle), std::make_move_iterator(batch.end()));
      batch.erase(middle, batch.end());
    } else {
      rest.push_back(SplitSamples(&batch[0]));
    }
    FIRN_RETURN_IF_ERROR(Send(std::move(batch)));
    return Send(std::move(rest));
  }

  void Accept(const Pending& series) {
    counts_.accepted += series.size();
    MetricTally& tally = tallies_[std::string(series.labels.metric_name())];
    const auto add = [&](TimestampMs t, bool stale) {
      tally.samples += stale ? 0 : 1;
      tally.min = std::min(tally.min, t);
      tally.max = std::max(tally.max, t);
    };
    for (const Sample& s : series.samples) add(s.t, IsStaleNan(s.v));
    for (const server::TimedHistogram& h : series.histograms) add(h.t, h.histogram->IsStale());
  }

  Status Reject(const std::string& why) {
    ++counts_.rejected;
    NoteProblem(why);
    if (counts_.rejected <= options_.rejected_max) return OkStatus();
    return InvalidArgument(
        "the server refused more than {} samples, the last one since: {}. Samples that are older "
        "than it takes need its setting backfill: true",
        options_.rejected_max, why);
  }

  // Repeats what may succeed later.
  Result<HttpAnswer> Post(const std::string& body) {
    using Clock = std::chrono::steady_clock;
    const auto give_up = Clock::now() + std::chrono::milliseconds(options_.retry_ms);
    DurationMs pause = kFirstPauseMs;
    while (true) {
      auto answer = server_.client.Post(server_.prefix + "/api/v1/write", "application/x-protobuf",
                                        "snappy", body);
      const bool later = answer.ok() ? answer->status == 429 || answer->status / 100 == 5
                                     : answer.status().code() == StatusCode::kUnavailable;
      if (!later || Clock::now() > give_up) {
        if (answer.ok() && later) {
          return Unavailable("the server answered {}: {}", answer->status, answer->body);
        }
        return answer;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(pause));
      pause = std::min(2 * pause, kLongestPauseMs);
    }
  }

  void NoteProblem(std::string_view problem) {
    while (problem.ends_with('\n')) problem.remove_suffix(1);
    if (problems_.size() < kProblemsMax) problems_.emplace_back(problem);
  }

  const ServerSinkOptions options_;
  ServerClient server_;
  std::vector<Pending> pending_;
  size_t pending_samples_ = 0;
  std::vector<LabelView> sorted_;
  ImportCounts counts_;
  Tallies tallies_;
  std::string durable_;
  std::vector<std::string> problems_;
};

}  // namespace

Result<std::unique_ptr<ImportSink>> MakeServerSink(const ServerSinkOptions& options) {
  FIRN_ASSIGN_OR_RETURN(ServerClient server, MakeClient(options.access));
  return std::make_unique<ServerSink>(std::move(server), options);
}

}  // namespace firn::tools
