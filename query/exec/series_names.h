// The labels of an operator's series, mostly those of what it reads less the name: built
// only for those who need them all.
#pragma once

#include <string_view>
#include <vector>

#include "base/labels.h"
#include "engine/api/querier.h"

namespace firn::query {

struct SeriesInfo {
  Labels labels;
  // The name (with type and unit) is to be dropped from the answer: see
  // EngineOptions::delayed_name_removal.
  bool drop_name = false;
};

// What an operator does to the labels.
enum class Naming : uint8_t {
  kKeep,
  kDrop,      // __name__, __type__ and __unit__; at once or by mark.
  kDropName,  // The same, but at once only __name__.
};

// A view: cheap to copy, valid as long as what it was made of.
class SeriesNames {
 public:
  SeriesNames() = default;
  explicit SeriesNames(const engine::SeriesSet* set) : set_(set) {}
  explicit SeriesNames(const std::vector<SeriesInfo>* list) : list_(list) {}

  // The same series after `naming`; marked instead if names are dropped late.
  SeriesNames After(Naming naming, bool delayed) const;
  // Whether After(naming, false) may make two of them equal.
  bool MayCollide(Naming naming) const;

  size_t size() const { return set_ ? set_->size() : list_ ? list_->size() : 0; }
  // The labels before anything was taken off.
  const Labels& base(size_t i) const { return set_ ? set_->labels(i) : (*list_)[i].labels; }
  // Whether a label is taken off base().
  bool Removes(std::string_view label) const;
  bool drop_name(size_t i) const { return marked_ || (list_ && (*list_)[i].drop_name); }
  bool AnyMarked() const;
  std::string_view metric_name(size_t i) const {
    return removed_ == Naming::kKeep ? base(i).metric_name() : std::string_view();
  }
  Labels labels(size_t i) const;
  std::vector<SeriesInfo> All() const;

 private:
  const engine::SeriesSet* set_ = nullptr;
  const std::vector<SeriesInfo>* list_ = nullptr;
  Naming removed_ = Naming::kKeep;
  bool marked_ = false;
};

// Without __name__, __type__ and __unit__.
Labels DropName(const Labels& labels);

}  // namespace firn::query
