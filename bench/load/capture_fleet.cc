#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <fstream>
#include <limits>
#include <map>
#include <optional>
#include <string_view>

#include <fmt/core.h>

#include "bench/load/fleet.h"

namespace firn::bench {
namespace {

// What the hosts of a fleet run, over and over.
constexpr std::array<std::string_view, 5> kCycle = {"node", "node", "prometheus", "node",
                                                    "victoria"};

// A number as its text says: mantissa / 10^exponent.
struct Decimal {
  int64_t mantissa = 0;
  int exponent = 0;
};

std::optional<Decimal> ParseDecimal(std::string_view text) {
  Decimal d;
  bool negative = false;
  bool point = false;
  size_t i = 0;
  int digits = 0;
  if (i < text.size() && text[i] == '-') {
    negative = true;
    ++i;
  }
  for (; i < text.size() && text[i] != 'e'; ++i) {
    if (text[i] == '.' && !point) {
      point = true;
      continue;
    }
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    if (d.mantissa != 0 || text[i] != '0') ++digits;
    if (digits > 15) return std::nullopt;
    d.mantissa = d.mantissa * 10 + (text[i] - '0');
    if (point) ++d.exponent;
  }
  if (i < text.size()) {
    int power = 0;
    const char* begin = text.data() + i + 1;
    if (begin < text.data() + text.size() && *begin == '+') ++begin;
    if (std::from_chars(begin, text.data() + text.size(), power).ec != std::errc()) {
      return std::nullopt;
    }
    d.exponent -= power;
  }
  if (negative) d.mantissa = -d.mantissa;
  return d;
}

double ParseDouble(std::string_view text) {
  // The NaN that Go's parser makes and senders pass on.
  if (text == "NaN") {
    const uint64_t bits = 0x7ff8000000000001;
    double nan = 0;
    static_assert(sizeof(nan) == sizeof(bits));
    __builtin_memcpy(&nan, &bits, sizeof(nan));
    return nan;
  }
  if (!text.empty() && text[0] == '+') text.remove_prefix(1);
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// One recorded series: decimals as whole numbers with one divisor where that is possible, so
// that a counter continued past the end of the recording stays the number an exporter prints.
struct Column {
  LabelPairs labels;
  bool counts = false;
  bool constant = false;
  bool whole = false;
  double divisor = 1;
  std::vector<int64_t> mantissas;
  std::vector<double> values;
  size_t size() const { return whole ? mantissas.size() : values.size(); }
};

// Brings all numbers to one exponent. False if they do not fit.
bool ToWhole(const std::vector<std::string_view>& texts, Column* column) {
  std::vector<Decimal> decimals;
  int exponent = 0;
  for (const std::string_view text : texts) {
    const std::optional<Decimal> d = ParseDecimal(text);
    if (!d) return false;
    decimals.push_back(*d);
    if (d->mantissa != 0) exponent = std::max(exponent, d->exponent);
  }
  if (exponent > 18) return false;
  for (const Decimal& d : decimals) {
    const double scaled = static_cast<double>(d.mantissa) * std::pow(10, exponent - d.exponent);
    if (std::abs(scaled) > 1e15) return false;
    column->mantissas.push_back(std::llround(scaled));
  }
  column->divisor = std::pow(10, exponent);
  return true;
}

// A gauge that grows nearly every time (a clock, an uptime) goes on growing.
bool Grows(const std::vector<double>& values) {
  size_t steps = 0;
  for (size_t i = 1; i < values.size(); ++i) {
    if (values[i] < values[i - 1]) return false;
    steps += values[i] > values[i - 1] ? 1 : 0;
  }
  return values.size() > 1 && steps * 10 > values.size() * 9;
}

bool ParseLabels(std::string_view text, LabelPairs* labels) {
  const size_t brace = text.find('{');
  labels->emplace_back("__name__", text.substr(0, brace));
  if (brace == std::string_view::npos) return true;
  text.remove_prefix(brace + 1);
  while (!text.empty() && text[0] != '}') {
    const size_t equals = text.find("=\"");
    if (equals == std::string_view::npos) return false;
    const std::string name(text.substr(0, equals));
    text.remove_prefix(equals + 2);
    std::string value;
    while (!text.empty() && text[0] != '"') {
      const bool escaped = text[0] == '\\' && text.size() > 1;
      if (escaped) text.remove_prefix(1);
      value += escaped && text[0] == 'n' ? '\n' : text[0];
      text.remove_prefix(1);
    }
    if (text.empty()) return false;
    text.remove_prefix(1);
    if (!text.empty() && text[0] == ',') text.remove_prefix(1);
    if (!value.empty()) labels->emplace_back(name, value);
  }
  return true;
}

bool ParseLine(std::string_view line, std::string* exporter, Column* column) {
  std::array<std::string_view, 4> parts;
  for (size_t p = 0; p < 3; ++p) {
    const size_t tab = line.find('\t');
    if (tab == std::string_view::npos) return false;
    parts[p] = line.substr(0, tab);
    line.remove_prefix(tab + 1);
  }
  *exporter = parts[0];
  if (!ParseLabels(parts[2], &column->labels)) return false;
  std::vector<std::string_view> texts;
  while (!line.empty()) {
    const size_t space = std::min(line.find(' '), line.size());
    texts.push_back(line.substr(0, space));
    line.remove_prefix(std::min(space + 1, line.size()));
  }
  for (const std::string_view text : texts) column->values.push_back(ParseDouble(text));
  column->counts = parts[1] == "c" || Grows(column->values);
  column->constant = std::all_of(texts.begin(), texts.end(),
                                 [&](std::string_view text) { return text == texts[0]; });
  column->whole = ToWhole(texts, column);
  return texts.size() > 1;
}

class CaptureTarget : public Target {
 public:
  CaptureTarget(const std::vector<Column>& columns, std::string_view exporter, uint64_t seed,
                uint32_t number)
      : columns_(columns), exporter_(exporter), number_(number) {
    Random random(seed * 15'485'863 + number);
    step_ = random.Below(columns.front().size());
    for (const Column& column : columns) {
      const bool moves = column.counts && !column.constant && column.whole;
      const auto last = moves ? static_cast<uint64_t>(column.mantissas.back()) : 0;
      offsets_.push_back(static_cast<int64_t>(random.Next() % (last + 1)));
    }
  }

  std::vector<LabelPairs> Labels() const override {
    std::vector<LabelPairs> all;
    for (const Column& column : columns_) {
      LabelPairs labels = column.labels;
      labels.emplace_back("cluster", fmt::format("eu-{}", number_ % 3));
      labels.emplace_back("instance", fmt::format("host-{:04}.example.net:9100", number_));
      labels.emplace_back("job", exporter_);
      std::sort(labels.begin(), labels.end());
      all.push_back(std::move(labels));
    }
    return all;
  }

  void Scrape(std::vector<double>* values) override {
    values->clear();
    ++step_;
    for (size_t i = 0; i < columns_.size(); ++i) values->push_back(At(columns_[i], offsets_[i]));
  }

 private:
  // Counters start again where they ended, gauges run to and fro.
  double At(const Column& column, int64_t offset) const {
    const uint64_t last = column.size() - 1;
    const uint64_t round = step_ / last;
    const uint64_t at = step_ % last;
    if (!column.counts) {
      const uint64_t n = round % 2 == 0 ? at : last - at;
      return column.whole ? static_cast<double>(column.mantissas[n]) / column.divisor
                          : column.values[n];
    }
    if (column.whole) {
      const int64_t grown = column.mantissas[last] - column.mantissas[0];
      const int64_t value = offset + column.mantissas[at] + static_cast<int64_t>(round) * grown;
      return static_cast<double>(value) / column.divisor;
    }
    return column.values[at] +
           static_cast<double>(round) * (column.values[last] - column.values[0]);
  }

  const std::vector<Column>& columns_;
  const std::string exporter_;
  const uint32_t number_;
  uint64_t step_ = 0;
  std::vector<int64_t> offsets_;
};

class CaptureFleet : public Fleet {
 public:
  CaptureFleet(std::map<std::string, std::vector<Column>, std::less<>> exporters, uint64_t seed)
      : exporters_(std::move(exporters)), seed_(seed) {}

  uint32_t SeriesOf(uint32_t target) const override {
    return static_cast<uint32_t>(exporters_.find(kCycle[target % kCycle.size()])->second.size());
  }
  std::unique_ptr<Target> Make(uint32_t target) const override {
    const auto exporter = exporters_.find(kCycle[target % kCycle.size()]);
    return std::make_unique<CaptureTarget>(exporter->second, exporter->first, seed_, target);
  }

 private:
  const std::map<std::string, std::vector<Column>, std::less<>> exporters_;
  const uint64_t seed_;
};

}  // namespace

Result<std::unique_ptr<Fleet>> MakeCaptureFleet(const std::string& path, uint64_t seed) {
  std::ifstream in(path);
  if (!in) return InvalidArgument("{} cannot be read", path);
  std::map<std::string, std::vector<Column>, std::less<>> exporters;
  std::string line;
  size_t steps = 0;
  while (std::getline(in, line)) {
    std::string exporter;
    Column column;
    if (!ParseLine(line, &exporter, &column)) {
      return InvalidArgument("{}: not a recorded series: {}", path, line.substr(0, 80));
    }
    if (steps != 0 && steps != column.size()) {
      return InvalidArgument("{}: series of different lengths", path);
    }
    steps = column.size();
    exporters[exporter].push_back(std::move(column));
  }
  for (const std::string_view exporter : kCycle) {
    if (exporters.find(exporter) == exporters.end()) {
      return InvalidArgument("{}: nothing of {}", path, exporter);
    }
  }
  return std::unique_ptr<Fleet>(std::make_unique<CaptureFleet>(std::move(exporters), seed));
}

}  // namespace firn::bench
