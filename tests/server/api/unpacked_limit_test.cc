#include <snappy.h>

#include "server/http/gzip.h"
#include "tests/server/api/fixture.h"

namespace firn::server {
namespace {

std::string Snappy(const std::string& text) {
  std::string block;
  snappy::Compress(text.data(), text.size(), &block);
  return block;
}

struct Entrance {
  const char* path;
  const char* content_type;
  const char* encoding;
};

class UnpackedLimitTest : public ApiFixture, public testing::WithParamInterface<Entrance> {
 protected:
  // The answer to a body of this size, which is malformed in other ways.
  Reply Post(size_t bytes) {
    const Entrance& entrance = GetParam();
    const std::string text(bytes, '{');
    const bool gzip = std::string_view(entrance.encoding) == "gzip";
    return Call(Method::kPost, entrance.path, "", gzip ? Gzip(text) : Snappy(text),
                {{"Content-Type", entrance.content_type}, {"Content-Encoding", entrance.encoding}});
  }
};

TEST_P(UnpackedLimitTest, IsTheConfiguredOne) {
  const std::string message = std::string(GetParam().encoding) + ": decoded size";
  const Reply refused = Post(kUnpackedBytesMax + 1);
  EXPECT_EQ(refused.status, 400);
  EXPECT_NE(refused.body.find(message), std::string::npos) << refused.body;
  EXPECT_NE(refused.body.find("exceeds the limit of 20971520 bytes"), std::string::npos)
      << refused.body;
  EXPECT_EQ(Post(kUnpackedBytesMax).body.find(message), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    Entrances, UnpackedLimitTest,
    testing::Values(Entrance{"/api/v1/write", "application/x-protobuf", "snappy"},
                    Entrance{"/api/v1/read", "application/x-protobuf", "snappy"},
                    Entrance{"/api/v1/otlp/v1/metrics", "application/json", "gzip"},
                    Entrance{"/api/v1/import/prometheus", "text/plain", "gzip"},
                    Entrance{"/api/v1/import", "application/json", "gzip"}));

}  // namespace
}  // namespace firn::server
