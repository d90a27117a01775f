#include "query/exec/series_names.h"

#include <algorithm>
#include <array>

namespace firn::query {
namespace {

constexpr std::array<std::string_view, 3> kReserved = {kMetricName, "__type__", "__unit__"};

bool IsReserved(std::string_view label) {
  return label.starts_with("__") && std::ranges::find(kReserved, label) != kReserved.end();
}

}  // namespace

Labels DropName(const Labels& labels) {
  std::vector<LabelView> kept;
  bool found = false;
  for (const LabelView label : labels) {
    if (IsReserved(label.name)) {
      found = true;
    } else {
      kept.push_back(label);
    }
  }
  return found ? Labels::FromSortedViews(kept) : labels;
}

SeriesNames SeriesNames::After(Naming naming, bool delayed) const {
  SeriesNames out = *this;
  if (naming == Naming::kKeep) return out;
  if (delayed) {
    out.marked_ = true;
  } else if (removed_ != Naming::kDrop) {
    out.removed_ = naming;
  }
  return out;
}

bool SeriesNames::MayCollide(Naming naming) const {
  if (naming == Naming::kKeep || removed_ == Naming::kDrop || size() == 0) return false;
  const auto get = [&](size_t i, std::string_view label) {
    return Removes(label) ? std::string_view() : base(i).Get(label);
  };
  const std::array<std::string_view, 3> first = {get(0, kReserved[0]), get(0, kReserved[1]),
                                                 get(0, kReserved[2])};
  // The sets were distinct before; with these three equal everywhere they stay distinct.
  for (size_t i = 1; i < size(); ++i) {
    std::array<std::string_view, 3> mine;
    for (const LabelView label : base(i)) {
      // Sorted by name: beyond the last one there is nothing to find.
      if (label.name > kReserved.back()) break;
      for (size_t k = 0; k < kReserved.size(); ++k) {
        if (label.name == kReserved[k] && !Removes(label.name)) mine[k] = label.value;
      }
    }
    if (mine != first) return true;
  }
  return false;
}

bool SeriesNames::Removes(std::string_view label) const {
  switch (removed_) {
    case Naming::kKeep:
      return false;
    case Naming::kDrop:
      return IsReserved(label);
    case Naming::kDropName:
      return label == kMetricName;
  }
  return false;
}

bool SeriesNames::AnyMarked() const {
  if (marked_) return size() > 0;
  return list_ && std::ranges::any_of(*list_, &SeriesInfo::drop_name);
}

Labels SeriesNames::labels(size_t i) const {
  switch (removed_) {
    case Naming::kKeep:
      return base(i);
    case Naming::kDrop:
      return DropName(base(i));
    case Naming::kDropName:
      return LabelsBuilder(base(i)).Del(kMetricName).Build();
  }
  return {};
}

std::vector<SeriesInfo> SeriesNames::All() const {
  std::vector<SeriesInfo> out;
  out.reserve(size());
  for (size_t i = 0; i < size(); ++i) {
    out.push_back({.labels = labels(i), .drop_name = drop_name(i)});
  }
  return out;
}

}  // namespace firn::query
