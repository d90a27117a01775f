#include "query/parser/series_description.h"

#include <string>
#include <utility>

#include "base/sample.h"
#include "query/parser/series_cursor.h"
#include "query/parser/syntax/expression_parser_inl.h"
#include "query/parser/syntax/utf8.h"

namespace firn::query {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

// The metric at the front of a line. Reads no further than it must: what follows a series
// is not PromQL.
class MetricReader {
 public:
  explicit MetricReader(std::string_view text) : text_(text), lexer_(text) {}

  Result<Labels> Read() {
    Advance();
    if (token_.kind != TokenKind::kLeftBrace) {
      if (!CanBeMetricName(token_)) return Unexpected({});
      pairs_.emplace_back(kMetricName, token_.text);
      if (!LabelsFollow()) return Labels::FromPairs(std::move(pairs_));
      Advance();
    }
    FIRN_RETURN_IF_ERROR(ReadSet());
    return Labels::FromPairs(std::move(pairs_));
  }
  size_t offset() const { return lexer_.offset(); }

 private:
  void Advance() { token_ = lexer_.Next(); }

  // An open brace that does not begin a histogram.
  bool LabelsFollow() const {
    const size_t at = text_.find_first_not_of(" \t", lexer_.offset());
    return at != std::string_view::npos && text_[at] == '{' && text_.substr(at, 2) != "{{";
  }

  Status ReadSet() {
    Advance();
    while (token_.kind != TokenKind::kRightBrace) {
      FIRN_RETURN_IF_ERROR(ReadPair());
      if (token_.kind == TokenKind::kComma) {
        Advance();
      } else if (token_.kind != TokenKind::kRightBrace) {
        return Unexpected("\",\" or \"}\"");
      }
    }
    return OkStatus();
  }

  Status ReadPair() {
    const bool quoted = token_.kind == TokenKind::kString;
    if (!quoted && token_.kind != TokenKind::kIdentifier) return Unexpected("identifier or \"}\"");
    std::string name = quoted ? Unquote(token_.text) : std::string(token_.text);
    Advance();
    if (token_.kind != TokenKind::kAssign) {
      if (!quoted) return Unexpected("\"=\"");
      pairs_.emplace_back(kMetricName, std::move(name));
      return OkStatus();
    }
    Advance();
    if (token_.kind != TokenKind::kString) return Unexpected("string");
    pairs_.emplace_back(std::move(name), Unquote(token_.text));
    Advance();
    return OkStatus();
  }

  Status Unexpected(std::string_view expected) const {
    if (token_.kind == TokenKind::kError) {
      return ParseErrorAt(text_, token_.pos.start, token_.text);
    }
    std::string message = "unexpected " + DescribeToken(token_);
    if (!expected.empty()) message += fmt::format(" in label set, expected {}", expected);
    return ParseErrorAt(text_, token_.pos.start, message);
  }

  const std::string_view text_;
  Lexer lexer_;
  Token token_;
  Pairs pairs_;
};

class ValuesReader {
 public:
  ValuesReader(SeriesCursor* in, const HistogramStep& step) : in_(in), step_(step) {}

  Result<std::vector<SequenceValue>> Read() {
    while (true) {
      const bool blank = in_->SkipBlanks();
      if (in_->AtEnd()) return std::move(values_);
      if (!blank) in_->Unexpected();
      if (in_->error().ok()) ReadItem();
      if (!in_->error().ok()) return in_->error();
    }
  }

 private:
  void ReadItem() {
    if (in_->Consume("_")) {
      if (const auto n = Repetition(/*otherwise=*/1)) Append({.omitted = true}, *n);
    } else if (in_->Peek() == '{') {
      ReadHistograms();
    } else {
      ReadNumbers();
    }
  }

  void ReadNumbers() {
    double value = StaleNan();
    if (!in_->Consume("stale")) {
      const std::optional<double> number = in_->SignedNumber();
      if (!number) return;
      value = *number;
    }
    double step = 0;
    const bool stepped = in_->Peek() == '+' || in_->Peek() == '-';
    if (stepped) {
      const std::optional<double> number = in_->SignedNumber();
      if (!number) return;
      step = *number;
      if (in_->Peek() != 'x') in_->Unexpected();
    }
    const std::optional<uint64_t> more = Repetition(0);
    for (uint64_t i = 0; more && i <= *more; ++i) {
      Append({.value = value}, 1);
      if (stepped) value += step;
    }
  }

  void ReadHistograms() {
    bool hint_was_set = false;
    std::optional<FloatHistogram> first = ReadHistogramLiteral(in_, &hint_was_set);
    if (!first) return;
    const bool subtract = in_->Peek() == '-';
    if (!subtract && in_->Peek() != '+') {
      const auto shared = std::make_shared<const FloatHistogram>(*std::move(first));
      const std::optional<uint64_t> more = Repetition(0);
      if (more) Append({.histogram = shared, .hint_was_set = hint_was_set}, *more + 1);
      return;
    }
    in_->Skip(1);
    if (in_->Peek() != '{') {
      in_->Unexpected();
      return;
    }
    bool step_hint_was_set = false;
    const std::optional<FloatHistogram> step = ReadHistogramLiteral(in_, &step_hint_was_set);
    if (!step) return;
    if (in_->Peek() != 'x') {
      in_->Unexpected();
      return;
    }
    const size_t count_at = in_->at() + 1;
    const std::optional<uint64_t> more = Repetition(0);
    if (!more) return;
    if (first->schema > step->schema) {
      in_->Fail(count_at,
                fmt::format("error combining histograms: cannot merge from schema {} to {}",
                            step->schema, first->schema));
      return;
    }
    AppendSteps(*std::move(first), *step, *more, subtract, hint_was_set);
  }

  void AppendSteps(FloatHistogram current, const FloatHistogram& step, uint64_t more, bool subtract,
                   bool hint_was_set) {
    for (uint64_t i = 0; in_->error().ok(); ++i) {
      Append({.histogram = std::make_shared<const FloatHistogram>(current),
              .hint_was_set = hint_was_set},
             1);
      if (i == more) return;
      Result<FloatHistogram> next =
          step_ ? step_(current, step, subtract) : AddHistograms(current, step, subtract);
      if (!next.ok()) {
        in_->Fail(in_->at(), "error combining histograms: " + std::string(next.status().message()));
        return;
      }
      current = *std::move(next);
    }
  }

  // The N of `xN`, or `otherwise` if the item ends here.
  std::optional<uint64_t> Repetition(uint64_t otherwise) {
    if (!in_->error().ok()) return std::nullopt;
    std::optional<uint64_t> n = otherwise;
    if (in_->Consume("x")) n = in_->Count();
    if (n && !in_->AtEnd() && !in_->AtBlank()) return in_->Unexpected();
    return n;
  }

  void Append(const SequenceValue& value, uint64_t n) {
    if (values_.size() + n > kSequenceValuesMax) {
      in_->Fail(in_->at(), fmt::format("series has more than {} values", kSequenceValuesMax));
      return;
    }
    values_.insert(values_.end(), n, value);
  }

  SeriesCursor* in_;
  const HistogramStep& step_;
  std::vector<SequenceValue> values_;
};

}  // namespace

Result<SeriesDescription> ParseSeriesDescription(std::string_view line, const HistogramStep& step) {
  MetricReader metric(line);
  SeriesDescription series;
  FIRN_ASSIGN_OR_RETURN(series.labels, metric.Read());
  SeriesCursor cursor(line, metric.offset());
  FIRN_ASSIGN_OR_RETURN(series.values, ValuesReader(&cursor, step).Read());
  return series;
}

Result<Labels> ParseMetric(std::string_view text) {
  MetricReader metric(text);
  FIRN_ASSIGN_OR_RETURN(Labels labels, metric.Read());
  const size_t rest = text.find_first_not_of(" \t\r\n", metric.offset());
  if (rest != std::string_view::npos) {
    SeriesCursor cursor(text, rest);
    cursor.Unexpected();
    return cursor.error();
  }
  return labels;
}

}  // namespace firn::query
