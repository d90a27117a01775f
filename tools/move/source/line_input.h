// A file of lines, read in parts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace firn::tools {

// One thread at a time.
class LineInput {
 public:
  // "-" is standard input. NotFound or Io.
  static Result<LineInput> Open(const std::string& path);
  ~LineInput();
  LineInput(LineInput&& other) noexcept;
  LineInput& operator=(LineInput&&) = delete;

  // Whole lines, about `bytes` of them; empty at the end. A last line may lack its line feed.
  // Valid until the next call. InvalidArgument for a line that is longer than 64 MiB.
  Result<std::string_view> Read(size_t bytes);
  // Goes to a byte of the file. InvalidArgument for what is not a file, or is shorter.
  Status Seek(uint64_t offset);

  // Bytes that Read() has given so far.
  uint64_t offset() const { return offset_; }
  uint64_t size() const { return size_; }  // 0: not known.
  // Path, size and time of the last change; "" if it cannot be read again.
  const std::string& identity() const { return identity_; }

 private:
  LineInput() = default;

  int fd_ = -1;
  std::string path_;
  std::string identity_;
  uint64_t size_ = 0;
  uint64_t offset_ = 0;
  std::string buffer_;  // The lines of the last call, then what was read behind them.
  size_t given_ = 0;    // Length of the lines of the last call.
  bool end_ = false;
};

}  // namespace firn::tools
