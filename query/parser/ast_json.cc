#include "query/parser/ast_json.h"

#include <cmath>
#include <string_view>

#include <fmt/core.h>

#include "base/number.h"
#include "query/parser/function_table.h"
#include "query/parser/syntax/utf8.h"

namespace firn::query {
namespace {

std::string_view JsonTypeName(ValueType type) {
  switch (type) {
    case ValueType::kVector:
      return "vector";
    case ValueType::kMatrix:
      return "matrix";
    default:
      return ValueTypeName(type);
  }
}

std::string_view CardName(MatchCard card) {
  static constexpr std::string_view kNames[] = {"one-to-one", "many-to-one", "one-to-many",
                                                "many-to-many"};
  return kNames[static_cast<size_t>(card)];
}

std::string_view DurationOpName(DurationExpr::Op op) {
  static constexpr std::string_view kNames[] = {"+", "+", "-",    "*",     "/",      "%",     "^",
                                                "-", "+", "step", "range", "min_of", "max_of"};
  return kNames[static_cast<size_t>(op)];
}

class JsonWriter {
 public:
  void Write(const Expr& expr) {
    std::visit([this](const auto& node) { WriteNode(node); }, expr.node);
  }
  std::string Take() { return std::move(out_); }

 private:
  // Writes `name`, which must come in sorted order within an object.
  void Key(std::string_view name) {
    Separate();
    Quote(name);
    out_ += ':';
    fresh_ = true;
  }
  void Separate() {
    if (!fresh_) out_ += ',';
    fresh_ = false;
  }
  void Open(char c) {
    out_ += c;
    fresh_ = true;
  }
  void Close(char c) {
    out_ += c;
    fresh_ = false;
  }
  void Raw(std::string_view text) {
    out_ += text;
    fresh_ = false;
  }

  void Quote(std::string_view text);
  void Field(std::string_view key, std::string_view text) {
    Key(key);
    Quote(text);
    fresh_ = false;
  }
  void Field(std::string_view key, const char* text) { Field(key, std::string_view(text)); }
  void Field(std::string_view key, bool value) {
    Key(key);
    Raw(value ? "true" : "false");
  }
  void Field(std::string_view key, int64_t value) {
    Key(key);
    Raw(fmt::format("{}", value));
  }
  void Field(std::string_view key, const std::optional<double>& value) {
    Key(key);
    if (!value || !std::isfinite(*value)) return Raw("null");
    std::string text;
    AppendSampleValue(*value, &text);
    Raw(text);
  }
  void Field(std::string_view key, const ExprPtr& expr) {
    Key(key);
    if (expr == nullptr) return Raw("null");
    Write(*expr);
  }
  void Field(std::string_view key, const DurationExprPtr& duration) {
    Key(key);
    WriteDuration(duration.get());
  }
  void Field(std::string_view key, const std::vector<std::string>& texts);
  void Field(std::string_view key, const std::vector<ExprPtr>& exprs);
  void Field(std::string_view key, const Matchers& matchers);
  void Field(std::string_view key, const VectorMatching& matching);
  void AtFields(const TimeModifiers& time);
  void TimestampField(const TimeModifiers& time);

  void WriteDuration(const DurationExpr* duration);
  void WriteDurationLiteral(const DurationExpr& literal);
  void WriteSelector(const VectorSelector& selector, const MatrixSelector* matrix);
  void WriteNode(const NumberLiteral& e);
  void WriteNode(const StringLiteral& e);
  void WriteNode(const VectorSelector& e) { WriteSelector(e, nullptr); }
  void WriteNode(const MatrixSelector& e) { WriteSelector(*e.selector->As<VectorSelector>(), &e); }
  void WriteNode(const Subquery& e);
  void WriteNode(const Call& e);
  void WriteNode(const Aggregate& e);
  void WriteNode(const Binary& e);
  void WriteNode(const Unary& e);
  void WriteNode(const Paren& e);

  std::string out_;
  bool fresh_ = true;  // Nothing stands before in the open object or list.
};

void JsonWriter::Quote(std::string_view text) {
  out_ += '"';
  while (!text.empty()) {
    const size_t n = Utf8Length(text);
    const auto c = static_cast<unsigned char>(text[0]);
    if (n == 0) {
      out_ += "\\ufffd";  // JSON has no way to carry other bytes.
    } else if (c == '"' || c == '\\') {
      out_ += {'\\', text[0]};
    } else if (c < 0x20) {
      out_ += fmt::format("\\u{:04x}", c);
    } else {
      out_ += text.substr(0, n);
    }
    text.remove_prefix(n == 0 ? 1 : n);
  }
  out_ += '"';
}

void JsonWriter::Field(std::string_view key, const std::vector<std::string>& texts) {
  Key(key);
  Open('[');
  for (const std::string& text : texts) {
    Separate();
    Quote(text);
  }
  Close(']');
}

void JsonWriter::Field(std::string_view key, const std::vector<ExprPtr>& exprs) {
  Key(key);
  Open('[');
  for (const ExprPtr& expr : exprs) {
    Separate();
    Write(*expr);
  }
  Close(']');
}

void JsonWriter::Field(std::string_view key, const Matchers& matchers) {
  Key(key);
  Open('[');
  for (const Matcher& matcher : matchers) {
    Separate();
    Open('{');
    Field("name", matcher.name());
    Field("type", MatchTypeName(matcher.type()));
    Field("value", matcher.value());
    Close('}');
  }
  Close(']');
}

void JsonWriter::Field(std::string_view key, const VectorMatching& matching) {
  Key(key);
  Open('{');
  Field("card", CardName(matching.card));
  Key("fillValues");
  Open('{');
  Field("lhs", matching.fill_left);
  Field("rhs", matching.fill_right);
  Close('}');
  Field("include", matching.include);
  Field("labels", matching.labels);
  Field("on", matching.on);
  Close('}');
}

void JsonWriter::AtFields(const TimeModifiers& time) {
  if (time.at == AtKind::kStart || time.at == AtKind::kEnd) {
    return Field("startOrEnd", time.at == AtKind::kStart ? "start" : "end");
  }
  Key("startOrEnd");
  Raw("null");
}

void JsonWriter::TimestampField(const TimeModifiers& time) {
  if (time.at == AtKind::kTimestamp) return Field("timestamp", time.at_ms);
  Key("timestamp");
  Raw("null");
}

void JsonWriter::WriteDurationLiteral(const DurationExpr& literal) {
  Open('{');
  Field("duration", literal.is_duration);
  Field("type", "numberLiteral");
  Field("val", FormatFloatF(literal.seconds));
  Close('}');
}

// A sign has its operand on the right; a number in parentheses counts as one with a plus.
void JsonWriter::WriteDuration(const DurationExpr* duration) {
  using Op = DurationExpr::Op;
  if (duration == nullptr) return Raw("null");
  const bool literal = duration->op == Op::kLiteral;
  if (literal && !duration->wrapped) return WriteDurationLiteral(*duration);
  const bool sign = duration->op == Op::kNeg || duration->op == Op::kPos;
  Open('{');
  Key("lhs");
  WriteDuration(sign ? nullptr : duration->lhs.get());
  Field("op", DurationOpName(duration->op));
  Key("rhs");
  if (literal) {
    WriteDurationLiteral(*duration);
  } else {
    WriteDuration(sign ? duration->lhs.get() : duration->rhs.get());
  }
  Field("type", "durationExpr");
  Field("wrapped", duration->wrapped);
  Close('}');
}

void JsonWriter::WriteSelector(const VectorSelector& selector, const MatrixSelector* matrix) {
  Open('{');
  Field("anchored", selector.anchored);
  Field("matchers", selector.matchers);
  Field("name", selector.name);
  Field("offset", selector.time.offset_ms);
  Field("offsetExpr", selector.time.offset_expr);
  if (matrix != nullptr) {
    Field("range", matrix->range_ms);
    Field("rangeExpr", matrix->range_expr);
  }
  Field("smoothed", selector.smoothed);
  AtFields(selector.time);
  TimestampField(selector.time);
  Field("type", matrix == nullptr ? "vectorSelector" : "matrixSelector");
  Close('}');
}

void JsonWriter::WriteNode(const NumberLiteral& e) {
  Open('{');
  Field("type", "numberLiteral");
  Field("val", FormatFloatF(e.value));
  Close('}');
}

void JsonWriter::WriteNode(const StringLiteral& e) {
  Open('{');
  Field("type", "stringLiteral");
  Field("val", e.value);
  Close('}');
}

void JsonWriter::WriteNode(const Subquery& e) {
  Open('{');
  Field("expr", e.expr);
  Field("offset", e.time.offset_ms);
  Field("offsetExpr", e.time.offset_expr);
  Field("range", e.range_ms);
  Field("rangeExpr", e.range_expr);
  AtFields(e.time);
  Field("step", e.step_ms);
  Field("stepExpr", e.step_expr);
  TimestampField(e.time);
  Field("type", "subquery");
  Close('}');
}

void JsonWriter::WriteNode(const Call& e) {
  std::vector<std::string> types;
  for (const ValueType type : e.function->arg_types) types.emplace_back(JsonTypeName(type));
  Open('{');
  Field("args", e.args);
  Key("func");
  Open('{');
  Field("argTypes", types);
  Field("name", e.function->name);
  Field("returnType", JsonTypeName(e.function->return_type));
  Field("variadic", int64_t{e.function->variadic});
  Close('}');
  Field("type", "call");
  Close('}');
}

void JsonWriter::WriteNode(const Aggregate& e) {
  Open('{');
  Field("expr", e.expr);
  Field("grouping", e.grouping);
  Field("op", AggregateOpName(e.op));
  Field("param", e.param);
  Field("type", "aggregation");
  Field("without", e.without);
  Close('}');
}

void JsonWriter::WriteNode(const Binary& e) {
  Open('{');
  Field("bool", e.return_bool);
  Field("lhs", e.lhs);
  if (e.matching) {
    Field("matching", *e.matching);
  } else {
    Key("matching");
    Raw("null");
  }
  Field("op", BinaryOpName(e.op));
  Field("rhs", e.rhs);
  Field("type", "binaryExpr");
  Close('}');
}

void JsonWriter::WriteNode(const Unary& e) {
  Open('{');
  Field("expr", e.expr);
  Field("op", e.minus ? "-" : "+");
  Field("type", "unaryExpr");
  Close('}');
}

void JsonWriter::WriteNode(const Paren& e) {
  Open('{');
  Field("expr", e.expr);
  Field("type", "parenExpr");
  Close('}');
}

}  // namespace

std::string AstToJson(const Expr& expr) {
  JsonWriter writer;
  writer.Write(expr);
  return writer.Take();
}

}  // namespace firn::query
