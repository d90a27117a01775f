// Finds the end of a request's head in bytes as they arrive, and refuses heads that two
// implementations could read differently (request smuggling).
#pragma once

#include <cstddef>
#include <string_view>

namespace firn::server {

inline constexpr size_t kHeadBytesDefault = 64 << 10;

// Goes forward over one head. One thread at a time.
class HeadScanner {
 public:
  enum class State { kNeedMore, kComplete, kBad, kTooLarge };

  explicit HeadScanner(size_t bytes_max = kHeadBytesDefault) : bytes_max_(bytes_max) {}

  // `bytes` are all bytes of the head so far, each call with more of them. After kComplete
  // size() is the length of the head with its empty line. kBad: a bare CR or LF, a control
  // byte, a folded line, a space before a colon, a line without a name.
  State Scan(std::string_view bytes);

  size_t size() const { return size_; }
  const char* error() const { return error_; }

 private:
  State Bad(const char* error) {
    error_ = error;
    return State::kBad;
  }
  State CheckLine(std::string_view line);

  size_t bytes_max_;
  size_t size_ = 0;     // End of the last complete line.
  size_t scanned_ = 0;  // Bytes looked at.
  bool first_line_ = true;
  const char* error_ = "";
};

}  // namespace firn::server
