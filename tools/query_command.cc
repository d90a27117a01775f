#include "tools/query_command.h"

#include <algorithm>
#include <cstdio>
#include <memory>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include "server/codec/params.h"
#include "tools/cli/command_help.h"
#include "tools/query_answer.h"
#include "tools/render.h"
#include "tools/server_access.h"
#include "tools/server_query.h"

namespace firn::tools {
namespace {

constexpr int kUsage = 2;
// A range query without a step gets about as many points as a terminal has columns.
constexpr int64_t kDefaultPoints = 200;

struct Options {
  std::string expression;
  ServerAccess access{.url = "http://127.0.0.1:9797"};
  std::string time;
  std::string start;
  std::string end;
  std::string step;
  std::string format = "table";
};

struct Request {
  std::string path;
  std::string form;
};

Result<Request> MakeRequest(const Options& options) {
  Request request{"/api/v1/query", "query=" + FormEscape(options.expression)};
  if (options.start.empty()) {
    if (!options.end.empty() || !options.step.empty()) {
      return InvalidArgument("--end and --step need --start");
    }
    if (!options.time.empty()) {
      FIRN_ASSIGN_OR_RETURN(const TimestampMs time, ParseTimeArgument(options.time));
      request.form += "&time=" + FormSeconds(time);
    }
    return request;
  }
  if (!options.time.empty()) return InvalidArgument("--time and --start exclude each other");
  request.path = "/api/v1/query_range";
  FIRN_ASSIGN_OR_RETURN(const TimestampMs start, ParseTimeArgument(options.start));
  FIRN_ASSIGN_OR_RETURN(const TimestampMs end,
                        ParseTimeArgument(options.end.empty() ? "now" : options.end));
  DurationMs step = std::max<DurationMs>(kSecondMs, (end - start) / kDefaultPoints);
  if (!options.step.empty()) {
    FIRN_ASSIGN_OR_RETURN(step, server::ParseDurationParam(options.step));
  }
  request.form += fmt::format("&start={}&end={}&step={}", FormSeconds(start), FormSeconds(end),
                              FormSeconds(step));
  return request;
}

int Fail(int code, const Status& status) {
  fmt::print(stderr, "firn query: {}\n", status.message());
  return code;
}

int Run(const Options& options) {
  const auto request = MakeRequest(options);
  if (!request.ok()) return Fail(kUsage, request.status());
  auto server = MakeClient(options.access);
  if (!server.ok()) return Fail(kUsage, server.status());
  const auto answer = PostForm(&*server, request->path, request->form);
  if (!answer.ok()) return Fail(ServerExitCode(answer.status()), answer.status());
  const auto parsed = ParseAnswer(answer->body);
  if (!parsed.ok()) return Fail(ServerExitCode(parsed.status()), parsed.status());
  for (const std::string& note : parsed->notes) fmt::print(stderr, "{}\n", note);
  const std::string text = options.format == "json"  ? answer->body + "\n"
                           : options.format == "csv" ? RenderCsv(*parsed)
                           : options.format == "plot"
                               ? RenderPlot(*parsed, LookWithColumns(Stream::kOut))
                               : RenderTable(*parsed, LookOf(Stream::kOut));
  std::fwrite(text.data(), 1, text.size(), stdout);
  return 0;
}

}  // namespace

void AddQueryCommand(CLI::App& app, int* exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("query", "Ask a running server a PromQL question");
  command->add_option("EXPRESSION", options->expression, "PromQL")->required();
  command->add_option("--server", options->access.url, "URL of the server")
      ->type_name("URL")
      ->envname("FIRN_CLIENT_SERVER")
      ->capture_default_str();
  AddAccessOptions(command, &options->access);
  command->add_option("--time", options->time,
                      "time of an instant query: now, -5m, 2026-01-31, RFC 3339 or Unix seconds");
  command->add_option("--start", options->start, "start of a range query, same forms as --time");
  command->add_option("--end", options->end, "end of a range query (default: now)");
  command->add_option("--step", options->step, "distance of points: 15s, 1m or seconds");
  command->add_option("--format", options->format, "form of the answer")
      ->check(CLI::IsMember({"table", "csv", "json", "plot"}))
      ->capture_default_str();
  for (const char* format : {"csv", "json", "plot"}) {
    command->add_flag_callback(
        fmt::format("--{}", format), [options, format] { options->format = format; },
        fmt::format("the same as --format {}", format));
  }
  SetHelp(command,
          {.examples = {{"firn query up", "The present value of each series"},
                        {"firn query 'sum by (job) (rate(http_requests_total[5m]))' \\\n"
                         "      --start -1h --plot",
                         "An hour as a plot"},
                        {"firn query node_load1 --start 2026-01-01T00:00:00Z --step 1h \\\n"
                         "      --csv > load.csv",
                         "Months for a spreadsheet"}},
           .exit_codes = {{0, "answered"},
                          {1, "the query failed"},
                          {2, "wrong arguments"},
                          {3, "the server cannot be reached"}}});
  command->callback([options, exit_code] { *exit_code = Run(*options); });
}

}  // namespace firn::tools
