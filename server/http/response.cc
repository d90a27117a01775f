#include "server/http/response.h"

#include <ctime>

#include <fmt/core.h>

#include "base/check.h"

namespace firn::server {

namespace {

constexpr size_t kGzipBytesMin = 1024;
constexpr size_t kPartBytes = 64 << 10;

std::string HttpDate() {
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t now = std::time(nullptr);
  std::tm tm{};
  gmtime_r(&now, &tm);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", kDays[tm.tm_wday], tm.tm_mday,
                     kMonths[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

bool HasNoBody(int status) { return status == 204 || status == 304 || status < 200; }

}  // namespace

ResponseEncoder::ResponseEncoder(ResponseContext context, ResponseSink* sink)
    : context_(std::move(context)), sink_(sink) {}

std::string ResponseEncoder::Head(const HttpResponse& response, bool gzip,
                                  const size_t* content_length) const {
  std::string out = fmt::format("HTTP/1.1 {} {}\r\nDate: {}\r\n", response.status,
                                StatusText(response.status), HttpDate());
  const auto add = [&](std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
  };
  if (!response.content_type.empty()) add("Content-Type", response.content_type);
  for (const auto& [name, value] : response.headers) add(name, value);
  out.append(context_.common_headers);
  if (!HasNoBody(response.status)) {
    add("Vary", "Origin, Accept-Encoding");
    if (gzip) add("Content-Encoding", "gzip");
    if (content_length != nullptr) {
      add("Content-Length", std::to_string(*content_length));
    } else if (!context_.http10) {
      add("Transfer-Encoding", "chunked");
    }
  } else {
    add("Vary", "Origin");
  }
  if (!context_.keep_alive) {
    add("Connection", "close");
  } else if (context_.http10) {
    add("Connection", "keep-alive");
  }
  out.append("\r\n");
  return out;
}

std::string ResponseEncoder::EncodeWhole() {
  const bool no_body = HasNoBody(head_.status);
  const bool gzip = context_.gzip && pending_.size() >= kGzipBytesMin && !no_body;
  if (gzip) pending_ = Gzip(pending_);
  body_bytes_ = pending_.size();
  std::string bytes = Head(head_, gzip, &body_bytes_);
  if (!context_.head_only && !no_body) bytes.append(pending_);
  return bytes;
}

void ResponseEncoder::Send(HttpResponse response) {
  FIRN_CHECK(!begun_);
  begun_ = whole_ = true;
  status_ = response.status;
  context_.gzip &= response.may_compress;
  pending_ = std::move(response.body);
  head_ = std::move(response);
}

void ResponseEncoder::Begin(HttpResponse head) {
  FIRN_CHECK(!begun_ && head.body.empty());
  begun_ = true;
  status_ = head.status;
  context_.gzip &= head.may_compress;
  head_ = std::move(head);
}

bool ResponseEncoder::Write(std::string_view part) {
  FIRN_CHECK(begun_ && !whole_);
  if (broken_) return false;
  pending_.append(part);
  if (pending_.size() < kPartBytes) return true;
  if (!streaming_) {
    streaming_ = true;
    if (context_.http10) context_.keep_alive = false;
    if (context_.gzip) gzip_ = std::make_unique<GzipStream>();
    sink_->SendBytes(Head(head_, context_.gzip, nullptr), false);
  }
  std::string bytes = EncodePart(false);
  if (bytes.empty()) return true;
  sink_->SendBytes(std::move(bytes), false);
  broken_ = !sink_->WaitForRoom();
  return !broken_;
}

// What is pending, compressed and framed; with `last` the end of the body too.
std::string ResponseEncoder::EncodePart(bool last) {
  std::string data;
  if (gzip_ && !context_.head_only) {
    gzip_->Compress(pending_, last, &data);
    pending_.clear();
  } else {
    data.swap(pending_);
  }
  if (context_.head_only) return "";
  body_bytes_ += data.size();
  if (context_.http10) return data;
  std::string chunk;
  if (!data.empty()) {
    chunk.reserve(data.size() + 32);
    chunk += fmt::format("{:x}\r\n", data.size());
    chunk.append(data).append("\r\n");
  }
  if (last) chunk.append("0\r\n\r\n");
  return chunk;
}

std::string ResponseEncoder::Finish() {
  if (!begun_) {
    HttpResponse response;
    response.status = 500;
    response.content_type = "text/plain; charset=utf-8";
    response.body = "internal error: no answer\n";
    Send(std::move(response));
  }
  return streaming_ ? EncodePart(true) : EncodeWhole();
}

std::string CorsHeaders(const HttpRequest& request, std::string_view allowed) {
  const std::string_view origin = request.Header("Origin");
  if (origin.empty()) return "";
  std::string out =
      "Access-Control-Allow-Headers: Accept, Authorization, Content-Type, Origin\r\n"
      "Access-Control-Allow-Methods: GET, POST, OPTIONS\r\n"
      "Access-Control-Expose-Headers: Date\r\n";
  if (allowed == ".*") {
    out.append("Access-Control-Allow-Origin: *\r\n");
  } else if (!allowed.empty() && origin == allowed) {
    out.append("Access-Control-Allow-Origin: ").append(origin).append("\r\n");
  }
  return out;
}

}  // namespace firn::server
