// Compression of answers.
#pragma once

#include <memory>
#include <string>
#include <string_view>

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

}  // namespace firn::server
