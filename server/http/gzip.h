// Compression of answers, and of requests undone.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"

namespace firn::server {

// A gzip stream at the fastest level. One thread at a time.
class GzipStream {
 public:
  GzipStream();
  ~GzipStream();
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;

  // Appends what is ready of `part`, compressed, to `out`; `last` ends the stream.
  void Compress(std::string_view part, bool last, std::string* out);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

std::string Gzip(std::string_view text);

// All members of a gzip file, one behind the other. InvalidArgument if it is malformed or cut
// short, or if the text has more than `bytes_max` bytes; no more memory is taken.
Result<std::string> Gunzip(std::string_view bytes, size_t bytes_max);

}  // namespace firn::server
