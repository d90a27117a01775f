#include "tools/move/source/remote_source.h"

#include <algorithm>
#include <charconv>

#include "server/codec/remote/read_client.h"

namespace firn::tools {

namespace {

class RemoteSource : public ImportSource {
 public:
  RemoteSource(const RemoteSourceOptions& options, ServerClient server,
               server::WriteVisitor* visitor)
      : options_(options),
        server_(std::move(server)),
        visitor_(*visitor),
        next_(options.selection.range.min) {
    if (!options_.selection.selectors.empty()) {
      selectors_ = options_.selection.selectors;
      return;
    }
    // Everything: a selector needs a condition.
    auto named = Matcher::Create(MatchType::kNotEqual, std::string(kMetricName), "");
    if (named.ok()) selectors_ = {{*std::move(named)}};
  }

  Result<bool> Next() override {
    const TimeRange& all = options_.selection.range;
    if (next_ > all.max) return false;
    const TimestampMs end =
        std::min(all.max, FloorTo(next_, options_.slice_ms) + options_.slice_ms - 1);
    const TimeRange slice{next_, end};
    for (const Matchers& matchers : selectors_) {
      FIRN_ASSIGN_OR_RETURN(
          const HttpAnswer answer,
          server_.client.Post(server_.prefix + "/api/v1/read", "application/x-protobuf", "snappy",
                              server::EncodeReadRequest(slice, matchers)));
      if (answer.status != 200) {
        return InvalidArgument("{} answered {}: {}", options_.access.url, answer.status,
                               answer.body);
      }
      FIRN_RETURN_IF_ERROR(server::ReadChunkFrames(answer.body, slice, &visitor_));
    }
    next_ = end + 1;
    return true;
  }

  std::string position() const override { return fmt::format("{}", next_); }
  Status Resume(std::string_view position) override {
    const auto [end, error] =
        std::from_chars(position.data(), position.data() + position.size(), next_);
    if (error != std::errc() || end != position.data() + position.size()) {
      return InvalidArgument("{}: not a time to go on from", position);
    }
    return OkStatus();
  }
  // The end is left out: what is newer may be fetched later.
  std::string identity() const override {
    std::string text = options_.access.url;
    for (const Matchers& matchers : selectors_) {
      text += " {";
      for (const Matcher& m : matchers) text += m.ToString() + ",";
      text += "}";
    }
    return fmt::format("{} from {}", text, options_.selection.range.min);
  }
  SourceProgress progress() const override {
    const TimeRange& all = options_.selection.range;
    return {.done = static_cast<uint64_t>(next_ - all.min),
            .total = static_cast<uint64_t>(all.max - all.min + 1),
            .bytes = false};
  }

 private:
  const RemoteSourceOptions options_;
  ServerClient server_;
  server::WriteVisitor& visitor_;
  std::vector<Matchers> selectors_;
  TimestampMs next_;
};

}  // namespace

Result<std::unique_ptr<ImportSource>> MakeRemoteSource(const RemoteSourceOptions& options,
                                                       server::WriteVisitor* visitor) {
  const TimeRange& range = options.selection.range;
  if (range.min == kMinTimestamp || range.max == kMaxTimestamp) {
    return InvalidArgument("--start is missing: remote read wants to know where to begin");
  }
  FIRN_ASSIGN_OR_RETURN(ServerClient server, MakeClient(options.access));
  return std::make_unique<RemoteSource>(options, std::move(server), visitor);
}

}  // namespace firn::tools
