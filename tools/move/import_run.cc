#include "tools/move/import_run.h"

#include <chrono>

#include "server/codec/json.h"
#include "tools/cli/human.h"
#include "tools/cli/progress.h"
#include "tools/cli/table.h"
#include "tools/cli/terminal.h"
#include "tools/move/move_state.h"
#include "tools/move/pace.h"

namespace firn::tools {

namespace {

using SteadyClock = std::chrono::steady_clock;

class StateKeeper {
 public:
  StateKeeper(const ImportRunOptions& options, const ImportSource& source)
      : path_(options.state_file) {
    state_.source = source.identity();
    state_.target = options.target;
  }

  // True if there is nothing left to do.
  Result<bool> Resume(ImportSource* source) {
    if (path_.empty()) return false;
    if (state_.source.empty()) {
      return InvalidArgument("--state needs a source that can be read again, such as a file");
    }
    const auto found = LoadMoveState(path_);
    if (found.status().code() == StatusCode::kNotFound) return false;
    if (!found.ok()) return found.status();
    if (found->source != state_.source || found->target != state_.target) {
      return InvalidArgument(
          "{} is of an import of {} to {}; the source may have changed since. Remove the file to "
          "begin anew, which is harmless: samples that are there already are dropped",
          path_, found->source, found->target);
    }
    if (found->finished) return true;
    if (found->position.empty()) return false;
    FIRN_RETURN_IF_ERROR(source->Resume(found->position));
    state_.position = found->position;
    return false;
  }

  Status Note(const std::string& position, bool finished) {
    if (path_.empty() || (position == state_.position && !finished)) return OkStatus();
    // A file system is asked for its word now and then, not for each request.
    const auto now = SteadyClock::now();
    if (!finished && now - saved_ < std::chrono::seconds(1)) return OkStatus();
    saved_ = now;
    state_.position = position;
    state_.finished = finished;
    return SaveMoveState(path_, state_);
  }

 private:
  const std::string path_;
  MoveState state_;
  SteadyClock::time_point saved_ = SteadyClock::now();
};

}  // namespace

Result<bool> RunImport(ImportSource* source, ImportSink* sink, const ImportRunOptions& options,
                       Progress* progress) {
  StateKeeper state(options, *source);
  FIRN_ASSIGN_OR_RETURN(const bool finished, state.Resume(source));
  if (finished) return false;
  const Pace pace(options.samples_per_second);
  const uint64_t read_before = sink->counts().read;
  bool more = true;
  while (more) {
    FIRN_ASSIGN_OR_RETURN(more, source->Next());
    if (!more || sink->full()) FIRN_RETURN_IF_ERROR(sink->EndPart(source->position()));
    FIRN_RETURN_IF_ERROR(state.Note(sink->durable_position(), false));
    const SourceProgress where = source->progress();
    progress->Update(where.done, where.total);
    pace.Keep(sink->counts().read - read_before);
  }
  FIRN_RETURN_IF_ERROR(sink->Wait());
  FIRN_RETURN_IF_ERROR(state.Note(sink->durable_position(), true));
  return true;
}

Result<std::vector<MissingSamples>> VerifyImport(ImportSink* sink) {
  FIRN_ASSIGN_OR_RETURN(const Tallies stored, sink->CountStored());
  std::vector<MissingSamples> missing;
  for (const auto& [metric, sent] : sink->tallies()) {
    const auto found = stored.find(metric);
    const uint64_t there = found == stored.end() ? 0 : found->second.samples;
    if (there < sent.samples) missing.push_back({metric, sent.samples, there});
  }
  return missing;
}

std::string ImportText(const ImportSink& sink, DurationMs elapsed) {
  const ImportCounts counts = sink.counts();
  Table table({{"samples", Align::kLeft}, {"count", Align::kRight}});
  table.AddRow({"read", HumanCount(counts.read)});
  table.AddRow({"accepted", HumanCount(counts.accepted)});
  table.AddRow({"duplicates", HumanCount(counts.duplicates)});
  table.AddRow({"rejected",
                {HumanCount(counts.rejected), counts.rejected > 0 ? Style::kRed : Style::kPlain}});
  if (counts.histograms > 0) table.AddRow({"histograms read", HumanCount(counts.histograms)});
  if (counts.exemplars > 0) table.AddRow({"exemplars", HumanCount(counts.exemplars)});
  std::string out = table.Text(LookOf(Stream::kOut));
  const double seconds = static_cast<double>(std::max<DurationMs>(elapsed, 1)) / 1000;
  out += fmt::format("{} samples/s in {}\n",
                     HumanNumber(static_cast<double>(counts.read) / seconds), ClockTime(elapsed));
  for (const std::string& problem : sink.problems()) out += "problem: " + problem + "\n";
  return out;
}

std::string ImportJson(const ImportSink& sink, DurationMs elapsed,
                       const std::vector<MissingSamples>* missing) {
  const ImportCounts counts = sink.counts();
  std::string out = fmt::format(
      R"({{"read":{},"accepted":{},"duplicates":{},"rejected":{},"histograms":{},"exemplars":{},)"
      R"("metadata":{},"milliseconds":{},"problems":[)",
      counts.read, counts.accepted, counts.duplicates, counts.rejected, counts.histograms,
      counts.exemplars, counts.metadata, elapsed);
  bool first = true;
  for (const std::string& problem : sink.problems()) {
    if (!first) out.push_back(',');
    first = false;
    server::AppendJsonString(problem, server::JsonText::kPlain, &out);
  }
  out.push_back(']');
  if (missing != nullptr) {
    out.append(R"(,"missing":[)");
    first = true;
    for (const MissingSamples& metric : *missing) {
      out.append(first ? R"({"metric":)" : R"(,{"metric":)");
      first = false;
      server::AppendJsonString(metric.metric, server::JsonText::kPlain, &out);
      out.append(fmt::format(R"(,"accepted":{},"stored":{}}})", metric.sent, metric.stored));
    }
    out.push_back(']');
  }
  out.append("}\n");
  return out;
}

std::string MissingText(const std::vector<MissingSamples>& missing) {
  if (missing.empty()) return "verified: the target has all samples that it accepted\n";
  Table table(
      {{"metric", Align::kLeft, true}, {"accepted", Align::kRight}, {"stored", Align::kRight}});
  for (const MissingSamples& metric : missing) {
    table.AddRow({metric.metric, HumanCount(metric.sent), HumanCount(metric.stored)});
  }
  return "fewer samples are stored than were accepted, which duplicates in the source can be the "
         "cause of:\n" +
         table.Text(LookOf(Stream::kOut));
}

}  // namespace firn::tools
