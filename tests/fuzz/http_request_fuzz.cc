// Any bytes as a request: the head, chunked bodies, targets, forms and parameters. A head that
// is accepted must not be read differently when it comes in two parts.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "server/codec/json.h"
#include "server/codec/params.h"
#include "server/http/head_scanner.h"
#include "server/http/message.h"
#include "server/http/request_parser.h"

namespace {

using firn::server::HeadScanner;

void CheckParams(std::string_view text) {
  (void)firn::server::ParseTimeParam(text).ok();
  (void)firn::server::ParseDurationParam(text).ok();
  (void)firn::server::ParseLimitParam(text).ok();
  (void)firn::server::UnescapeLabelName(text);
  std::string json;
  firn::server::AppendJsonString(text, firn::server::JsonText::kHtmlSafe, &json);
  if (!firn::IsValidUtf8(json)) std::abort();
  std::vector<firn::server::NameValue> params;
  (void)firn::server::ParseForm(text, &params).ok();
}

struct Chunked {
  std::string body;
  bool refused = false;
  bool done = false;
};

// As a session feeds it: what is not used comes again with what has arrived since.
Chunked ReadChunked(std::string_view head, std::string_view bytes, size_t piece) {
  constexpr size_t kBodyMax = 4096;
  firn::server::RequestParser parser;
  firn::server::HttpRequest request;
  firn::server::HeadInfo info;
  if (parser.ParseHead(head, &request, &info)) std::abort();  // It was accepted before.
  Chunked out;
  std::string input;
  for (size_t at = 0; at < bytes.size() && !out.done; at += piece) {
    input += bytes.substr(at, piece);
    size_t used = 0;
    if (parser.ParseChunked(input, kBodyMax, &out.body, &used)) {
      out.refused = true;
      return out;
    }
    if (used > input.size()) std::abort();
    input.erase(0, used);
    out.done = parser.chunked_done();
  }
  return out;
}

void CheckHead(std::string_view bytes, size_t cut) {
  HeadScanner whole;
  const auto state = whole.Scan(bytes);
  HeadScanner parts;
  auto part_state = parts.Scan(bytes.substr(0, cut));
  if (part_state == HeadScanner::State::kNeedMore) part_state = parts.Scan(bytes);
  if (part_state != state || parts.size() != whole.size()) std::abort();
  if (state != HeadScanner::State::kComplete) return;
  firn::server::RequestParser parser;
  firn::server::HttpRequest request;
  firn::server::HeadInfo info;
  if (parser.ParseHead(bytes.substr(0, whole.size()), &request, &info)) return;
  if (info.chunked && info.content_length != 0) std::abort();
  if (!info.chunked) return;
  const std::string_view head = bytes.substr(0, whole.size());
  const std::string_view body = bytes.substr(whole.size());
  const Chunked all = ReadChunked(head, body, body.size());
  const Chunked pieces = ReadChunked(head, body, 1 + cut % 7);
  // What is refused may have been told earlier or later; what is read is the same.
  if (all.refused != pieces.refused || all.done != pieces.done) std::abort();
  if (!all.refused && all.body != pieces.body) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  CheckParams(bytes);
  CheckHead(bytes, std::min<size_t>(data[0], bytes.size()));
  return 0;
}
