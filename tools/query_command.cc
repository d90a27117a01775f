#include "tools/query_command.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include "base/clock.h"
#include "base/duration.h"
#include "server/codec/params.h"
#include "tools/query_answer.h"
#include "tools/render.h"
#include "tools/server_access.h"

namespace firn::tools {
namespace {

constexpr int kQueryFailed = 1;
constexpr int kUsage = 2;
constexpr int kUnreachable = 3;
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

// "now", "now-5m", "-1h", or what the API takes.
Result<TimestampMs> ParseTime(std::string_view text) {
  if (text.starts_with("now")) text.remove_prefix(3);
  const TimestampMs now = Clock::System()->NowMs();
  if (text.empty()) return now;
  if (text[0] == '-' || text[0] == '+') {
    const auto distance = ParseDuration(text.substr(1));
    if (distance.ok()) return text[0] == '-' ? now - *distance : now + *distance;
  }
  return server::ParseTimeParam(text);
}

std::string Escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string Seconds(TimestampMs t) {
  return fmt::format("{}.{:03}", FloorTo(t, 1000) / 1000, t - FloorTo(t, 1000));
}

struct Request {
  std::string path;
  std::string form;
};

Result<Request> MakeRequest(const Options& options) {
  Request request{"/api/v1/query", "query=" + Escape(options.expression)};
  if (options.start.empty()) {
    if (!options.end.empty() || !options.step.empty()) {
      return InvalidArgument("--end and --step need --start");
    }
    if (!options.time.empty()) {
      FIRN_ASSIGN_OR_RETURN(const TimestampMs time, ParseTime(options.time));
      request.form += "&time=" + Seconds(time);
    }
    return request;
  }
  if (!options.time.empty()) return InvalidArgument("--time and --start exclude each other");
  request.path = "/api/v1/query_range";
  FIRN_ASSIGN_OR_RETURN(const TimestampMs start, ParseTime(options.start));
  FIRN_ASSIGN_OR_RETURN(const TimestampMs end,
                        ParseTime(options.end.empty() ? "now" : options.end));
  DurationMs step = std::max<DurationMs>(kSecondMs, (end - start) / kDefaultPoints);
  if (!options.step.empty()) {
    FIRN_ASSIGN_OR_RETURN(step, server::ParseDurationParam(options.step));
  }
  request.form +=
      fmt::format("&start={}&end={}&step={}", Seconds(start), Seconds(end), Seconds(step));
  return request;
}

size_t TerminalColumns() {
  constexpr size_t kDefaultColumns = 80;
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kDefaultColumns;
  return size.ws_col;
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
  const auto answer = server->client.Post(server->prefix + request->path,
                                          "application/x-www-form-urlencoded", "", request->form);
  if (!answer.ok()) {
    const bool usage = answer.status().code() == StatusCode::kInvalidArgument;
    return Fail(usage ? kUsage : kUnreachable, answer.status());
  }
  const auto parsed = ParseAnswer(answer->body);
  if (!parsed.ok()) return Fail(kQueryFailed, parsed.status());
  for (const std::string& note : parsed->notes) fmt::print(stderr, "{}\n", note);
  const std::string text = options.format == "json"   ? answer->body + "\n"
                           : options.format == "csv"  ? RenderCsv(*parsed)
                           : options.format == "plot" ? RenderPlot(*parsed, TerminalColumns())
                                                      : RenderTable(*parsed);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return 0;
}

}  // namespace

void AddQueryCommand(CLI::App& app, int* exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("query", "Ask a running server a PromQL question");
  command->add_option("expression", options->expression, "PromQL")->required();
  command->add_option("--server", options->access.url, "URL of the server")
      ->envname("FIRN_CLIENT_SERVER")
      ->capture_default_str();
  AddAccessOptions(command, &options->access);
  command->add_option("--time", options->time,
                      "time of an instant query: now, -5m, RFC 3339 or Unix seconds");
  command->add_option("--start", options->start, "start of a range query, same forms as --time");
  command->add_option("--end", options->end, "end of a range query (default: now)");
  command->add_option("--step", options->step, "distance of points: 15s, 1m or seconds");
  command->add_option("--format", options->format, "table, csv, json or plot")
      ->check(CLI::IsMember({"table", "csv", "json", "plot"}))
      ->capture_default_str();
  command->footer(
      "Examples:\n"
      "  firn query 'up'\n"
      "  firn query 'sum by (job) (rate(http_requests_total[5m]))' --start -1h --format plot\n"
      "  firn query 'node_load1' --start 2026-01-01T00:00:00Z --end now --step 1h --format csv\n"
      "Exit codes: 0 answered, 1 the query failed, 2 wrong arguments, 3 server unreachable.");
  command->callback([options, exit_code] { *exit_code = Run(*options); });
}

}  // namespace firn::tools
