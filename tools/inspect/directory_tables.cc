#include "tools/inspect/directory_tables.h"

#include <fmt/format.h>

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

// [..] and a line feed.
template <typename Items, typename ToJson>
std::string JsonList(const Items& items, const ToJson& to_json) {
  std::string out = "[";
  for (const auto& item : items) {
    if (out.size() > 1) out.push_back(',');
    out += to_json(item);
  }
  return out + "]\n";
}

}  // namespace

Table WindowTable(const engine::DirectoryFigures& directory) {
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
  for (const engine::WindowFigures& w : directory.windows()) {
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

std::string WindowsJson(const engine::DirectoryFigures& directory) {
  return JsonList(directory.windows(), [](const engine::WindowFigures& w) {
    return fmt::format(
        R"({{"resolution_ms":{},"start":{},"end":{},"generation":{},"metrics":{},"series":{},)"
        R"("float_samples":{},"histogram_samples":{},"clocks":{},"pages":{},"page_bytes":{},)"
        R"("disk_bytes":{},"min_time":{},"max_time":{}}})",
        w.resolution, w.id.start, w.id.end, w.id.generation, w.summary.metrics, w.summary.series,
        w.summary.float_samples, w.summary.histogram_samples, w.summary.clocks, w.summary.pages,
        w.summary.bytes, w.disk_bytes, w.summary.min_t, w.summary.max_t);
  });
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

std::string PagesJson(const std::vector<engine::PageKindFigures>& pages) {
  return JsonList(pages, [](const engine::PageKindFigures& kind) {
    return fmt::format(R"({{"kind":"{}","pages":{},"bytes":{}}})", kind.kind, kind.pages,
                       kind.bytes);
  });
}

Table RecordTable(const std::vector<engine::RecordFigures>& records) {
  Table table({{"records of", Align::kLeft}, {"number", Align::kRight}, {"bytes", Align::kRight}});
  for (const engine::RecordFigures& family : records) {
    table.AddRow({family.name, HumanCount(family.records), Bytes(family.bytes)});
  }
  return table;
}

std::string RecordsJson(const std::vector<engine::RecordFigures>& records) {
  return JsonList(records, [](const engine::RecordFigures& family) {
    return fmt::format(R"({{"name":"{}","records":{},"bytes":{}}})", family.name, family.records,
                       family.bytes);
  });
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

std::string SeriesJson(const std::vector<engine::DirectoryFigures::SeriesFigures>& series) {
  return JsonList(series, [](const engine::DirectoryFigures::SeriesFigures& s) {
    std::string out = R"({"labels":)";
    server::AppendJsonLabels(s.labels, &out);
    return out + fmt::format(R"(,"samples":{},"column_bytes":{},"min_time":{},"max_time":{}}})",
                             s.samples, s.column_bytes, s.range.min, s.range.max);
  });
}

}  // namespace firn::tools
