#include "server/api/answer.h"

#include <utility>

#include <fmt/core.h>

#include "server/codec/json.h"

namespace firn::server {

namespace {

constexpr size_t kPartBytes = 64 << 10;

class JsonHandler : public Handler {
 public:
  explicit JsonHandler(AnswerFunction function) : function_(std::move(function)) {}
  void Handle(const HttpRequest& request, ResponseWriter& response) override {
    JsonAnswer answer(&response);
    answer.Finish(function_(request, &answer));
  }

 private:
  AnswerFunction function_;
};

class PlainHandler : public Handler {
 public:
  explicit PlainHandler(HandlerFunction function) : function_(std::move(function)) {}
  void Handle(const HttpRequest& request, ResponseWriter& response) override {
    function_(request, response);
  }

 private:
  HandlerFunction function_;
};

HttpResponse JsonHead(int status) {
  HttpResponse head;
  head.status = status;
  head.content_type = "application/json";
  return head;
}

void AppendError(const Status& status, std::string* out) {
  *out += fmt::format(R"("status":"error","errorType":"{}","error":)", ToApiError(status).type);
  AppendJsonString(status.message(), JsonText::kHtmlSafe, out);
}

}  // namespace

std::string* JsonAnswer::data() {
  if (buffer_.empty() && !begun_) buffer_ = R"({"status":"success","data":)";
  return &buffer_;
}

bool JsonAnswer::Flush() {
  if (buffer_.size() < kPartBytes) return true;
  if (!begun_) writer_->Begin(JsonHead(200));
  begun_ = true;
  const bool alive = writer_->Write(buffer_);
  buffer_.clear();
  return alive;
}

void JsonAnswer::AppendTexts(std::string_view key, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  buffer_.append(",\"").append(key).append("\":");
  char separator = '[';
  for (const std::string& text : texts) {
    buffer_.push_back(separator);
    AppendJsonString(text, JsonText::kHtmlSafe, &buffer_);
    separator = ',';
  }
  buffer_.push_back(']');
}

void JsonAnswer::Finish(const Status& status) {
  HttpResponse response = JsonHead(200);
  if (!status.ok() && !begun_) {
    const ApiError error = ToApiError(status);
    response.status = error.http_status;
    if (status.code() == StatusCode::kUnavailable)
      response.headers.emplace_back("Retry-After", "1");
    response.body = "{";
    AppendError(status, &response.body);
    response.body.push_back('}');
    return writer_->Send(std::move(response));
  }
  if (no_content_ && !begun_) {
    response.status = 204;
    response.content_type.clear();
    return writer_->Send(std::move(response));
  }
  data();
  if (status.ok()) {
    AppendTexts("warnings", warnings_);
    AppendTexts("infos", infos_);
  } else {
    // Readers take the last status, and take an error for one even behind data.
    buffer_.push_back(',');
    AppendError(status, &buffer_);
  }
  buffer_.push_back('}');
  if (!begun_) {
    response.body = std::move(buffer_);
    return writer_->Send(std::move(response));
  }
  writer_->Write(buffer_);
}

ApiError ToApiError(const Status& status) {
  switch (status.code()) {
    case StatusCode::kInvalidArgument:
      return {400, "bad_data"};
    case StatusCode::kNotFound:
      return {404, "not_found"};
    case StatusCode::kCancelled:
      return {499, "canceled"};
    case StatusCode::kDeadlineExceeded:
      return {503, "timeout"};
    case StatusCode::kUnavailable:
      return {503, "unavailable"};
    case StatusCode::kEvaluation:
    case StatusCode::kResourceExhausted:
    case StatusCode::kCorruption:
    case StatusCode::kIo:
      return {422, "execution"};
    default:
      return {500, "internal"};
  }
}

Status InParameter(const Status& status, std::string_view name) {
  if (status.ok()) return status;
  return Status(status.code(), fmt::format("invalid parameter \"{}\": {}", name, status.message()));
}

std::unique_ptr<Handler> MakeJsonHandler(AnswerFunction function) {
  return std::make_unique<JsonHandler>(std::move(function));
}

std::unique_ptr<Handler> MakeHandler(HandlerFunction function) {
  return std::make_unique<PlainHandler>(std::move(function));
}

void SendPlainText(std::string text, int status, ResponseWriter* writer) {
  HttpResponse response;
  response.status = status;
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::move(text);
  writer->Send(std::move(response));
}

}  // namespace firn::server
