// The series of one window that a selection found, in the order of Labels. A query may list
// millions, of several windows, so an entry holds what finds a series' samples and little else;
// labels are read from the window's tables, which stay in memory only until DropLabels().
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/labels.h"
#include "storage/page/label_table.h"
#include "storage/page/series_directory.h"

namespace firn::storage {

// Immutable but for what drops and erases: may be read from several threads.
class SeriesList {
 public:
  size_t size() const { return entries_.size(); }
  // Index of the metric in the window's directory.
  uint32_t metric(size_t i) const { return segments_[entries_[i].segment].metric; }
  // Empty if no places were added.
  SeriesPlaces places(size_t i) const;

  // REQUIRES, here and below: DropLabels() was not called.
  Labels labels(size_t i) const;
  bool HasLabels(size_t i, const Labels& labels) const;
  // `is_gone(labels)`.
  template <typename IsGone>
  void EraseIf(const IsGone& is_gone) {
    size_t kept = 0;
    for (size_t i = 0; i < entries_.size(); ++i) {
      if (!is_gone(labels(i))) entries_[kept++] = entries_[i];
    }
    entries_.resize(kept);
  }
  void DropLabels();
  // Undoes DropLabels for one segment. REQUIRES: it is the table that the segment had.
  void SetTable(size_t segment, std::shared_ptr<const LabelTable> table) {
    segments_[segment].table = std::move(table);
  }
  // Without tables.
  size_t memory_bytes() const;

  // To be filled in this order: all segments, with at least one row each and those of a metric
  // after one another, places of all of them or none, and then what brings them into order.
  void Reserve(size_t series) { entries_.reserve(series); }
  void AddSegment(uint32_t metric, const std::string& name, std::shared_ptr<const LabelTable> table,
                  std::span<const uint32_t> rows);
  const LabelTable& table(size_t segment) const { return *segments_[segment].table; }
  // Of the rows of a table. Segments in the order in which they were added.
  void AddPlaces(size_t segment, std::span<const SeriesPlaces> rows);
  void Sort();

 private:
  struct Segment {
    uint32_t metric = 0;
    uint32_t first = 0;  // Entry, until they are sorted.
    std::shared_ptr<const std::string> name;
    std::shared_ptr<const LabelTable> table;
  };
  struct Entry {
    uint32_t segment = 0;
    uint32_t place = 0;  // The first of its columns.
    uint16_t row = 0;
    uint16_t kinds = 0;  // Which columns there are: a bit for each member of SeriesPlaces.
  };
  static_assert(kSegmentRowsMax <= UINT16_MAX);

  std::vector<Segment> segments_;
  std::vector<Entry> entries_;
  std::vector<ColumnPlace> places_;
};

}  // namespace firn::storage
