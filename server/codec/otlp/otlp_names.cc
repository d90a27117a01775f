#include "server/codec/otlp/otlp_names.h"

#include <algorithm>
#include <iterator>

#include "base/labels.h"

namespace firn::server {

namespace {

struct UnitName {
  std::string_view unit;
  std::string_view name;
};

constexpr UnitName kUnits[] = {{"d", "days"},
                               {"h", "hours"},
                               {"min", "minutes"},
                               {"s", "seconds"},
                               {"ms", "milliseconds"},
                               {"us", "microseconds"},
                               {"ns", "nanoseconds"},
                               {"By", "bytes"},
                               {"KiBy", "kibibytes"},
                               {"MiBy", "mebibytes"},
                               {"GiBy", "gibibytes"},
                               {"TiBy", "tibibytes"},
                               {"KBy", "kilobytes"},
                               {"MBy", "megabytes"},
                               {"GBy", "gigabytes"},
                               {"TBy", "terabytes"},
                               {"m", "meters"},
                               {"V", "volts"},
                               {"A", "amperes"},
                               {"J", "joules"},
                               {"W", "watts"},
                               {"g", "grams"},
                               {"Cel", "celsius"},
                               {"Hz", "hertz"},
                               {"1", ""},
                               {"%", "percent"}};

constexpr UnitName kPerUnits[] = {{"s", "second"}, {"m", "minute"}, {"h", "hour"}, {"d", "day"},
                                  {"w", "week"},   {"mo", "month"}, {"y", "year"}};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAlnum(char c) { return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

template <size_t kCount>
std::string_view NameOf(const UnitName (&names)[kCount], std::string_view unit) {
  // Annotations in braces are no units.
  if (unit.find_first_of("{}") != std::string_view::npos) return "";
  for (const UnitName& known : names) {
    if (known.unit == unit) return known.name;
  }
  return unit;
}

struct UnitParts {
  std::string_view main;
  std::string_view per;
};

UnitParts SplitUnit(std::string_view unit) {
  const size_t slash = std::min(unit.find('/'), unit.size());
  UnitParts parts;
  parts.main = NameOf(kUnits, Trim(unit.substr(0, slash)));
  if (slash < unit.size()) parts.per = NameOf(kPerUnits, Trim(unit.substr(slash + 1)));
  return parts;
}

// The words of a name: runs of what a metric name may hold, and of `more`.
std::vector<std::string> Words(std::string_view name, std::string_view more = ":") {
  std::vector<std::string> words;
  bool inside = false;
  for (const char c : name) {
    const bool valid = IsAlnum(c) || more.find(c) != std::string_view::npos;
    if (valid && !inside) words.emplace_back();
    if (valid) words.back().push_back(c);
    inside = valid;
  }
  return words;
}

std::string Join(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) {
    if (!out.empty()) out.push_back('_');
    out.append(word);
  }
  return out;
}

bool Contains(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// At the end, wherever it was before.
void MoveToEnd(std::string_view word, std::vector<std::string>* words) {
  std::erase(*words, word);
  words->emplace_back(word);
}

bool IsCounter(const OtlpMetric& metric) {
  return metric.kind == OtlpKind::kSum && metric.monotonic;
}
bool IsRatio(const OtlpMetric& metric) {
  return metric.kind == OtlpKind::kGauge && metric.unit == "1";
}

std::string NameOfWords(const OtlpMetric& metric) {
  std::vector<std::string> words = Words(metric.name);
  const UnitParts unit = SplitUnit(metric.unit);
  const std::string main = Join(Words(unit.main));
  const std::string per = Join(Words(unit.per));
  if (!main.empty() && !Contains(words, main)) words.push_back(main);
  if (!per.empty()) {
    words.emplace_back("per");
    words.push_back(per);
  }
  if (IsCounter(metric)) MoveToEnd("total", &words);
  if (IsRatio(metric)) MoveToEnd("ratio", &words);
  std::string name = Join(words);
  return !name.empty() && IsDigit(name[0]) ? "_" + name : name;
}

// With the character in front of it, which is taken for a delimiter.
void CutSuffix(std::string_view suffix, std::string* name) {
  if (!name->ends_with(suffix) || name->size() <= suffix.size() + 1) return;
  name->resize(name->size() - suffix.size() - 1);
}

std::string NameWithSuffixes(const OtlpMetric& metric) {
  std::string name(metric.name);
  if (IsCounter(metric)) CutSuffix("total", &name);
  if (IsRatio(metric)) CutSuffix("ratio", &name);
  const UnitParts unit = SplitUnit(metric.unit);
  const std::string per = unit.per.empty() ? "" : "per_" + std::string(unit.per);
  if (!per.empty()) CutSuffix(per, &name);
  if (!unit.main.empty() && !name.ends_with(unit.main)) name.append("_").append(unit.main);
  if (!per.empty()) name.append("_").append(per);
  if (IsCounter(metric)) name.append("_total");
  if (IsRatio(metric)) name.append("_ratio");
  return name;
}

std::string NameWithoutSuffixes(std::string_view text) {
  std::string name = Join(Words(text, ":_"));
  return !name.empty() && IsDigit(name[0]) ? "_" + name : name;
}

}  // namespace

bool ParseOtlpStrategy(std::string_view name, OtlpStrategy* strategy) {
  static constexpr std::string_view kNames[] = {
      "UnderscoreEscapingWithSuffixes", "NoUTF8EscapingWithSuffixes",
      "UnderscoreEscapingWithoutSuffixes", "NoTranslation"};
  const auto* const it = std::find(std::begin(kNames), std::end(kNames), name);
  if (it == std::end(kNames)) return false;
  *strategy = static_cast<OtlpStrategy>(it - std::begin(kNames));
  return true;
}

std::string OtlpMetricName(const OtlpNaming& naming, const OtlpMetric& metric) {
  switch (naming.strategy) {
    case OtlpStrategy::kUnderscoresWithSuffixes:
      return NameOfWords(metric);
    case OtlpStrategy::kUtf8WithSuffixes:
      return NameWithSuffixes(metric);
    case OtlpStrategy::kUnderscoresWithoutSuffixes:
      return NameWithoutSuffixes(metric.name);
    case OtlpStrategy::kNoTranslation:
      break;
  }
  return std::string(metric.name);
}

std::string OtlpLabelName(const OtlpNaming& naming, std::string_view name) {
  if (naming.strategy == OtlpStrategy::kUtf8WithSuffixes ||
      naming.strategy == OtlpStrategy::kNoTranslation) {
    return std::string(name);
  }
  std::string label;
  for (const char c : name) {
    // One for each character, not for each of its bytes.
    if ((static_cast<unsigned char>(c) & 0xc0) == 0x80) continue;
    const char kept = IsAlnum(c) ? c : '_';
    if (kept == '_' && !naming.keep_multiple_underscores && label.ends_with('_')) continue;
    label.push_back(kept);
  }
  if (label.empty()) return label;
  if (IsDigit(label[0])) return "key_" + label;
  if (naming.sanitize_underscore && label.starts_with('_') && !label.starts_with("__")) {
    return "key" + label;
  }
  return label;
}

std::string OtlpUnitName(std::string_view unit) {
  const UnitParts parts = SplitUnit(unit);
  std::string name(parts.main);
  if (parts.per.empty()) return name;
  if (!name.empty()) name.push_back('_');
  return name.append("per_").append(parts.per);
}

}  // namespace firn::server
