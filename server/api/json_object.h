// Writes one JSON object, key by key. Internal to server/api.
#pragma once

#include <concepts>
#include <string>
#include <string_view>

#include "server/codec/json.h"

namespace firn::server {

// Borrows the text that it appends to.
class ObjectWriter {
 public:
  explicit ObjectWriter(std::string* out) : out_(out) { out_->push_back('{'); }
  void Text(std::string_view key, std::string_view value) {
    Key(key);
    AppendJsonString(value, JsonText::kHtmlSafe, out_);
  }
  void Raw(std::string_view key, std::string_view json) {
    Key(key);
    out_->append(json);
  }
  void Number(std::string_view key, std::integral auto value) { Raw(key, std::to_string(value)); }
  void Bool(std::string_view key, bool value) { Raw(key, value ? "true" : "false"); }
  void End() { out_->push_back('}'); }

 private:
  void Key(std::string_view key) {
    if (!first_) out_->push_back(',');
    first_ = false;
    AppendJsonString(key, JsonText::kHtmlSafe, out_);
    out_->push_back(':');
  }

  std::string* out_;
  bool first_ = true;
};

}  // namespace firn::server
