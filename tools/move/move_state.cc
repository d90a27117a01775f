#include "tools/move/move_state.h"

#include <fcntl.h>
#include <simdjson.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "server/codec/json.h"

namespace firn::tools {

namespace {

std::string Json(const MoveState& state) {
  std::string out = R"({"version":1,"source":)";
  server::AppendJsonString(state.source, server::JsonText::kPlain, &out);
  out.append(R"(,"target":)");
  server::AppendJsonString(state.target, server::JsonText::kPlain, &out);
  out.append(R"(,"position":)");
  server::AppendJsonString(state.position, server::JsonText::kPlain, &out);
  out.append(state.finished ? R"(,"finished":true})" : R"(,"finished":false})");
  out.push_back('\n');
  return out;
}

Status WriteSynced(const std::string& path, const std::string& text) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return Io("{}: {}", path, std::strerror(errno));
  const bool written =
      write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(fd) == 0;
  const int error = errno;
  close(fd);
  return written ? OkStatus() : Io("{}: {}", path, std::strerror(error));
}

}  // namespace

Result<MoveState> LoadMoveState(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return NotFound("{}: no such file", path);
  std::stringstream text;
  text << file.rdbuf();
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  int64_t version = 0;
  std::string_view source;
  std::string_view target;
  std::string_view position;
  MoveState state;
  if (parser.parse(text.str()).get(root) || root["version"].get(version) || version != 1 ||
      root["source"].get(source) || root["target"].get(target) || root["position"].get(position) ||
      root["finished"].get(state.finished)) {
    return Corruption("{}: not the state of an import or export", path);
  }
  state.source = source;
  state.target = target;
  state.position = position;
  return state;
}

Status SaveMoveState(const std::string& path, const MoveState& state) {
  const std::string next = path + ".next";
  FIRN_RETURN_IF_ERROR(WriteSynced(next, Json(state)));
  if (std::rename(next.c_str(), path.c_str()) != 0) {
    return Io("{}: {}", path, std::strerror(errno));
  }
  return OkStatus();
}

}  // namespace firn::tools
