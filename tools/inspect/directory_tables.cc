#include "tools/inspect/directory_tables.h"

#include "server/codec/json.h"
#include "tools/cli/human.h"
#include "tools/inspect/cost_tables.h"

namespace firn::tools {

namespace {

std::string Bytes(uint64_t bytes) { return HumanBytes(static_cast<double>(bytes)); }
std::string Number(uint64_t n) { return HumanNumber(static_cast<double>(n)); }

uint64_t Samples(const engine::WindowFigures& window) {
  return window.summary.float_samples + window.summary.histogram_samples;
}

}  // namespace

Table WindowTable(const std::vector<engine::WindowFigures>& windows) {
  Table table({{"tier", Align::kLeft},
               {"start", Align::kLeft},
               {"end", Align::kLeft},
               {"gen", Align::kRight},
               {"metrics", Align::kRight},
               {"series", Align::kRight},
               {"samples", Align::kRight},
               {"pages", Align::kRight},
               {"bytes", Align::kRight},
               {"disk", Align::kRight},
               {"B/sample", Align::kRight}});
  for (const engine::WindowFigures& w : windows) {
    // What tiers take on disk and how many buckets they have is in their pages only.
    const bool raw = w.resolution == 0;
    table.AddRow({TierName(w.resolution), MinuteText(w.id.start), MinuteText(w.id.end),
                  std::to_string(w.id.generation), Number(w.summary.metrics),
                  Number(w.summary.series), raw ? Number(Samples(w)) : "-", Number(w.summary.pages),
                  Bytes(w.summary.bytes), raw ? Bytes(w.disk_bytes) : "-",
                  raw ? BytesPerSample(w.disk_bytes, Samples(w)) : "-"});
  }
  return table;
}

RecordList WindowRecords(const std::vector<engine::WindowFigures>& windows) {
  RecordList records({"resolution_ms", "start", "end", "generation", "metrics", "series",
                      "float_samples", "histogram_samples", "clocks", "pages", "page_bytes",
                      "disk_bytes", "min_time", "max_time"});
  for (const engine::WindowFigures& w : windows) {
    records.Add({w.resolution, w.id.start, w.id.end, w.id.generation, w.summary.metrics,
                 w.summary.series, w.summary.float_samples, w.summary.histogram_samples,
                 w.summary.clocks, w.summary.pages, w.summary.bytes, w.disk_bytes, w.summary.min_t,
                 w.summary.max_t});
  }
  return records;
}

Table PageTable(const std::vector<engine::PageKindFigures>& pages) {
  Table table({{"pages of", Align::kLeft},
               {"number", Align::kRight},
               {"bytes", Align::kRight},
               {"average", Align::kRight}});
  for (const engine::PageKindFigures& kind : pages) {
    table.AddRow({kind.kind, HumanCount(kind.pages), Bytes(kind.bytes),
                  kind.pages == 0 ? "-" : Bytes(kind.bytes / kind.pages)});
  }
  return table;
}

RecordList PageRecords(const std::vector<engine::PageKindFigures>& pages) {
  RecordList records({"kind", "pages", "bytes"});
  for (const engine::PageKindFigures& kind : pages) {
    records.Add({kind.kind, kind.pages, kind.bytes});
  }
  return records;
}

Table RecordTable(const std::vector<engine::RecordFigures>& records) {
  Table table({{"records of", Align::kLeft}, {"number", Align::kRight}, {"bytes", Align::kRight}});
  for (const engine::RecordFigures& family : records) {
    table.AddRow({family.name, HumanCount(family.records), Bytes(family.bytes)});
  }
  return table;
}

RecordList OtherRecords(const std::vector<engine::RecordFigures>& families) {
  RecordList records({"name", "records", "bytes"});
  for (const engine::RecordFigures& family : families) {
    records.Add({family.name, family.records, family.bytes});
  }
  return records;
}

Table SeriesTable(const std::vector<engine::DirectoryFigures::SeriesFigures>& series) {
  Table table({{"series", Align::kLeft, true},
               {"from", Align::kLeft},
               {"to", Align::kLeft},
               {"samples", Align::kRight},
               {"bytes", Align::kRight},
               {"B/sample", Align::kRight}});
  for (const auto& s : series) {
    table.AddRow({s.labels.ToString(), DayText(s.range.min), DayText(s.range.max),
                  HumanCount(s.samples), Bytes(s.column_bytes),
                  BytesPerSample(s.column_bytes, s.samples)});
  }
  return table;
}

RecordList SeriesRecords(const std::vector<engine::DirectoryFigures::SeriesFigures>& series) {
  RecordList records({"labels", "samples", "column_bytes", "min_time", "max_time"});
  for (const auto& s : series) {
    std::string labels;
    server::AppendJsonLabels(s.labels, &labels);
    records.Add({RecordValue(std::move(labels), s.labels.ToString()), s.samples, s.column_bytes,
                 s.range.min, s.range.max});
  }
  return records;
}

}  // namespace firn::tools
