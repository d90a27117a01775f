// The way of a remote-write request from its body to samples in the head, without disk and HTTP,
// as a whole and in parts.
#include <snappy.h>

#include <memory>
#include <protozero/pbf_writer.hpp>

#include "base/check.h"
#include "bench/counts/case.h"
#include "engine/head/head_batch.h"
#include "engine/head/journal/journal_replayer.h"
#include "server/codec/remote_write.h"

namespace firn::bench {
namespace {

constexpr int kSeries = 2000;
constexpr TimestampMs kStart = 1'700'000'000'000;
constexpr TimestampMs kStepMs = 15'000;

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs LabelsOf(int i) {
  return {{"__name__", "node_cpu_seconds_total_" + std::to_string(i % 100)},
          {"cluster", "production-eu-west"},
          {"cpu", std::to_string(i % 16)},
          {"instance", "10.0." + std::to_string(i / 100 % 256) + ".7:9100"},
          {"job", "node"},
          {"mode", "system"},
          {"namespace", "monitoring"},
          {"pod", "node-exporter-" + std::to_string(i / 100)}};
}

double ValueOf(int i, int step) { return i % 2 == 0 ? 42 : i * 977 + step * (i % 7) * 1.5; }

// The body of one scrape of all series.
std::string Body(int step) {
  std::string message;
  protozero::pbf_writer request(message);
  for (int i = 0; i < kSeries; ++i) {
    protozero::pbf_writer series(request, 1);
    for (const auto& [name, value] : LabelsOf(i)) {
      protozero::pbf_writer label(series, 1);
      label.add_string(1, name);
      label.add_string(2, value);
    }
    protozero::pbf_writer sample(series, 2);
    sample.add_double(1, ValueOf(i, step));
    sample.add_int64(2, kStart + step * kStepMs);
  }
  std::string block;
  snappy::Compress(message.data(), message.size(), &block);
  return block;
}

// What the server does with each series, less its counting.
class ToBatch : public server::WriteVisitor {
 public:
  explicit ToBatch(engine::HeadBatch* batch) : batch_(*batch) {}
  Status OnSeries(const server::WriteSeries& series) override {
    FIRN_ASSIGN_OR_RETURN(const engine::SeriesRef ref, batch_.FindSeries(series.labels));
    if (!series.wire.empty()) batch_.Remember(ref, series.wire);
    return batch_.Append(ref, series.samples);
  }
  Status OnMetadata(const server::WriteMetadata&) override { return OkStatus(); }
  size_t Recognise(std::string_view wire) override {
    recognised_ = batch_.Recognise(wire);
    return recognised_.label_bytes;
  }
  bool OnRecognised(std::span<const Sample> samples) override {
    return batch_.Append(recognised_.series, samples).ok();
  }

 private:
  engine::HeadBatch& batch_;
  engine::RecognisedSeries recognised_;
};

class Ignore : public server::WriteVisitor {
 public:
  Status OnSeries(const server::WriteSeries& series) override {
    Keep(series.labels.data());
    return OkStatus();
  }
  Status OnMetadata(const server::WriteMetadata&) override { return OkStatus(); }
};

std::shared_ptr<engine::Head> MakeHead() {
  engine::HeadOptions options;
  options.future_ms = 0;
  return std::make_shared<engine::Head>(options);
}

void Write(engine::Head* head, std::string_view body, uint64_t journal) {
  const auto message = server::DecodeSnappy(body, body.size() * 64);
  FIRN_CHECK(message.ok());
  engine::HeadBatch batch(head);
  ToBatch visitor(&batch);
  FIRN_CHECK(server::DecodeWriteRequest(message->view(), &visitor).ok());
  Keep(batch.EncodeEntry().data());
  batch.Apply(journal);
}

// Requests that follow one another, as of a sender that goes on as before.
std::function<void()> WriteSteady() {
  constexpr int kSteps = 2;
  auto bodies = std::make_shared<std::vector<std::string>>();
  for (int step = 0; step <= kSteps; ++step) bodies->push_back(Body(step));
  auto head = MakeHead();
  Write(head.get(), bodies->front(), 1);
  auto next = std::make_shared<size_t>(1);
  return [=] {
    Write(head.get(), (*bodies)[*next], *next + 1);
    ++*next;
  };
}

// The first request of a sender: every series is new.
std::function<void()> WriteNewSeries() {
  return [body = Body(0)] { Write(MakeHead().get(), body, 1); };
}

std::function<void()> Decode() {
  return [body = Body(0)] {
    const auto message = server::DecodeSnappy(body, body.size() * 64);
    Ignore visitor;
    FIRN_CHECK(server::DecodeWriteRequest(message->view(), &visitor).ok());
  };
}

std::string Entry() {
  engine::JournalEntryWriter writer;
  for (int i = 0; i < kSeries; ++i) {
    writer.Add(static_cast<uint64_t>(i) + 1, {kStart, ValueOf(i, 1)});
  }
  return std::string(writer.Finish());
}

std::function<void()> JournalEncode() {
  return [] { Keep(Entry().data()); };
}

class IgnoreSamples : public engine::JournalEntryVisitor {
 public:
  void OnSample(uint64_t series, Sample sample) override {
    Keep(series);
    Keep(sample.v);
  }
  void OnDifference(uint64_t series, TimestampMs, const engine::JournalDifference& since) override {
    Keep(series);
    Keep(since.amount);
  }
  void OnHistogram(uint64_t, TimestampMs, HistogramPtr) override {}
};

std::function<void()> JournalDecode() {
  return [entry = Entry()] {
    IgnoreSamples visitor;
    FIRN_CHECK(engine::ReadJournalEntry(entry, &visitor).ok());
  };
}

std::function<void()> SelectByRegex() {
  auto head = MakeHead();
  Write(head.get(), Body(0), 1);
  const auto name = Matcher::Create(MatchType::kRegex, "__name__", "node_.*_total_1.*");
  const auto pod = Matcher::Create(MatchType::kNotEqual, "pod", "node-exporter-3");
  return [head, matchers = Matchers{*name, *pod}] { Keep(head->table().Select(matchers)); };
}

}  // namespace

std::vector<Case> IngestCases() {
  return {{"write_steady", kSeries, WriteSteady},     {"write_new_series", kSeries, WriteNewSeries},
          {"write_decode", kSeries, Decode},          {"journal_encode", kSeries, JournalEncode},
          {"journal_decode", kSeries, JournalDecode}, {"head_select", kSeries, SelectByRegex}};
}

}  // namespace firn::bench
