#include <algorithm>

#include "query/parser/function_table.h"
#include "query/parser/parser.h"
#include "query/parser/print_parts.h"

namespace firn::query {
namespace {

constexpr size_t kColumns = 100;

// A node that fits on a line is printed as it is, any other a level deeper line by line.
// The width is that of the node alone, whatever its indentation.
class PrettyPrinter {
 public:
  PrettyPrinter(size_t columns, std::string* out) : columns_(columns), out_(out) {}

  void Print(const Expr& expr, int level) {
    if (const auto* unary = expr.As<Unary>()) return PrintUnary(*unary, level);
    const std::string line = PrintExpr(expr);
    const bool split = line.size() > columns_ && CanSplit(expr);
    if (const auto* subquery = expr.As<Subquery>()) {
      if (!split) {
        out_->append(line);
        return;
      }
      Print(*subquery->expr, level);
      AppendSubquerySuffix(*subquery, out_);
      return;
    }
    if (const auto* binary = expr.As<Binary>(); binary != nullptr && split) {
      return PrintBinary(*binary, level);
    }
    Indent(level);
    if (!split) {
      out_->append(line);
      return;
    }
    PrintParenthesised(expr, level);
  }

 private:
  static bool CanSplit(const Expr& expr) {
    return expr.As<Aggregate>() != nullptr || expr.As<Binary>() != nullptr ||
           expr.As<Call>() != nullptr || expr.As<Paren>() != nullptr ||
           expr.As<Subquery>() != nullptr;
  }

  // Calls, aggregations and parentheses: a head, and one line or more for each argument.
  void PrintParenthesised(const Expr& expr, int level) {
    if (const auto* aggregate = expr.As<Aggregate>()) AppendAggregateHead(*aggregate, out_);
    if (const auto* call = expr.As<Call>()) out_->append(call->function->name);
    out_->append("(\n");
    const std::vector<ExprPtr> children = Children(expr);
    for (size_t i = 0; i < children.size(); ++i) {
      if (i > 0) out_->append(",\n");
      Print(*children[i], level + 1);
    }
    out_->push_back('\n');
    Indent(level);
    out_->push_back(')');
  }

  void PrintBinary(const Binary& binary, int level) {
    if (HasBareInfinityBase(binary)) {
      Indent(level + 1);
      out_->append("Inf");
    } else {
      Print(*binary.lhs, level + 1);
    }
    out_->push_back('\n');
    Indent(level);
    AppendOperator(binary, out_);
    out_->push_back('\n');
    Print(*binary.rhs, level + 1);
  }

  // The sign takes the place before the operand's first character.
  void PrintUnary(const Unary& unary, int level) {
    std::string operand;
    PrettyPrinter(columns_, &operand).Print(*unary.expr, level);
    Indent(level);
    out_->push_back(unary.minus ? '-' : '+');
    out_->append(operand, std::min(operand.find_first_not_of(' '), operand.size()));
  }

  void Indent(int level) { out_->append(static_cast<size_t>(level) * 2, ' '); }

  const size_t columns_;
  std::string* out_;
};

}  // namespace

std::string PrettyPrintExpr(const Expr& expr, size_t columns) {
  std::string out;
  PrettyPrinter(columns, &out).Print(expr, 0);
  return out;
}

std::string PrettyPrintExpr(const Expr& expr) { return PrettyPrintExpr(expr, kColumns); }

}  // namespace firn::query
