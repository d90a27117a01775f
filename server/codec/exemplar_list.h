// The exemplars of one series while it is decoded. Internal to server/codec.
#pragma once

#include <span>
#include <vector>

#include "server/codec/write_visitor.h"

namespace firn::server {

// Keeps its buffers from series to series. Labels of all exemplars share one vector, so spans
// over it are made only when the last one is in.
class ExemplarList {
 public:
  void clear() {
    exemplars_.clear();
    ends_.clear();
    labels_.clear();
  }
  // A new exemplar; the reference is valid until the next call.
  WriteExemplar& Begin() {
    exemplars_.emplace_back();
    ends_.push_back(labels_.size());
    return exemplars_.back();
  }
  // A label of the last exemplar begun.
  void AddLabel(LabelView label) {
    labels_.push_back(label);
    ends_.back() = labels_.size();
  }
  // Takes the last exemplar away again.
  void Drop() {
    exemplars_.pop_back();
    ends_.pop_back();
    labels_.resize(ends_.empty() ? 0 : ends_.back());
  }
  // Valid until the list changes.
  std::span<const WriteExemplar> Finish() {
    size_t begin = 0;
    for (size_t i = 0; i < exemplars_.size(); ++i) {
      exemplars_[i].labels = std::span(labels_).subspan(begin, ends_[i] - begin);
      begin = ends_[i];
    }
    return exemplars_;
  }

 private:
  std::vector<WriteExemplar> exemplars_;
  std::vector<size_t> ends_;
  std::vector<LabelView> labels_;
};

}  // namespace firn::server
