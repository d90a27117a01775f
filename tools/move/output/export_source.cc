#include "tools/move/output/export_source.h"

#include <simdjson.h>

#include <algorithm>

#include "engine/db/database.h"
#include "server/codec/json_lines.h"
#include "tools/cli/progress.h"
#include "tools/server_query.h"

namespace firn::tools {

namespace {

struct Listed {
  const engine::SeriesSet* set;
  size_t index;
};

// Metric by metric, each series once, whatever selectors match it.
std::vector<Listed> ByMetric(const std::vector<std::unique_ptr<engine::SeriesSet>>& sets) {
  std::vector<Listed> list;
  for (const auto& set : sets) {
    for (size_t i = 0; i < set->size(); ++i) list.push_back({set.get(), i});
  }
  const auto labels = [](const Listed& l) -> const Labels& { return l.set->labels(l.index); };
  std::sort(list.begin(), list.end(), [&](const Listed& a, const Listed& b) {
    const int order = labels(a).metric_name().compare(labels(b).metric_name());
    return order != 0 ? order < 0 : labels(a) < labels(b);
  });
  list.erase(std::unique(list.begin(), list.end(),
                         [&](const Listed& a, const Listed& b) { return labels(a) == labels(b); }),
             list.end());
  return list;
}

Status GiveSeries(const Labels& labels, const engine::SampleColumns& columns,
                  server::WriteVisitor* visitor) {
  const std::vector<LabelView> views(labels.begin(), labels.end());
  std::vector<Sample> samples;
  std::vector<server::TimedHistogram> histograms;
  for (size_t i = 0; i < columns.t.size(); ++i) samples.push_back({columns.t[i], columns.v[i]});
  for (size_t i = 0; i < columns.ht.size(); ++i) {
    histograms.push_back({columns.ht[i], columns.h[i], 0});
  }
  server::WriteSeries series;
  series.labels = views;
  series.samples = samples;
  series.histograms = histograms;
  return visitor->OnSeries(series);
}

// Cuts a stream into whole lines of JSON and reads them.
class LineReader {
 public:
  explicit LineReader(server::WriteVisitor* visitor) : visitor_(*visitor) {}

  Status Take(std::string_view part) {
    const size_t feed = part.rfind('\n');
    if (feed == std::string_view::npos) {
      pending_.append(part);
      return OkStatus();
    }
    pending_.append(part, 0, feed + 1);
    FIRN_RETURN_IF_ERROR(Finish());
    pending_.assign(part.substr(feed + 1));
    return OkStatus();
  }
  Status Finish() {
    const Status status = server::ParseJsonLines(pending_, {}, &visitor_);
    pending_.clear();
    return status;
  }

 private:
  server::WriteVisitor& visitor_;
  std::string pending_;
};

Result<std::vector<std::string>> MetricNames(ServerClient* server, const std::string& query) {
  FIRN_ASSIGN_OR_RETURN(
      const HttpAnswer answer,
      server->client.Get(server->prefix + "/api/v1/label/__name__/values?" + query));
  simdjson::dom::parser parser;
  simdjson::dom::array data;
  if (answer.status != 200 || parser.parse(answer.body)["data"].get_array().get(data)) {
    return InvalidArgument("the server answered {}: {}", answer.status, answer.body);
  }
  std::vector<std::string> names;
  for (const auto& item : data) {
    std::string_view name;
    if (item.get_string().get(name)) return InvalidArgument("not a list of names");
    names.emplace_back(name);
  }
  return names;
}

// What the server knows of all metrics.
Status ReadMetadata(ServerClient* server, ExportWriter* writer) {
  FIRN_ASSIGN_OR_RETURN(const HttpAnswer answer,
                        server->client.Get(server->prefix + "/api/v1/metadata"));
  simdjson::dom::parser parser;
  simdjson::dom::object data;
  if (answer.status != 200 || parser.parse(answer.body)["data"].get(data)) {
    return InvalidArgument("the server answered {}: {}", answer.status, answer.body);
  }
  for (const auto& [metric, entries] : data) {
    server::WriteMetadata metadata{.metric = metric, .type = {}, .help = {}, .unit = {}};
    simdjson::dom::element known;
    if (entries.at(0).get(known) || known["type"].get(metadata.type) ||
        known["help"].get(metadata.help) || known["unit"].get(metadata.unit)) {
      return InvalidArgument("not a description of metrics");
    }
    FIRN_RETURN_IF_ERROR(writer->OnMetadata(metadata));
  }
  return OkStatus();
}

std::string RangeQuery(const TimeRange& range) {
  std::string query;
  if (range.min != kMinTimestamp) query += "&start=" + FormSeconds(range.min);
  if (range.max != kMaxTimestamp) query += "&end=" + FormSeconds(range.max);
  return query;
}

// `name` put into each selector as it was typed.
std::string MatchQuery(const Selection& selection, std::string_view metric) {
  std::string query;
  const Matcher named = Matcher::Equal(std::string(kMetricName), std::string(metric));
  std::vector<Matchers> selectors = selection.selectors;
  if (selectors.empty()) selectors.emplace_back();
  for (Matchers& matchers : selectors) {
    std::string text = "{" + named.ToString();
    for (const Matcher& m : matchers) text += "," + m.ToString();
    query += (query.empty() ? "match[]=" : "&match[]=") + FormEscape(text + "}");
  }
  return query;
}

}  // namespace

Status ExportDirectory(const std::string& path, const Selection& selection, Progress* progress,
                       ExportWriter* writer) {
  engine::DatabaseOptions options;
  options.path = path;
  options.background_interval_ms = 0;
  options.scrub_interval_ms = 0;
  FIRN_ASSIGN_OR_RETURN(const auto db, engine::Database::Open(options));
  FIRN_ASSIGN_OR_RETURN(const auto querier, db->NewQuerier());
  engine::SelectHints hints;
  hints.start = selection.range.min;
  hints.end = selection.range.max;
  hints.resolution_max = 0;
  std::vector<std::unique_ptr<engine::SeriesSet>> sets;
  std::vector<Matchers> selectors = selection.selectors;
  if (selectors.empty()) selectors.emplace_back();
  for (const Matchers& matchers : selectors) {
    FIRN_ASSIGN_OR_RETURN(auto set, querier->Select(selection.range, matchers, hints));
    sets.push_back(std::move(set));
  }
  const std::vector<Listed> list = ByMetric(sets);
  for (const Listed& l : list) writer->OnMetric(l.set->labels(l.index).metric_name());
  for (const engine::MetadataEntry& known : db->GetMetadata("", 0)) {
    FIRN_RETURN_IF_ERROR(writer->OnMetadata({known.metric, known.type, known.help, known.unit}));
  }
  engine::SampleColumns columns;
  std::string_view last;  // Metric that is not at its end.
  for (size_t i = 0; i < list.size(); ++i) {
    const Labels& labels = list[i].set->labels(list[i].index);
    if (writer->IsBehind(labels.metric_name())) continue;
    if (!last.empty() && labels.metric_name() != last)
      FIRN_RETURN_IF_ERROR(writer->EndMetric(last));
    last = labels.metric_name();
    FIRN_RETURN_IF_ERROR(list[i].set->Read(list[i].index, selection.range, &columns));
    FIRN_RETURN_IF_ERROR(GiveSeries(labels, columns, writer));
    progress->Update(i + 1, list.size());
  }
  return OkStatus();
}

Status ExportServer(const ServerAccess& access, const Selection& selection,
                    const std::vector<std::string>& text, Progress* progress,
                    ExportWriter* writer) {
  FIRN_ASSIGN_OR_RETURN(ServerClient server, MakeClient(access));
  std::string query = RangeQuery(selection.range);
  for (const std::string& selector : text) query += "&match[]=" + FormEscape(selector);
  FIRN_ASSIGN_OR_RETURN(const std::vector<std::string> names, MetricNames(&server, query));
  for (const std::string& name : names) writer->OnMetric(name);
  FIRN_RETURN_IF_ERROR(ReadMetadata(&server, writer));
  for (size_t i = 0; i < names.size(); ++i) {
    if (writer->IsBehind(names[i])) continue;
    LineReader lines(writer);
    FIRN_ASSIGN_OR_RETURN(
        const HttpAnswer answer,
        server.client.GetStream(server.prefix + "/api/v1/export?extended=1&" +
                                    MatchQuery(selection, names[i]) + RangeQuery(selection.range),
                                [&](std::string_view part) { return lines.Take(part); }));
    if (answer.status != 200) {
      return InvalidArgument("the server answered {}: {}", answer.status, answer.body);
    }
    FIRN_RETURN_IF_ERROR(lines.Finish());
    FIRN_RETURN_IF_ERROR(writer->EndMetric(names[i]));
    progress->Update(i + 1, names.size());
  }
  return OkStatus();
}

}  // namespace firn::tools
