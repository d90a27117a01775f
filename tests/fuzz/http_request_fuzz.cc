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
  constexpr size_t kBodyMax = 4096;
  // What is not used comes again with what has arrived since.
  std::string input;
  const std::string_view body = bytes.substr(whole.size());
  const size_t piece = 1 + cut % 7;
  for (size_t at = 0; at < body.size(); at += piece) {
    input += body.substr(at, piece);
    size_t used = 0;
    if (parser.ParseChunked(input, kBodyMax, &request.body, &used)) return;
    if (used > input.size()) std::abort();
    input.erase(0, used);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  CheckParams(bytes);
  CheckHead(bytes, std::min<size_t>(data[0], bytes.size()));
  return 0;
}
