#include "bench/load/workload.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/core.h>
#include <protozero/pbf_writer.hpp>

namespace firn::bench {
namespace {

// A number for a target and a step, the same in every process.
uint64_t Draw(uint64_t seed, uint64_t target, uint64_t step) {
  Random random(seed * 0x2545f4914f6cdd1d + target * 0x9e3779b1 + step * 0x85ebca77);
  random.Next();
  return random.Next();
}

double StaleMarker() {
  const uint64_t bits = 0x7ff0000000000002;
  double value = 0;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

void AddSeries(const std::string& labels, double value, int64_t time, std::string* sample,
               std::string* out) {
  sample->clear();
  protozero::pbf_writer fields(*sample);
  fields.add_double(1, value);
  fields.add_int64(2, time);
  protozero::pbf_writer request(*out);
  protozero::pbf_writer message(request, 1);
  out->append(labels);
  message.add_message(2, *sample);
}

}  // namespace

Workload::Workload(const WorkloadOptions& options, const Fleet& fleet, uint32_t part,
                   uint32_t parts)
    : options_(options) {
  uint32_t all = 0;
  for (uint32_t number = 0; all < options.series; ++number) {
    all += fleet.SeriesOf(number);
    if (number % parts != part) continue;
    Member member{fleet.Make(number), number, size_, 0, false, 0, {}, {}, {}};
    EncodeLabels(&member);
    size_ += static_cast<uint32_t>(member.labels.size());
    member_of_.resize(size_, static_cast<uint32_t>(members_.size()));
    for (const LabelPairs& labels : member.target->Labels()) {
      quantile_.push_back(std::any_of(labels.begin(), labels.end(),
                                      [](const auto& pair) { return pair.first == "quantile"; }));
    }
    members_.push_back(std::move(member));
  }
}

void Workload::EncodeLabels(Member* member) const {
  member->old_labels.swap(member->labels);
  member->labels.clear();
  for (LabelPairs& labels : member->target->Labels()) {
    if (member->generation > 0) {
      labels.emplace_back("incarnation", fmt::format("n{}", member->generation));
      std::sort(labels.begin(), labels.end());
    }
    std::string out;
    for (const auto& [name, value] : labels) {
      std::string pair;
      protozero::pbf_writer label(pair);
      label.add_string(1, name);
      label.add_string(2, value);
      protozero::pbf_writer(out).add_message(1, pair);
    }
    member->labels.push_back(std::move(out));
  }
}

bool Workload::Renews(const Member& member, uint64_t step) const {
  if (options_.churn_steps == 0 || step == 0 || step % options_.churn_steps != 0) return false;
  return Draw(options_.seed + 1, member.number, step) % 100 < options_.churn_percent;
}

void Workload::Advance(uint64_t step) {
  for (; next_step_ <= step; ++next_step_) {
    for (Member& member : members_) {
      member.target->Scrape(&member.values);
      member.renewed = Renews(member, next_step_);
      if (member.renewed) {
        ++member.generation;
        EncodeLabels(&member);
      }
    }
  }
  for (Member& member : members_) {
    // Even numbers between 0.1 and 0.9 s past a full second: a query at a full second or at
    // an odd millisecond never meets a sample on the edge of a window.
    int64_t late = 0;
    if (options_.spread) {
      const uint64_t draw = Draw(options_.seed, member.number, 0);
      const auto seconds = static_cast<int64_t>(draw % (options_.step_ms / 1000));
      late = seconds * 1000 + 100 + static_cast<int64_t>((draw >> 32) % 350) * 2;
    }
    const uint64_t draw = Draw(options_.seed + 2, member.number, step + 1);
    if (options_.jitter_ms > 0 && draw % 100 < 3) {
      late += static_cast<int64_t>((draw >> 32) % (options_.jitter_ms / 2 + 1)) * 2;
    }
    member.time = options_.start_ms + static_cast<int64_t>(step) * options_.step_ms + late;
  }
}

uint32_t Workload::EncodeRequest(uint32_t begin, uint32_t end, std::string* out) {
  out->clear();
  std::string sample;
  uint32_t count = 0;
  for (uint32_t i = begin; i < end; ++i) {
    const Member& member = members_[member_of_[i]];
    const uint32_t n = i - member.first;
    if (member.renewed) {
      AddSeries(member.old_labels[n], StaleMarker(), member.time, &sample, out);
      ++count;
    }
    AddSeries(member.labels[n], member.values[n], member.time, &sample, out);
    ++count;
    if (!std::isnan(member.values[n]) && !quantile_[i]) ++numbers_;
  }
  return count;
}

}  // namespace firn::bench
