#include "tools/move/source/line_input.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace firn::tools {

namespace {

constexpr size_t kLineBytesMax = 64 << 20;

}  // namespace

Result<LineInput> LineInput::Open(const std::string& path) {
  LineInput input;
  input.path_ = path == "-" ? "standard input" : path;
  input.fd_ = path == "-" ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (input.fd_ < 0) {
    return errno == ENOENT ? NotFound("{}: no such file", path)
                           : Io("{}: {}", path, std::strerror(errno));
  }
  struct stat info {};
  if (fstat(input.fd_, &info) == 0 && S_ISREG(info.st_mode)) {
    input.size_ = static_cast<uint64_t>(info.st_size);
    input.identity_ =
        fmt::format("{} {} {}.{:09}", path, input.size_, info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
  }
  return input;
}

LineInput::LineInput(LineInput&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      path_(std::move(other.path_)),
      identity_(std::move(other.identity_)),
      size_(other.size_),
      offset_(other.offset_),
      buffer_(std::move(other.buffer_)),
      given_(other.given_),
      end_(other.end_) {}

LineInput::~LineInput() {
  if (fd_ > STDIN_FILENO) close(fd_);
}

Result<std::string_view> LineInput::Read(size_t bytes) {
  buffer_.erase(0, given_);
  given_ = 0;
  while (!end_) {
    const bool enough = buffer_.size() >= bytes && buffer_.rfind('\n') != std::string::npos;
    if (enough) break;
    if (buffer_.size() > kLineBytesMax + bytes) {
      return InvalidArgument("{}: the line at byte {} is too long", path_, offset_);
    }
    const size_t kept = buffer_.size();
    buffer_.resize(kept + bytes);
    const ssize_t n = read(fd_, buffer_.data() + kept, bytes);
    buffer_.resize(kept + static_cast<size_t>(std::max<ssize_t>(n, 0)));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Io("{}: {}", path_, std::strerror(errno));
    end_ = n == 0;
  }
  const size_t feed = buffer_.rfind('\n');
  given_ = end_ || feed == std::string::npos ? buffer_.size() : feed + 1;
  offset_ += given_;
  return std::string_view(buffer_).substr(0, given_);
}

Status LineInput::Seek(uint64_t offset) {
  if (identity_.empty() || offset > size_ || lseek(fd_, static_cast<off_t>(offset), SEEK_SET) < 0) {
    return InvalidArgument("{}: cannot go on at byte {}", path_, offset);
  }
  offset_ = offset;
  buffer_.clear();
  given_ = 0;
  return OkStatus();
}

}  // namespace firn::tools
