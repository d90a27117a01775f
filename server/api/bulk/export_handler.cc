// All samples of the selected series as lines of JSON.
#include <algorithm>

#include "server/api/handlers.h"
#include "server/api/request_params.h"
#include "server/codec/json_lines.h"
#include "server/codec/params.h"

namespace firn::server {

namespace {

constexpr size_t kRowsDefault = 10'000;
constexpr size_t kPartBytes = 64 << 10;

struct ExportParams {
  std::vector<Matchers> selectors;
  TimeRange range;
  size_t rows_max = kRowsDefault;
  bool extended = false;  // What only Firn reads: stale markers and histograms.
};

Result<ExportParams> ReadParams(const HttpRequest& request) {
  ExportParams params;
  FIRN_ASSIGN_OR_RETURN(params.selectors, MatchParams(request, true));
  if (params.selectors.empty()) return InvalidArgument("no match[] parameter provided");
  FIRN_ASSIGN_OR_RETURN(params.range, OptionalRange(request));
  if (const std::string* text = request.Param("max_rows_per_line"); text && !text->empty()) {
    auto rows = ParseLimitParam(*text);
    if (!rows.ok()) return InParameter(rows.status(), "max_rows_per_line");
    if (*rows > 0) params.rows_max = *rows;
  }
  if (const std::string* text = request.Param("extended")) {
    params.extended = *text == "1" || *text == "true";
  }
  return params;
}

// Begins the answer with the first part, so that an error before it is still one.
class Stream {
 public:
  explicit Stream(ResponseWriter* writer) : writer_(*writer) {}
  std::string* part() { return &part_; }
  bool begun() const { return begun_; }
  bool Flush(bool last) {
    if (part_.size() < kPartBytes && !last) return true;
    if (!begun_) {
      HttpResponse head;
      head.content_type = "application/stream+json";
      writer_.Begin(std::move(head));
      begun_ = true;
    }
    const bool alive = part_.empty() || writer_.Write(part_);
    part_.clear();
    return alive;
  }

 private:
  ResponseWriter& writer_;
  std::string part_;
  bool begun_ = false;
};

void DropStaleMarkers(engine::SampleColumns* samples) {
  size_t kept = 0;
  for (size_t i = 0; i < samples->t.size(); ++i) {
    if (IsStaleNan(samples->v[i])) continue;
    samples->t[kept] = samples->t[i];
    samples->v[kept++] = samples->v[i];
  }
  samples->t.resize(kept);
  samples->v.resize(kept);
}

// False once the client has gone.
template <typename Values>
bool WriteRows(const Labels& labels, const std::vector<TimestampMs>& t, const Values& values,
               size_t rows_max, Stream* out) {
  for (size_t i = 0; i < t.size(); i += rows_max) {
    const size_t n = std::min(rows_max, t.size() - i);
    AppendJsonLine(labels, std::span(t).subspan(i, n), std::span(values).subspan(i, n),
                   out->part());
    if (!out->Flush(false)) return false;
  }
  return true;
}

// The series of selector number `selector`, but for those that an earlier one matches too.
Status WriteSet(const engine::SeriesSet& set, size_t selector, const ExportParams& params,
                const HttpRequest& request, Stream* out) {
  const auto earlier = std::span(params.selectors).first(selector);
  engine::SampleColumns samples;
  for (size_t i = 0; i < set.size(); ++i) {
    if (request.cancelled.load(std::memory_order_relaxed)) return Cancelled("client has gone");
    const Labels& labels = set.labels(i);
    if (std::any_of(earlier.begin(), earlier.end(),
                    [&](const Matchers& m) { return MatchesAll(m, labels); })) {
      continue;
    }
    FIRN_RETURN_IF_ERROR(set.Read(i, params.range, &samples));
    if (!params.extended) DropStaleMarkers(&samples);
    bool alive = WriteRows(labels, samples.t, samples.v, params.rows_max, out);
    if (params.extended) {
      alive = alive && WriteRows(labels, samples.ht, samples.h, params.rows_max, out);
    }
    if (!alive) return Cancelled("client has gone");
  }
  return OkStatus();
}

Status Export(const ApiContext& context, const HttpRequest& request, Stream* out) {
  FIRN_ASSIGN_OR_RETURN(const ExportParams params, ReadParams(request));
  FIRN_ASSIGN_OR_RETURN(const auto querier, context.queryable->NewQuerier());
  for (size_t i = 0; i < params.selectors.size(); ++i) {
    engine::SelectHints hints;
    hints.start = params.range.min;
    hints.end = params.range.max;
    hints.resolution_max = 0;  // What was sent, nothing made up.
    FIRN_ASSIGN_OR_RETURN(const auto set,
                          querier->Select(params.range, params.selectors[i], hints));
    FIRN_RETURN_IF_ERROR(WriteSet(*set, i, params, request, out));
  }
  out->Flush(true);
  return OkStatus();
}

}  // namespace

void HandleExport(const ApiContext& context, const HttpRequest& request, ResponseWriter& response) {
  Stream stream(&response);
  const Status status = Export(context, request, &stream);
  if (status.ok()) return;
  if (!stream.begun()) {
    const ApiError error = ToApiError(status);
    return response.Send(
        ErrorResponse(request.path, error.http_status, error.type, status.message()));
  }
  // The only way left to tell: no reader takes this for a series.
  stream.part()->append("{\"error\":\"export failed\"}\n");
  stream.Flush(true);
}

}  // namespace firn::server
