#include "server/http/gzip.h"

#include <zlib.h>

#include <algorithm>

#include "base/check.h"

namespace firn::server {

struct GzipStream::Impl {
  z_stream stream{};
};

GzipStream::GzipStream() : impl_(std::make_unique<Impl>()) {
  constexpr int kGzipFraming = 16;
  const int rc = deflateInit2(&impl_->stream, Z_BEST_SPEED, Z_DEFLATED, MAX_WBITS + kGzipFraming, 8,
                              Z_DEFAULT_STRATEGY);
  FIRN_CHECK(rc == Z_OK);
}

GzipStream::~GzipStream() { deflateEnd(&impl_->stream); }

void GzipStream::Compress(std::string_view part, bool last, std::string* out) {
  z_stream& stream = impl_->stream;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(part.data()));
  stream.avail_in = static_cast<uInt>(part.size());
  do {
    const size_t before = out->size();
    const size_t room = deflateBound(&stream, stream.avail_in) + 64;
    out->resize(before + room);
    stream.next_out = reinterpret_cast<Bytef*>(out->data() + before);
    stream.avail_out = static_cast<uInt>(room);
    const int rc = deflate(&stream, last ? Z_FINISH : Z_NO_FLUSH);
    FIRN_CHECK(rc == Z_OK || rc == Z_STREAM_END || rc == Z_BUF_ERROR);
    out->resize(before + room - stream.avail_out);
    if (rc == Z_STREAM_END || rc == Z_BUF_ERROR) break;
  } while (stream.avail_in > 0 || stream.avail_out == 0 || last);
}

std::string Gzip(std::string_view text) {
  GzipStream stream;
  std::string out;
  stream.Compress(text, true, &out);
  return out;
}

Result<std::string> Gunzip(std::string_view bytes, size_t bytes_max) {
  constexpr int kGzipFraming = 16;
  constexpr size_t kFirstBytes = 64 << 10;
  z_stream stream{};
  FIRN_CHECK(inflateInit2(&stream, MAX_WBITS + kGzipFraming) == Z_OK);
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, inflateEnd);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string out;
  // Growing would hold the text twice for a moment. What is reserved and never written costs no
  // memory, and no input grows more than that.
  constexpr size_t kRatioMax = 1032;
  out.reserve(std::min(bytes_max + 1, bytes.size() * kRatioMax + kFirstBytes));
  size_t size = 0;
  while (true) {
    // One byte more than allowed shows that there is more.
    if (size == out.size()) {
      out.resize(std::min(bytes_max + 1, std::max(out.size() * 2, kFirstBytes)));
    }
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + size);
    stream.avail_out = static_cast<uInt>(out.size() - size);
    const int rc = inflate(&stream, Z_NO_FLUSH);
    size = out.size() - stream.avail_out;
    if (size > bytes_max) {
      return InvalidArgument("gzip: decoded size exceeds the limit of {} bytes", bytes_max);
    }
    if (rc == Z_STREAM_END) {
      if (stream.avail_in == 0) break;
      FIRN_CHECK(inflateReset(&stream) == Z_OK);
    } else if (rc != Z_OK || (stream.avail_in == 0 && stream.avail_out > 0)) {
      return InvalidArgument("gzip: {}", rc == Z_OK || rc == Z_BUF_ERROR ? "cut short"
                                         : stream.msg != nullptr         ? stream.msg
                                                                         : "corrupt input");
    }
  }
  out.resize(size);
  return out;
}

}  // namespace firn::server
