#include "tools/move/output/export_state.h"

#include <sstream>
#include <utility>

#include <fmt/core.h>

namespace firn::tools {

namespace {

std::string PositionText(const ExportPosition& p) {
  return fmt::format("{} {} {} {} {} {} {} {}", p.bytes, p.counts.series, p.counts.samples,
                     p.counts.histograms, p.counts.left_out, p.range.min, p.range.max, p.metric);
}

std::optional<ExportPosition> ReadPosition(const std::string& text) {
  ExportPosition p;
  std::istringstream in(text);
  in >> p.bytes >> p.counts.series >> p.counts.samples >> p.counts.histograms >>
      p.counts.left_out >> p.range.min >> p.range.max;
  if (!in || in.get() != ' ') return std::nullopt;
  // The rest, since UTF-8 names may hold spaces and line feeds.
  p.metric.assign(std::istreambuf_iterator<char>(in), {});
  return p;
}

}  // namespace

ExportState::ExportState(std::string path, std::string source, std::string target)
    : path_(std::move(path)) {
  state_.source = std::move(source);
  state_.target = std::move(target);
}

Result<std::optional<ExportPosition>> ExportState::Load(bool* finished) const {
  *finished = false;
  const auto found = LoadMoveState(path_);
  if (found.status().code() == StatusCode::kNotFound) return std::optional<ExportPosition>();
  if (!found.ok()) return found.status();
  if (found->source != state_.source || found->target != state_.target) {
    return InvalidArgument("{} is of an export of {} to {}. Remove the file to begin anew", path_,
                           found->source, found->target);
  }
  auto position = ReadPosition(found->position);
  if (!position) return Corruption("{}: not the state of an export", path_);
  *finished = found->finished;
  return position;
}

bool ExportState::due() const {
  return std::chrono::steady_clock::now() - saved_ >= std::chrono::seconds(1);
}

Status ExportState::Save(const ExportPosition& position, bool finished) {
  saved_ = std::chrono::steady_clock::now();
  state_.position = PositionText(position);
  state_.finished = finished;
  return SaveMoveState(path_, state_);
}

}  // namespace firn::tools
