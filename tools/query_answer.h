// An answer of the query API, read from its JSON.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"

namespace firn::tools {

struct AnswerPoint {
  double t = 0;       // Seconds.
  std::string value;  // As the server wrote it; a histogram as compact JSON.
};

struct AnswerSeries {
  std::vector<std::pair<std::string, std::string>> labels;
  std::vector<AnswerPoint> points;

  // `name{a="b"}`.
  std::string Name() const;
};

struct QueryAnswer {
  std::string type;  // "vector", "matrix", "scalar", "string".
  std::vector<AnswerSeries> series;
  std::vector<std::string> notes;  // Warnings and infos.
};

// InvalidArgument with the server's own words if it reports an error, Corruption if the
// text is not an answer.
Result<QueryAnswer> ParseAnswer(const std::string& json);

}  // namespace firn::tools
