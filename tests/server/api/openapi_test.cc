#include "server/api/status/openapi.h"

#include <yaml-cpp/yaml.h>

#include <fstream>
#include <set>
#include <sstream>

#include "tests/server/api/fixture.h"

namespace firn::server {
namespace {

using OpenApiTest = ApiFixture;

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(c));
  return out;
}

TEST_F(OpenApiTest, DescribesTheRoutesThatExist) {
  const YAML::Node document = YAML::Load(std::string(OpenApiDocument()));
  std::set<std::string> described;
  for (const auto& path : document["paths"]) {
    for (const auto& item : path.second) {
      const auto key = item.first.as<std::string>();
      if (key != "parameters") described.insert(key + " " + path.first.as<std::string>());
    }
  }
  // The application adds these; its own test asks for every path that is described.
  std::set<std::string> routed = {"post /-/reload", "put /-/reload", "post /-/quit", "put /-/quit"};
  for (const auto& route : router_.routes()) {
    if (route->pattern == "/") continue;  // A page for people.
    for (const Method method : route->methods) {
      routed.insert(Lower(MethodName(method)) + " " + route->pattern);
    }
  }
  EXPECT_EQ(described, routed);
}

TEST_F(OpenApiTest, RefersToWhatItDefines) {
  const YAML::Node document = YAML::Load(std::string(OpenApiDocument()));
  std::set<std::string> used;
  const std::function<void(const YAML::Node&)> visit = [&](const YAML::Node& node) {
    if (node.IsSequence()) {
      for (const auto& item : node) visit(item);
    } else if (node.IsMap()) {
      for (const auto& item : node) {
        if (item.first.as<std::string>() == "$ref") used.insert(item.second.as<std::string>());
        visit(item.second);
      }
    }
  };
  visit(document);
  std::set<std::string> defined;
  for (const auto& kind : document["components"]) {
    for (const auto& item : kind.second) {
      defined.insert("#/components/" + kind.first.as<std::string>() + "/" +
                     item.first.as<std::string>());
    }
  }
  EXPECT_EQ(used, defined);
}

TEST_F(OpenApiTest, IsServed) {
  const Reply reply = Get("/api/v1/openapi.yaml");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.content_type, "application/yaml");
  EXPECT_TRUE(reply.body.starts_with("openapi: 3.1.0\n"));
}

TEST_F(OpenApiTest, DocumentationNamesEveryRoute) {
  std::ifstream file(FIRN_HTTP_API_DOC);
  std::ostringstream text;
  text << file.rdbuf();
  for (const auto& route : router_.routes()) {
    if (route->pattern == "/") continue;
    std::string pattern = route->pattern;
    if (const size_t brace = pattern.find("{name}"); brace != std::string::npos) {
      pattern.replace(brace, 6, "<name>");
    }
    EXPECT_NE(text.str().find("`" + pattern + "`"), std::string::npos) << pattern;
  }
}

}  // namespace
}  // namespace firn::server
