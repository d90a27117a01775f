#include "query/parser/ast_json.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "query/parser/parser.h"

namespace firn::query {
namespace {

std::string Json(std::string_view text) {
  const Result<ExprPtr> expr = ParseExpr(text, {.experimental_functions = true,
                                                .extended_range_selectors = true,
                                                .binop_fill_modifiers = true});
  EXPECT_TRUE(expr.ok()) << text << ": " << expr.status().message();
  return expr.ok() ? AstToJson(**expr) : "";
}

constexpr std::string_view kPlain =
    R"("matchers":[{"name":"__name__","type":"=","value":"x"}],"name":"x","offset":0,"offsetExpr":null)";
const std::string kX =
    R"({"anchored":false,)" + std::string(kPlain) +
    R"(,"smoothed":false,"startOrEnd":null,"timestamp":null,"type":"vectorSelector"})";

TEST(AstJson, WritesLiterals) {
  EXPECT_EQ(Json("-1.5"), R"({"type":"numberLiteral","val":"-1.5"})");
  EXPECT_EQ(Json("1h"), R"({"type":"numberLiteral","val":"3600"})");
  EXPECT_EQ(Json(R"("a\"b\n\xff\\☺")"), R"({"type":"stringLiteral","val":"a\"b\u000a\ufffd\\☺"})");
  EXPECT_EQ(Json("x"), kX);
}

TEST(AstJson, WritesSelectors) {
  EXPECT_EQ(Json("{a!~\"b?\"}[5m] anchored @ start() offset -1m"),
            R"({"anchored":true,"matchers":[{"name":"a","type":"!~","value":"b?"}],"name":"",)"
            R"("offset":-60000,"offsetExpr":null,"range":300000,"rangeExpr":null,"smoothed":false,)"
            R"("startOrEnd":"start","timestamp":null,"type":"matrixSelector"})");
  EXPECT_EQ(
      Json("x[(5m):-step()] @ 1.5 offset (2^3)"),
      R"({"expr":)" + kX +
          R"(,"offset":0,"offsetExpr":{"lhs":{"duration":false,"type":"numberLiteral","val":"2"},)"
          R"("op":"^","rhs":{"duration":false,"type":"numberLiteral","val":"3"},)"
          R"("type":"durationExpr","wrapped":true},"range":0,"rangeExpr":{"lhs":null,"op":"+",)"
          R"("rhs":{"duration":true,"type":"numberLiteral","val":"300"},"type":"durationExpr",)"
          R"("wrapped":true},"startOrEnd":null,"step":0,"stepExpr":{"lhs":null,"op":"-",)"
          R"("rhs":{"lhs":null,"op":"step","rhs":null,"type":"durationExpr","wrapped":false},)"
          R"("type":"durationExpr","wrapped":false},"timestamp":1500,"type":"subquery"})");
}

TEST(AstJson, WritesOperations) {
  const std::string one = R"({"type":"numberLiteral","val":"1"})";
  EXPECT_EQ(Json("1 > bool 1"), R"({"bool":true,"lhs":)" + one +
                                    R"(,"matching":null,"op":">","rhs":)" + one +
                                    R"(,"type":"binaryExpr"})");
  EXPECT_EQ(Json("x * on(a) group_left(b) fill_right(2) x"),
            R"({"bool":false,"lhs":)" + kX +
                R"(,"matching":{"card":"many-to-one","fillValues":{"lhs":null,"rhs":2},)"
                R"("include":["b"],"labels":["a"],"on":true},"op":"*","rhs":)" +
                kX + R"(,"type":"binaryExpr"})");
  EXPECT_EQ(Json("-(x)"),
            R"({"expr":{"expr":)" + kX + R"(,"type":"parenExpr"},"op":"-","type":"unaryExpr"})");
  EXPECT_EQ(Json("topk without (a) (1, x)"), R"({"expr":)" + kX +
                                                 R"(,"grouping":["a"],"op":"topk","param":)" + one +
                                                 R"(,"type":"aggregation","without":true})");
  EXPECT_EQ(Json("sum(x)"),
            R"({"expr":)" + kX +
                R"(,"grouping":[],"op":"sum","param":null,"type":"aggregation","without":false})");
  EXPECT_EQ(Json("round(x, 1)"), R"({"args":[)" + kX + "," + one +
                                     R"(],"func":{"argTypes":["vector","scalar"],"name":"round",)"
                                     R"("returnType":"vector","variadic":1},"type":"call"})");
}

}  // namespace
}  // namespace firn::query
