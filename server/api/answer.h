// The envelope of JSON answers, filled as the data is written.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "server/http/handler.h"

namespace firn::server {

inline constexpr std::string_view kTruncatedWarning = "results truncated due to limit";

// Writes {"status":"success","data":...}. One thread at a time.
class JsonAnswer {
 public:
  // Borrows `writer`.
  explicit JsonAnswer(ResponseWriter* writer) : writer_(writer) {}

  // Where the JSON of the data goes; begins the envelope. Text for a client belongs here
  // through AppendJsonString only.
  std::string* data();
  // To be called between elements: sends what has gathered once it is much. False when the
  // client has gone and the rest may be left out.
  bool Flush();

  void AddWarning(std::string_view text) { warnings_.emplace_back(text); }
  void AddWarnings(std::vector<std::string> texts) { warnings_ = std::move(texts); }
  void AddInfos(std::vector<std::string> texts) { infos_ = std::move(texts); }
  // Success without an answer: 204.
  void SetNoContent() { no_content_ = true; }

  // Ends the answer; an error replaces it, or closes it with an error status if a part has
  // been sent already.
  void Finish(const Status& status);

 private:
  void AppendTexts(std::string_view key, const std::vector<std::string>& texts);

  ResponseWriter* writer_;
  std::string buffer_;
  bool begun_ = false;
  bool no_content_ = false;
  std::vector<std::string> warnings_;
  std::vector<std::string> infos_;
};

// How the API names and numbers an error.
struct ApiError {
  int http_status = 500;
  std::string_view type;
};
ApiError ToApiError(const Status& status);

// `invalid parameter "NAME": ...` around an error; OK stays OK.
Status InParameter(const Status& status, std::string_view name);

// Handlers of the JSON API are functions: the result becomes the envelope.
using AnswerFunction = std::function<Status(const HttpRequest&, JsonAnswer*)>;
// All others write the answer themselves.
using HandlerFunction = std::function<void(const HttpRequest&, ResponseWriter&)>;

std::unique_ptr<Handler> MakeJsonHandler(AnswerFunction function);
std::unique_ptr<Handler> MakeHandler(HandlerFunction function);

void SendPlainText(std::string text, int status, ResponseWriter* writer);

}  // namespace firn::server
