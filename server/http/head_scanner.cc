#include "server/http/head_scanner.h"

namespace firn::server {

namespace {

bool IsTokenChar(unsigned char c) {
  if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return true;
  return std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
}

}  // namespace

HeadScanner::State HeadScanner::Scan(std::string_view bytes) {
  while (scanned_ < bytes.size()) {
    if (scanned_ >= bytes_max_) return State::kTooLarge;
    const auto c = static_cast<unsigned char>(bytes[scanned_++]);
    if (c == '\n') {
      if (scanned_ < size_ + 2 || bytes[scanned_ - 2] != '\r') return Bad("bare line feed");
      const std::string_view line = bytes.substr(size_, scanned_ - 2 - size_);
      size_ = scanned_;
      if (line.empty()) {
        if (!first_line_) return State::kComplete;
        return Bad("empty request line");
      }
      if (CheckLine(line) == State::kBad) return State::kBad;
      first_line_ = false;
    } else if (scanned_ >= size_ + 2 && bytes[scanned_ - 2] == '\r') {
      return Bad("bare carriage return");
    } else if ((c < 0x20 && c != '\t' && c != '\r') || c == 0x7f) {
      return Bad("control character in the head");
    }
  }
  return scanned_ >= bytes_max_ ? State::kTooLarge : State::kNeedMore;
}

HeadScanner::State HeadScanner::CheckLine(std::string_view line) {
  if (first_line_) {
    // Method, one space, target, one space, version: no other white space.
    const size_t first = line.find(' ');
    const size_t last = line.rfind(' ');
    if (first == std::string_view::npos || first == 0 || first == last ||
        line.find(' ', first + 1) != last || last == first + 1 ||
        line.find('\t') != std::string_view::npos) {
      return Bad("malformed request line");
    }
    return State::kNeedMore;
  }
  if (line.front() == ' ' || line.front() == '\t') return Bad("folded header line");
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return Bad("header line without a name");
  for (const char c : line.substr(0, colon)) {
    if (!IsTokenChar(static_cast<unsigned char>(c))) return Bad("invalid header name");
  }
  return State::kNeedMore;
}

}  // namespace firn::server
