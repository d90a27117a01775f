// Prometheus' remote read: raw samples of selected series, all in one message or streamed as
// chunks.
#include <algorithm>

#include "server/api/handlers.h"
#include "server/codec/remote/chunk_writer.h"
#include "server/codec/remote/remote_read.h"
#include "server/codec/remote_write.h"

namespace firn::server {

namespace {

constexpr size_t kFrameBytes = 1 << 20;

Status ClientGone() { return Cancelled("client has gone"); }

class RemoteRead {
 public:
  RemoteRead(const ApiContext& context, const HttpRequest& http, ResponseWriter* response)
      : context_(context), http_(http), response_(*response) {}

  Status Run() {
    FIRN_ASSIGN_OR_RETURN(const DecodedBody message,
                          DecodeSnappy(http_.body, context_.unpacked_body_bytes_max));
    FIRN_ASSIGN_OR_RETURN(const ReadRequest request, DecodeReadRequest(message.view()));
    FIRN_ASSIGN_OR_RETURN(querier_, context_.queryable->NewQuerier());
    return request.streamed ? Stream(request) : Send(request);
  }
  bool begun() const { return begun_; }

 private:
  Result<std::unique_ptr<engine::SeriesSet>> Select(const ReadQuery& query) const {
    engine::SelectHints hints;
    hints.start = query.range.min;
    hints.end = query.range.max;
    return querier_->Select(query.range, query.matchers, hints);
  }

  Status Send(const ReadRequest& request) {
    const uint64_t samples_max = context_.engine->options().samples_max;
    ReadResponseWriter writer;
    engine::SampleColumns samples;
    for (const ReadQuery& query : request.queries) {
      writer.BeginQuery();
      uint64_t count = 0;
      FIRN_ASSIGN_OR_RETURN(const auto set, Select(query));
      for (size_t i = 0; i < set->size(); ++i) {
        if (http_.cancelled.load(std::memory_order_relaxed)) return ClientGone();
        FIRN_RETURN_IF_ERROR(set->Read(i, query.range, &samples));
        if (samples.empty()) continue;
        count += samples.size();
        if (count > samples_max) return InvalidArgument("exceeded sample limit ({})", samples_max);
        writer.AddSeries(set->labels(i), samples.t, samples.v, samples.ht, samples.h);
      }
      writer.EndQuery();
    }
    HttpResponse answer;
    answer.content_type = "application/x-protobuf";
    answer.headers = {{"Content-Encoding", "snappy"}};
    answer.may_compress = false;
    answer.body = writer.Finish();
    response_.Send(std::move(answer));
    return OkStatus();
  }

  Status Stream(const ReadRequest& request) {
    engine::SampleColumns samples;
    for (size_t q = 0; q < request.queries.size(); ++q) {
      const ReadQuery& query = request.queries[q];
      FIRN_ASSIGN_OR_RETURN(const auto set, Select(query));
      for (size_t i = 0; i < set->size(); ++i) {
        if (http_.cancelled.load(std::memory_order_relaxed)) return ClientGone();
        FIRN_RETURN_IF_ERROR(set->Read(i, query.range, &samples));
        ChunkFrameWriter frame(set->labels(i), q);
        FIRN_RETURN_IF_ERROR(StreamSeries(samples, &frame));
      }
    }
    Begin();
    return OkStatus();
  }

  // Chunks in the order of their times; none holds both floats and histograms.
  Status StreamSeries(const engine::SampleColumns& samples, ChunkFrameWriter* frame) {
    size_t f = 0;
    size_t h = 0;
    while (f < samples.t.size() || h < samples.ht.size()) {
      const TimestampMs limit = h < samples.ht.size() ? samples.ht[h] : kMaxTimestamp;
      size_t end = f;
      while (end < samples.t.size() && samples.t[end] < limit && end - f < kChunkSamples) ++end;
      if (end > f) {
        frame->AddFloats(std::span(samples.t).subspan(f, end - f),
                         std::span(samples.v).subspan(f, end - f));
        f = end;
      } else if (h < samples.ht.size()) {
        frame->AddHistogram(samples.ht[h], *samples.h[h]);
        ++h;
      } else {
        break;  // Floats at the very end of time.
      }
      if (frame->size() >= kFrameBytes && !SendFrame(frame)) return ClientGone();
    }
    return frame->empty() || SendFrame(frame) ? OkStatus() : ClientGone();
  }

  void Begin() {
    if (begun_) return;
    begun_ = true;
    HttpResponse head;
    head.content_type = "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse";
    head.may_compress = false;
    response_.Begin(std::move(head));
  }

  bool SendFrame(ChunkFrameWriter* frame) {
    Begin();
    return response_.Write(frame->TakeFrame());
  }

  const ApiContext& context_;
  const HttpRequest& http_;
  ResponseWriter& response_;
  std::unique_ptr<engine::Querier> querier_;
  bool begun_ = false;
};

}  // namespace

void HandleRemoteRead(const ApiContext& context, const HttpRequest& request,
                      ResponseWriter& response) {
  RemoteRead read(context, request, &response);
  const Status status = read.Run();
  if (status.ok()) return;
  if (read.begun()) {
    // The length of a frame and nothing behind it: readers take the answer for broken off.
    response.Write("\x01");
    return;
  }
  const int code = status.code() == StatusCode::kInvalidArgument ? 400 : 500;
  SendPlainText(std::string(status.message()) + "\n", code, &response);
}

}  // namespace firn::server
