#include "server/codec/text/exposition_parser.h"

#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "base/number.h"

namespace firn::server {

namespace {

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

// Walks over one line. Texts with escapes are decoded into a buffer of the line.
class LineCursor {
 public:
  // What is handed out is valid until the next call.
  void Reset(std::string_view line) {
    rest_ = line;
    decoded_.clear();
    // Decoding never lengthens, so views into the buffer stay valid.
    decoded_.reserve(line.size());
  }
  void SkipBlanks() {
    while (!rest_.empty() && IsBlank(rest_.front())) rest_.remove_prefix(1);
  }
  bool AtEnd() const { return rest_.empty(); }
  char Peek() const { return rest_.empty() ? '\0' : rest_.front(); }
  bool Take(char c) {
    if (Peek() != c || rest_.empty()) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // Up to the next blank or one of `ends`.
  std::string_view Word(std::string_view ends = "") {
    size_t n = 0;
    while (n < rest_.size() && !IsBlank(rest_[n]) && ends.find(rest_[n]) == ends.npos) ++n;
    const std::string_view word = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return word;
  }
  std::string_view rest() const { return rest_; }

  // Behind an opening quote, up to and with the closing one. None if it is missing.
  std::optional<std::string_view> Quoted() {
    const size_t plain = rest_.find_first_of("\"\\");
    if (plain == std::string_view::npos) return std::nullopt;
    if (rest_[plain] == '"') {
      const std::string_view text = rest_.substr(0, plain);
      rest_.remove_prefix(plain + 1);
      return text;
    }
    const size_t begin = decoded_.size();
    while (!rest_.empty() && rest_.front() != '"') {
      char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '\\' && !rest_.empty()) {
        c = rest_.front();
        rest_.remove_prefix(1);
        if (c == 'n') {
          c = '\n';
        } else if (c != '\\' && c != '"') {
          decoded_.push_back('\\');
        }
      }
      decoded_.push_back(c);
    }
    if (!Take('"')) return std::nullopt;
    return std::string_view(decoded_).substr(begin);
  }

 private:
  std::string_view rest_;
  std::string decoded_;
};

std::string UnescapeHelp(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      const char c = text[++i];
      if (c != 'n' && c != '\\' && c != '"') out.push_back('\\');
      out.push_back(c == 'n' ? '\n' : c);
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

Status Expected(std::string_view what, std::string_view found) {
  constexpr size_t kShownBytes = 40;
  if (found.empty()) return InvalidArgument("expected {}, found the end of the line", what);
  return InvalidArgument("expected {}, found {}", what, QuoteGo(found.substr(0, kShownBytes)));
}

}  // namespace

class ExpositionReader::Parser {
 public:
  Parser(const ExpositionOptions& options, WriteVisitor* visitor)
      : options_(options), visitor_(*visitor) {}

  Status Line(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    cursor_.Reset(line);
    cursor_.SkipBlanks();
    if (cursor_.AtEnd()) return OkStatus();
    if (ended_) return Expected("nothing behind # EOF", cursor_.rest());
    if (cursor_.Peek() == '#') return Comment();
    return SampleLine();
  }

  Status Finish() {
    if (options_.format == TextFormat::kOpenMetrics && !ended_) {
      return InvalidArgument("the text does not end with # EOF");
    }
    return TellMetadata();
  }

  Status TellMetadata() {
    for (auto& [name, family] : families_) {
      if (family.told) continue;
      family.told = true;
      FIRN_RETURN_IF_ERROR(visitor_.OnMetadata({name, family.type, family.help, family.unit}));
    }
    return OkStatus();
  }

 private:
  struct Family {
    std::string_view type = "unknown";
    std::string help;
    std::string unit;
    bool told = false;
  };

  Status Comment() {
    cursor_.Take('#');
    cursor_.SkipBlanks();
    const std::string_view keyword = cursor_.Word();
    if (keyword == "EOF" && options_.format == TextFormat::kOpenMetrics) {
      ended_ = true;
      return OkStatus();
    }
    if (keyword != "TYPE" && keyword != "HELP" && keyword != "UNIT") return OkStatus();
    cursor_.SkipBlanks();
    std::string_view name;
    if (cursor_.Take('"')) {
      const auto quoted = cursor_.Quoted();
      if (!quoted) return InvalidArgument("the quoted name does not end");
      name = *quoted;
    } else {
      name = cursor_.Word();
    }
    if (name.empty()) return Expected(fmt::format("a metric name behind {}", keyword), "");
    cursor_.SkipBlanks();
    Family& family = families_[std::string(name)];
    family.told = false;
    if (keyword == "HELP") {
      family.help = UnescapeHelp(cursor_.rest());
    } else if (keyword == "UNIT") {
      family.unit = cursor_.rest();
    } else {
      return TakeType(&family);
    }
    return OkStatus();
  }

  Status TakeType(Family* family) {
    const std::string_view type = cursor_.Word();
    for (const std::string_view known : {"counter", "gauge", "histogram", "gaugehistogram",
                                         "summary", "info", "stateset", "unknown"}) {
      if (type != known) continue;
      family->type = known;
      return OkStatus();
    }
    if (type != "untyped") return Expected("a metric type", type);
    family->type = "unknown";
    return OkStatus();
  }

  Status SampleLine() {
    labels_.clear();
    exemplar_labels_.clear();
    const std::string_view name = cursor_.Word("{");
    if (!name.empty()) {
      if (!IsLegacyMetricName(name)) return Expected("a metric name", name);
      labels_.push_back({kMetricName, name});
    }
    cursor_.SkipBlanks();
    if (cursor_.Take('{')) FIRN_RETURN_IF_ERROR(ReadLabels(&labels_, name.empty()));
    if (labels_.empty() || labels_[0].name != kMetricName) {
      return InvalidArgument("the sample has no metric name");
    }
    Sample sample;
    FIRN_ASSIGN_OR_RETURN(sample.v, ReadValue());
    FIRN_ASSIGN_OR_RETURN(sample.t, ReadTime());
    cursor_.SkipBlanks();
    WriteExemplar exemplar;
    const bool has_exemplar = options_.format == TextFormat::kOpenMetrics && cursor_.Take('#');
    if (has_exemplar) FIRN_RETURN_IF_ERROR(ReadExemplar(&exemplar));
    cursor_.SkipBlanks();
    if (!cursor_.AtEnd()) return Expected("the end of the line", cursor_.rest());
    OverrideLabels(options_.more_labels, &labels_);
    WriteSeries series;
    series.labels = labels_;
    series.samples = {&sample, 1};
    if (has_exemplar) series.exemplars = {&exemplar, 1};
    return visitor_.OnSeries(series);
  }

  // Behind the opening brace. The first element may be a quoted metric name.
  Status ReadLabels(std::vector<LabelView>* out, bool may_name) {
    while (true) {
      cursor_.SkipBlanks();
      if (cursor_.Take('}')) return OkStatus();
      std::string_view name;
      const bool quoted = cursor_.Take('"');
      if (quoted) {
        const auto text = cursor_.Quoted();
        if (!text) return InvalidArgument("the quoted name does not end");
        name = *text;
      } else {
        name = cursor_.Word("=,}");
      }
      cursor_.SkipBlanks();
      if (quoted && may_name && out->empty() && cursor_.Peek() != '=') {
        out->push_back({kMetricName, name});
      } else {
        if (name.empty() || (!quoted && !IsLegacyLabelName(name))) {
          return Expected("a label name", name.empty() ? cursor_.rest() : name);
        }
        if (!cursor_.Take('=')) return Expected("= behind the label name", cursor_.rest());
        cursor_.SkipBlanks();
        if (!cursor_.Take('"')) return Expected("a quoted label value", cursor_.rest());
        const auto value = cursor_.Quoted();
        if (!value) {
          return InvalidArgument("the value of label {} does not end", QuoteGo(name));
        }
        out->push_back({name, *value});
      }
      may_name = false;
      cursor_.SkipBlanks();
      if (cursor_.Take(',') || cursor_.Peek() == '}') continue;
      return Expected("a comma or a closing brace", cursor_.rest());
    }
  }

  Result<double> ReadValue() {
    cursor_.SkipBlanks();
    const std::string_view word = cursor_.Word();
    const auto value = ParseFloat(word);
    if (!value) return Expected("a number as value", word);
    return std::isnan(*value) ? NormalNan() : *value;
  }

  // Seconds in OpenMetrics, else milliseconds.
  Result<TimestampMs> ReadTime() {
    cursor_.SkipBlanks();
    if (cursor_.AtEnd() || cursor_.Peek() == '#') return options_.default_time;
    const std::string_view word = cursor_.Word();
    if (options_.format == TextFormat::kOpenMetrics) {
      constexpr double kSecondsMax = 9e15;
      const auto seconds = ParseFloat(word);
      if (!seconds || !(std::fabs(*seconds) < kSecondsMax)) {
        return Expected("a timestamp in seconds", word);
      }
      return static_cast<TimestampMs>(std::llround(*seconds * 1000));
    }
    TimestampMs t = 0;
    const auto [end, ec] = std::from_chars(word.data(), word.data() + word.size(), t);
    if (ec != std::errc() || end != word.data() + word.size()) {
      return Expected("a timestamp in milliseconds", word);
    }
    return t;
  }

  Status ReadExemplar(WriteExemplar* exemplar) {
    cursor_.SkipBlanks();
    if (!cursor_.Take('{')) return Expected("the labels of an exemplar", cursor_.rest());
    FIRN_RETURN_IF_ERROR(ReadLabels(&exemplar_labels_, false));
    FIRN_ASSIGN_OR_RETURN(exemplar->v, ReadValue());
    FIRN_ASSIGN_OR_RETURN(exemplar->t, ReadTime());
    exemplar->labels = exemplar_labels_;
    return OkStatus();
  }

  const ExpositionOptions options_;
  WriteVisitor& visitor_;
  LineCursor cursor_;
  std::vector<LabelView> labels_;
  std::vector<LabelView> exemplar_labels_;
  std::map<std::string, Family, std::less<>> families_;
  bool ended_ = false;
};

ExpositionReader::ExpositionReader(const ExpositionOptions& options, WriteVisitor* visitor)
    : parser_(std::make_unique<Parser>(options, visitor)) {}
ExpositionReader::~ExpositionReader() = default;

Status ExpositionReader::Read(std::string_view lines) {
  while (!lines.empty()) {
    ++line_;
    const size_t end = std::min(lines.find('\n'), lines.size());
    const Status status = parser_->Line(lines.substr(0, end));
    if (!status.ok()) return status.WithContext(fmt::format("line {}", line_));
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  return OkStatus();
}

Status ExpositionReader::TellMetadata() { return parser_->TellMetadata(); }
Status ExpositionReader::Finish() { return parser_->Finish(); }

Status ParseExposition(std::string_view text, const ExpositionOptions& options,
                       WriteVisitor* visitor) {
  ExpositionReader reader(options, visitor);
  FIRN_RETURN_IF_ERROR(reader.Read(text));
  return reader.Finish();
}

}  // namespace firn::server
