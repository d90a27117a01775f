// Figures for programs, as JSON and as CSV with the same names.
#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace firn::tools {

struct RecordValue {
  RecordValue(std::integral auto n) : json(std::to_string(n)), csv(json) {}  // NOLINT: implicit
  RecordValue(const std::convertible_to<std::string_view> auto& text)        // NOLINT: implicit
      : json(JsonText(text)), csv(text) {}
  RecordValue(std::string json_in, std::string csv_in)
      : json(std::move(json_in)), csv(std::move(csv_in)) {}

  std::string json;
  std::string csv;

 private:
  static std::string JsonText(std::string_view text);
};

class RecordList {
 public:
  explicit RecordList(std::vector<std::string> names) : names_(std::move(names)) {}

  // REQUIRES: as many values as names.
  void Add(std::vector<RecordValue> values);

  // [{"name":value,...},...] and a line feed.
  std::string Json() const;
  // RFC 4180, the names in the first line.
  std::string Csv() const;

 private:
  std::vector<std::string> names_;
  std::vector<std::vector<RecordValue>> records_;
};

}  // namespace firn::tools
