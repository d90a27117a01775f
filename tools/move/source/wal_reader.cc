#include "tools/move/source/wal_reader.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>

namespace firn::tools {

namespace {

namespace fs = std::filesystem;

std::optional<uint64_t> Number(std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return {};
  return number;
}

// Numbered files of a folder, ascending.
std::vector<std::pair<uint64_t, std::string>> NumberedFiles(const std::string& path) {
  std::vector<std::pair<uint64_t, std::string>> files;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(path, ignored)) {
    const auto number = Number(entry.path().filename().string());
    if (number && entry.is_regular_file()) files.emplace_back(*number, entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

// What must be known of all records before samples are given.
class WalReader::Catalog : public server::WalVisitor {
 public:
  struct Series {
    Labels labels;
    std::vector<LabelView> views;  // Into the labels.
    std::vector<TimeRange> deleted;
    bool selected = false;
  };

  explicit Catalog(const Selection& selection) : selection_(selection) {}

  Status OnSeries(uint64_t number, std::span<const LabelView> labels) override {
    std::unique_ptr<Series>& series = series_[number];
    if (series != nullptr) return OkStatus();
    series = std::make_unique<Series>();
    std::vector<std::pair<std::string, std::string>> pairs;
    for (const LabelView& label : labels) {
      pairs.emplace_back(std::string(label.name), std::string(label.value));
    }
    series->labels = Labels::FromPairs(std::move(pairs));
    series->views.assign(series->labels.begin(), series->labels.end());
    series->selected = selection_.Matches(series->views);
    return OkStatus();
  }
  Status OnTombstone(uint64_t number, const TimeRange& range) override {
    const auto series = series_.find(number);
    if (series != series_.end()) series->second->deleted.push_back(range);
    return OkStatus();
  }
  Status OnSample(uint64_t /*series*/, TimestampMs /*t*/, double /*v*/) override {
    return OkStatus();
  }
  Status OnHistogram(uint64_t /*series*/, TimestampMs /*t*/, HistogramPtr /*h*/) override {
    return OkStatus();
  }

  const Series* Find(uint64_t number) const {
    const auto series = series_.find(number);
    return series == series_.end() ? nullptr : series->second.get();
  }

 private:
  const Selection& selection_;
  absl::flat_hash_map<uint64_t, std::unique_ptr<Series>> series_;
};

// Passes samples on.
class WalReader::Samples : public server::WalVisitor {
 public:
  Samples(const WalReaderOptions& options, const Catalog& catalog, server::WriteVisitor* visitor)
      : options_(options), catalog_(catalog), visitor_(*visitor) {}

  Status OnSeries(uint64_t /*number*/, std::span<const LabelView> /*labels*/) override {
    return OkStatus();
  }
  Status OnTombstone(uint64_t /*number*/, const TimeRange& /*range*/) override {
    return OkStatus();
  }
  Status OnSample(uint64_t number, TimestampMs t, double v) override {
    server::WriteSeries series;
    if (!Wanted(number, t, &series)) return OkStatus();
    const Sample sample{t, v};
    series.samples = {&sample, 1};
    return visitor_.OnSeries(series);
  }
  Status OnHistogram(uint64_t number, TimestampMs t, HistogramPtr histogram) override {
    server::WriteSeries series;
    if (!Wanted(number, t, &series)) return OkStatus();
    const server::TimedHistogram timed{t, std::move(histogram), 0};
    series.histograms = {&timed, 1};
    return visitor_.OnSeries(series);
  }

 private:
  bool Wanted(uint64_t number, TimestampMs t, server::WriteSeries* out) const {
    if (t < options_.min_time || !options_.selection.range.Contains(t)) return false;
    const Catalog::Series* const series = catalog_.Find(number);
    if (series == nullptr || !series->selected) return false;
    if (std::any_of(series->deleted.begin(), series->deleted.end(),
                    [&](const TimeRange& deleted) { return deleted.Contains(t); })) {
      return false;
    }
    out->labels = series->views;
    return true;
  }

  const WalReaderOptions& options_;
  const Catalog& catalog_;
  server::WriteVisitor& visitor_;
};

WalReader::WalReader(const WalReaderOptions& options, server::WriteVisitor* visitor)
    : options_(options),
      visitor_(*visitor),
      catalog_(std::make_unique<Catalog>(options_.selection)),
      samples_(std::make_unique<Samples>(options_, *catalog_, visitor)) {}
WalReader::~WalReader() = default;

Result<std::unique_ptr<WalReader>> WalReader::Open(const WalReaderOptions& options,
                                                   server::WriteVisitor* visitor) {
  std::unique_ptr<WalReader> reader(new WalReader(options, visitor));
  FIRN_RETURN_IF_ERROR(reader->FindSegments());
  while (true) {
    const Result<bool> found = reader->NextRecord();
    // Said when the samples are read.
    if (found.status().code() == StatusCode::kCorruption) break;
    if (!found.ok()) return found.status();
    if (!*found) break;
    FIRN_RETURN_IF_ERROR(server::ReadWalRecord(reader->record_, reader->catalog_.get()));
  }
  reader->Rewind();
  return reader;
}

// A checkpoint stands for all segments up to its number.
Status WalReader::FindSegments() {
  constexpr std::string_view kCheckpoint = "checkpoint.";
  std::error_code error;
  std::optional<uint64_t> checkpoint;
  std::string checkpoint_path;
  for (const auto& entry : fs::directory_iterator(options_.path, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(kCheckpoint)) continue;
    const auto number = Number(std::string_view(name).substr(kCheckpoint.size()));
    if (!number || (checkpoint && *checkpoint > *number)) continue;
    checkpoint = number;
    checkpoint_path = entry.path();
  }
  if (error) return NotFound("{}: {}", options_.path, error.message());
  if (checkpoint) {
    for (auto& [number, path] : NumberedFiles(checkpoint_path)) segments_.push_back(path);
  }
  for (auto& [number, path] : NumberedFiles(options_.path)) {
    if (!checkpoint || number > *checkpoint) segments_.push_back(path);
  }
  if (segments_.empty()) return NotFound("{}: no segments of a log", options_.path);
  for (const std::string& path : segments_) size_ += fs::file_size(path, error);
  return OkStatus();
}

void WalReader::Rewind() {
  next_segment_ = 0;
  segment_.reset();
  file_ = MappedFile();
  done_ = 0;
}

Result<bool> WalReader::NextRecord() {
  while (true) {
    if (segment_ != nullptr) {
      auto found = segment_->Next(&record_);
      if (!found.ok()) {
        next_segment_ = segments_.size() + 1;  // What follows may depend on what is lost.
        return found.status();
      }
      if (*found) return true;
      done_ += file_.bytes().size();
      segment_.reset();
    }
    if (next_segment_ >= segments_.size()) return false;
    FIRN_ASSIGN_OR_RETURN(file_, MappedFile::Open(segments_[next_segment_++]));
    segment_ = std::make_unique<server::WalSegment>(file_.bytes());
  }
}

Result<bool> WalReader::Next() {
  Result<bool> found = NextRecord();
  Status status = found.status();
  if (status.ok() && *found) status = server::ReadWalRecord(record_, samples_.get());
  if (status.code() == StatusCode::kCorruption) {
    const size_t at = std::min(next_segment_, segments_.size());
    FIRN_RETURN_IF_ERROR(visitor_.OnUnreadableSeries(
        status.WithContext(
            fmt::format("{}: the log is not read on behind this", segments_[at - 1])),
        0));
    segment_.reset();
    next_segment_ = segments_.size();
    return false;
  }
  if (!status.ok()) return status;
  return *found;
}

}  // namespace firn::tools
