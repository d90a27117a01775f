// Expressions of PromQL made of arbitrary bytes: nearly all parse, and every function, operator
// and modifier comes up.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "query/parser/function_table.h"

namespace firn::testing {

class QueryGenerator {
 public:
  // Borrows the bytes. When they are used up the shortest choice is taken everywhere.
  explicit QueryGenerator(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  // Of any type. The metrics are requests_total, load, latency_bucket and native.
  std::string Query() { return Expr(5); }
  size_t Below(size_t n);

 private:
  std::string_view Pick(std::span<const std::string_view> choices);
  std::string Expr(int depth);
  std::string Of(query::ValueType type, int depth);
  std::string Scalar(int depth);
  std::string Vector(int depth);
  std::string Matrix(int depth);
  std::string Selector();
  std::string Modifiers();
  std::string Call(query::ValueType type, int depth);
  std::string Aggregation(int depth);
  std::string Binary(int depth);
  std::string LabelList();

  std::span<const uint8_t> bytes_;
};

}  // namespace firn::testing
