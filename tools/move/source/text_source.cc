#include "tools/move/source/text_source.h"

#include <charconv>
#include <limits>

#include "server/codec/json_lines.h"
#include "server/codec/text/exposition_parser.h"
#include "tools/move/source/line_input.h"

namespace firn::tools {

namespace {

constexpr size_t kPartBytes = 1 << 20;
// No sample can have it: seconds are not read that far.
constexpr TimestampMs kNoTime = std::numeric_limits<TimestampMs>::min();

// Refuses samples without a time.
class TimedOnly : public server::WriteVisitor {
 public:
  explicit TimedOnly(server::WriteVisitor* next) : next_(*next) {}
  Status OnSeries(const server::WriteSeries& series) override {
    if (!series.samples.empty() && series.samples[0].t == kNoTime) {
      return InvalidArgument("the sample has no timestamp");
    }
    // An exemplar without a time is of the time of its sample.
    if (series.exemplars.empty() || series.exemplars[0].t != kNoTime) {
      return next_.OnSeries(series);
    }
    server::WriteExemplar exemplar = series.exemplars[0];
    exemplar.t = series.samples[0].t;
    server::WriteSeries timed = series;
    timed.exemplars = {&exemplar, 1};
    return next_.OnSeries(timed);
  }
  Status OnMetadata(const server::WriteMetadata& metadata) override {
    return next_.OnMetadata(metadata);
  }

 private:
  server::WriteVisitor& next_;
};

class TextSource : public ImportSource {
 public:
  TextSource(const TextSourceOptions& options, LineInput input, server::WriteVisitor* visitor)
      : options_(options), input_(std::move(input)), visitor_(*visitor), timed_(visitor) {
    if (options.kind == TextKind::kJsonLines) return;
    exposition_ = std::make_unique<server::ExpositionReader>(
        server::ExpositionOptions{.format = options.kind == TextKind::kOpenMetrics
                                                ? server::TextFormat::kOpenMetrics
                                                : server::TextFormat::kPrometheus,
                                  .default_time = kNoTime,
                                  .more_labels = options_.labels},
        &timed_);
  }

  Result<bool> Next() override {
    const uint64_t begin = input_.offset();
    FIRN_ASSIGN_OR_RETURN(const std::string_view lines, input_.Read(kPartBytes));
    if (lines.empty()) {
      if (exposition_ != nullptr) FIRN_RETURN_IF_ERROR(Located(exposition_->Finish(), begin));
      return false;
    }
    if (exposition_ == nullptr) {
      FIRN_RETURN_IF_ERROR(
          Located(server::ParseJsonLines(lines, options_.labels, &visitor_), begin));
    } else {
      FIRN_RETURN_IF_ERROR(Located(exposition_->Read(lines), begin));
      FIRN_RETURN_IF_ERROR(exposition_->TellMetadata());
    }
    return true;
  }

  std::string position() const override { return fmt::format("{}", input_.offset()); }
  Status Resume(std::string_view position) override {
    uint64_t offset = 0;
    const auto [end, error] =
        std::from_chars(position.data(), position.data() + position.size(), offset);
    if (error != std::errc() || end != position.data() + position.size()) {
      return InvalidArgument("{}: no position in a file", position);
    }
    first_offset_ = offset;
    return input_.Seek(offset);
  }
  std::string identity() const override { return input_.identity(); }
  SourceProgress progress() const override {
    return {.done = input_.offset(), .total = input_.size()};
  }

 private:
  // Lines are counted from the beginning of a part, or from where an earlier run stopped.
  Status Located(const Status& status, uint64_t begin) const {
    const uint64_t from = exposition_ == nullptr ? begin : first_offset_;
    if (from == 0) return status.WithContext(options_.path);
    return status.WithContext(fmt::format("{}: behind byte {}", options_.path, from));
  }

  const TextSourceOptions options_;
  LineInput input_;
  server::WriteVisitor& visitor_;
  TimedOnly timed_;
  std::unique_ptr<server::ExpositionReader> exposition_;
  uint64_t first_offset_ = 0;
};

}  // namespace

Result<std::unique_ptr<ImportSource>> OpenTextSource(const TextSourceOptions& options,
                                                     server::WriteVisitor* visitor) {
  FIRN_ASSIGN_OR_RETURN(LineInput input, LineInput::Open(options.path));
  return std::make_unique<TextSource>(options, std::move(input), visitor);
}

}  // namespace firn::tools
