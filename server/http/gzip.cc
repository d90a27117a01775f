#include "server/http/gzip.h"

#include <zlib.h>

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

}  // namespace firn::server
