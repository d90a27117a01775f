#include "tests/promql/script.h"

#include <algorithm>
#include <cstdlib>

#include "base/duration.h"
#include "base/number.h"
#include "query/parser/parser.h"

namespace firn::testing {
namespace {

using query::SequenceValue;
using query::SeriesDescription;

std::string_view Trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

// The first word; removes it and the blanks after it.
std::string_view TakeWord(std::string_view* text) {
  const size_t end = std::min(text->find_first_of(" \t"), text->size());
  const std::string_view word = text->substr(0, end);
  *text = Trim(text->substr(end));
  return word;
}

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

Result<DurationMs> SignedDuration(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  FIRN_ASSIGN_OR_RETURN(const DurationMs value, ParseDuration(text));
  return negative ? -value : value;
}

NoteExpectation::Text ParseText(std::string_view text) {
  const bool is_regex = text.starts_with("regex:");
  if (is_regex || text.starts_with("msg:")) text.remove_prefix(text.find(':') + 1);
  return {std::string(Trim(text)), is_regex};
}

class ScriptParser {
 public:
  explicit ScriptParser(std::string_view text) {
    while (true) {
      const size_t end = std::min(text.find('\n'), text.size());
      std::string_view line = Trim(text.substr(0, end));
      if (line.starts_with('#')) line = {};
      lines_.push_back(line);
      if (end == text.size()) break;
      text.remove_prefix(end + 1);
    }
  }

  Result<std::vector<Command>> Parse() {
    std::vector<Command> out;
    while (at_ < lines_.size()) {
      if (lines_[at_].empty()) {
        ++at_;
        continue;
      }
      Command command;
      command.line = at_ + 1;
      const Status status = ParseCommand(&command);
      if (!status.ok()) return InvalidArgument("line {}: {}", at_ + 1, status.message());
      out.push_back(std::move(command));
    }
    return out;
  }

 private:
  Status ParseCommand(Command* command) {
    std::string_view rest = lines_[at_];
    const std::string word = Lower(TakeWord(&rest));
    if (word == "clear") {
      command->what = ClearCommand();
      ++at_;
      return OkStatus();
    }
    if (word == "load" || word == "load_with_nhcb") {
      return ParseLoad(rest, word != "load", &command->what.emplace<LoadCommand>());
    }
    if (word.starts_with("eval")) {
      return ParseEval(word, rest, &command->what.emplace<EvalCommand>());
    }
    return InvalidArgument("invalid command {}", QuoteGo(lines_[at_]));
  }

  // The next line of the block, "" at its end.
  std::string_view NextLine() {
    ++at_;
    return at_ < lines_.size() ? lines_[at_] : std::string_view();
  }

  Status ParseLoad(std::string_view interval, bool with_nhcb, LoadCommand* load) {
    FIRN_ASSIGN_OR_RETURN(const DurationMs step, ParseDuration(interval));
    std::optional<std::pair<Labels, std::vector<std::optional<DurationMs>>>> starts;
    for (std::string_view line = NextLine(); !line.empty(); line = NextLine()) {
      std::string_view rest = line;
      const std::string_view first = TakeWord(&rest);
      if (first.ends_with("@st")) {
        FIRN_ASSIGN_OR_RETURN(Labels labels, query::ParseMetric(first.substr(0, first.size() - 3)));
        FIRN_ASSIGN_OR_RETURN(auto items, ParseStarts(rest));
        starts.emplace(std::move(labels), std::move(items));
        continue;
      }
      FIRN_ASSIGN_OR_RETURN(const SeriesDescription line_series,
                            query::ParseSeriesDescription(line));
      const bool with_starts = starts && starts->first == line_series.labels;
      if (starts && !with_starts) return InvalidArgument("@st line without its samples");
      FIRN_ASSIGN_OR_RETURN(
          StoredSeries series,
          Expand(line_series, step,
                 with_starts ? starts->second : std::vector<std::optional<DurationMs>>()));
      starts.reset();
      std::erase_if(load->series,
                    [&](const StoredSeries& old) { return old.labels == series.labels; });
      load->series.push_back(std::move(series));
    }
    if (!with_nhcb) return OkStatus();
    FIRN_ASSIGN_OR_RETURN(std::vector<StoredSeries> native, MakeNhcb(load->series));
    for (StoredSeries& series : native) load->series.push_back(std::move(series));
    return OkStatus();
  }

  // `_`, `_xN`, `<dur>`, `<dur>xN`, `<dur>+<dur>xN`, `<dur>-<dur>xN`.
  static Result<std::vector<std::optional<DurationMs>>> ParseStarts(std::string_view text) {
    std::vector<std::optional<DurationMs>> out;
    while (!text.empty()) {
      std::string_view item = TakeWord(&text);
      uint64_t more = 0;
      if (const size_t x = item.find('x'); x != std::string_view::npos) {
        more = std::strtoull(std::string(item.substr(x + 1)).c_str(), nullptr, 10);
        item = item.substr(0, x);
        if (item == "_") --more;
      }
      if (item == "_") {
        out.insert(out.end(), more + 1, std::nullopt);
        continue;
      }
      const size_t sign = item.find_first_of("+-", 1);
      FIRN_ASSIGN_OR_RETURN(DurationMs value, SignedDuration(item.substr(0, sign)));
      DurationMs step = 0;
      if (sign != std::string_view::npos) {
        FIRN_ASSIGN_OR_RETURN(step, SignedDuration(item.substr(sign)));
      }
      for (uint64_t i = 0; i <= more; ++i) {
        out.push_back(value);
        value += step;
      }
    }
    return out;
  }

  static Result<StoredSeries> Expand(const SeriesDescription& line, DurationMs step,
                                     const std::vector<std::optional<DurationMs>>& starts) {
    StoredSeries series{.labels = line.labels, .samples = {}};
    if (!starts.empty() && starts.size() != line.values.size()) {
      return InvalidArgument("{} start timestamps for {} samples", starts.size(),
                             line.values.size());
    }
    engine::SampleColumns& c = series.samples;
    for (size_t i = 0; i < line.values.size(); ++i) {
      const SequenceValue& value = line.values[i];
      if (value.omitted) continue;
      const TimestampMs t = static_cast<TimestampMs>(i) * step;
      const TimestampMs start = !starts.empty() && starts[i] ? t + *starts[i] : 0;
      if (value.histogram) {
        c.ht.push_back(t);
        c.h.push_back(value.histogram);
        if (!starts.empty()) c.hst.push_back(start);
      } else {
        c.t.push_back(t);
        c.v.push_back(value.value);
        if (!starts.empty()) c.st.push_back(start);
      }
    }
    return series;
  }

  Status ParseEval(const std::string& word, std::string_view rest, EvalCommand* eval) {
    if (word == "eval_fail") eval->fails = true;
    if (word == "eval_ordered") eval->ordered = true;
    if (word == "eval_warn") eval->warnings.mode = ExpectMode::kSome;
    if (word == "eval_info") eval->infos.mode = ExpectMode::kSome;
    const std::string kind = Lower(TakeWord(&rest));
    eval->is_range = kind == "range";
    if (eval->is_range) {
      FIRN_RETURN_IF_ERROR(ParseGrid(&rest, &eval->times));
    } else if (kind == "instant") {
      if (Lower(rest.substr(0, 3)) == "at ") {
        TakeWord(&rest);
        FIRN_ASSIGN_OR_RETURN(eval->times.start, SignedDuration(TakeWord(&rest)));
      }
    } else {
      return InvalidArgument("neither instant nor range");
    }
    eval->expr = rest;
    for (std::string_view line = NextLine(); !line.empty(); line = NextLine()) {
      FIRN_ASSIGN_OR_RETURN(const bool more, ParseExpectation(line, eval));
      if (more) continue;
      ++at_;
      break;
    }
    return OkStatus();
  }

  // `from D to D step D`.
  static Status ParseGrid(std::string_view* text, Grid* grid) {
    const auto take = [&](std::string_view word, DurationMs* value) -> Status {
      if (Lower(TakeWord(text)) != word) return InvalidArgument("`{}` is missing", word);
      FIRN_ASSIGN_OR_RETURN(*value, SignedDuration(TakeWord(text)));
      return OkStatus();
    };
    FIRN_RETURN_IF_ERROR(take("from", &grid->start));
    FIRN_RETURN_IF_ERROR(take("to", &grid->end));
    return take("step", &grid->step);
  }

  // False if the line ends the block.
  static Result<bool> ParseExpectation(std::string_view line, EvalCommand* eval) {
    std::string_view rest = line;
    const std::string_view first = TakeWord(&rest);
    if (first == "expected_fail_message") {
      eval->failure = NoteExpectation::Text{std::string(rest), false};
      return true;
    }
    if (first == "expected_fail_regexp") {
      eval->failure = NoteExpectation::Text{std::string(rest), true};
      return true;
    }
    if (first == "expect") {
      FIRN_RETURN_IF_ERROR(ParseExpect(rest, eval));
      return true;
    }
    if (const std::optional<double> number = Number(line)) {
      eval->scalar = number;
      return false;
    }
    FIRN_ASSIGN_OR_RETURN(SeriesDescription series, query::ParseSeriesDescription(line));
    eval->series.push_back(std::move(series));
    return true;
  }

  static std::optional<double> Number(std::string_view text) {
    if (const std::optional<double> number = ParseFloat(text)) return number;
    if (!text.starts_with("0x") && !text.starts_with("0X")) return std::nullopt;
    char* end = nullptr;
    const std::string copy(text);
    const double value = std::strtod(copy.c_str(), &end);
    if (end != copy.c_str() + copy.size()) return std::nullopt;
    return value;
  }

  static Status ParseExpect(std::string_view rest, EvalCommand* eval) {
    const std::string_view what = TakeWord(&rest);
    const auto note = [&](NoteExpectation* notes) {
      notes->mode = ExpectMode::kSome;
      if (!rest.empty()) notes->texts.push_back(ParseText(rest));
    };
    if (what == "ordered") {
      eval->ordered = true;
    } else if (what == "fail") {
      eval->fails = true;
      if (!rest.empty()) eval->failure = ParseText(rest);
    } else if (what == "warn") {
      note(&eval->warnings);
    } else if (what == "info") {
      note(&eval->infos);
    } else if (what == "no_warn") {
      eval->warnings.mode = ExpectMode::kNone;
    } else if (what == "no_info") {
      eval->infos.mode = ExpectMode::kNone;
    } else if (what == "string") {
      FIRN_ASSIGN_OR_RETURN(const query::ExprPtr literal, query::ParseExpr(rest));
      const auto* text = literal->As<query::StringLiteral>();
      if (text == nullptr) return InvalidArgument("not a string: {}", rest);
      eval->text = text->value;
    } else if (what == "range" && TakeWord(&rest) == "vector") {
      return ParseGrid(&rest, &eval->matrix.emplace());
    } else {
      return InvalidArgument("unknown expectation {}", what);
    }
    return OkStatus();
  }

  std::vector<std::string_view> lines_;
  size_t at_ = 0;
};

}  // namespace

Result<std::vector<Command>> ParseScript(std::string_view text) {
  return ScriptParser(text).Parse();
}

}  // namespace firn::testing
