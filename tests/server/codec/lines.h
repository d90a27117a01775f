// A visitor that writes down what it is given, one line per thing.
#pragma once

#include <string>
#include <vector>

#include <fmt/core.h>

#include "server/codec/json.h"
#include "server/codec/write_visitor.h"

namespace firn::server {

struct Lines : WriteVisitor {
  static std::string Text(std::span<const LabelView> labels) {
    std::string text;
    for (const LabelView& label : labels) text += fmt::format("{}={},", label.name, label.value);
    return text;
  }
  Status OnSeries(const WriteSeries& s) override {
    lines.push_back("series " + Text(s.labels));
    for (size_t i = 0; i < s.samples.size(); ++i) {
      lines.push_back(fmt::format("sample {} @{}", s.samples[i].v, s.samples[i].t));
      if (!s.starts.empty()) lines.back() += fmt::format(" from {}", s.starts[i]);
    }
    for (const TimedHistogram& h : s.histograms) {
      lines.push_back(fmt::format("histogram @{} ", h.t));
      if (h.start != 0) lines.back() += fmt::format("from {} ", h.start);
      AppendJsonHistogram(*h.histogram, &lines.back());
    }
    for (const WriteExemplar& e : s.exemplars) {
      lines.push_back(fmt::format("exemplar {} {} @{}", Text(e.labels), e.v, e.t));
    }
    for (const Status& problem : s.problems) {
      lines.push_back(fmt::format("problem {}", problem.message()));
    }
    if (s.metadata != nullptr) {
      lines.push_back(
          fmt::format("metadata {} {} {}", s.metadata->type, s.metadata->help, s.metadata->unit));
    }
    return series_status;
  }
  Status OnMetadata(const WriteMetadata& m) override {
    lines.push_back(fmt::format("metadata {}: {} {} {}", m.metric, m.type, m.help, m.unit));
    return OkStatus();
  }
  Status OnUnreadableSeries(const Status& problem, size_t samples) override {
    lines.push_back(fmt::format("unreadable with {}: {}", samples, problem.message()));
    return OkStatus();
  }

  std::vector<std::string> lines;
  Status series_status;  // What OnSeries answers.
};

}  // namespace firn::server
