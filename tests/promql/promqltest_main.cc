// promqltest [OPTIONS] PATH...: runs script files, and all *.test files below folders.
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "tests/promql/engine_store.h"
#include "tests/promql/runner.h"

namespace {

std::vector<std::string> FindScripts(const std::string& path) {
  std::vector<std::string> out;
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) return {path};
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path, error)) {
    if (entry.path().extension() == ".test") out.push_back(entry.path().string());
  }
  std::ranges::sort(out);
  return out;
}

constexpr std::string_view kUsage =
    "usage: promqltest [--store memory|head|minutes|merged|pairs|reopen] [--threads N] PATH...\n"
    "  memory   samples in memory (the default); the others use a database on disk:\n"
    "  head     nothing sealed\n"
    "  minutes  windows of one minute, sealed after each load\n"
    "  merged   windows of one minute, merged and with tiers\n"
    "  pairs    two samples of each series a commit, each commit sealed\n"
    "  reopen   closed and opened again before each command\n"
    "  --threads N  threads that help evaluating (default 0)\n";

using firn::testing::EngineStoreOptions;
using firn::testing::MakeEngineScriptStore;

std::unique_ptr<firn::testing::ScriptStore> MakeStore(std::string_view name) {
  if (name == "memory") return firn::testing::MakeMemoryScriptStore();
  if (name == "head") return MakeEngineScriptStore({});
  if (name == "minutes") {
    return MakeEngineScriptStore({.window = firn::kMinuteMs, .seal_every_commit = true});
  }
  if (name == "merged") {
    return MakeEngineScriptStore({.window = firn::kMinuteMs, .compact_every_load = true});
  }
  if (name == "pairs") {
    return MakeEngineScriptStore({.samples_per_commit = 2, .seal_every_commit = true});
  }
  if (name == "reopen") return MakeEngineScriptStore({.reopen_every_statement = true});
  return nullptr;
}

struct Arguments {
  std::string store = "memory";
  size_t threads = 0;
  std::vector<std::string> paths;
};

// Nothing if they are wrong.
std::optional<Arguments> ParseArguments(const std::vector<std::string>& args) {
  Arguments out;
  for (size_t i = 0; i < args.size(); ++i) {
    const bool takes_value = args[i] == "--store" || args[i] == "--threads";
    if (!takes_value) {
      out.paths.push_back(args[i]);
      continue;
    }
    if (i + 1 == args.size()) return std::nullopt;
    const std::string& value = args[++i];
    if (args[i - 1] == "--store") {
      out.store = value;
      continue;
    }
    const auto [end, error] =
        std::from_chars(value.data(), value.data() + value.size(), out.threads);
    if (error != std::errc() || end != value.data() + value.size()) return std::nullopt;
  }
  if (out.paths.empty()) return std::nullopt;
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  const std::optional<Arguments> args = ParseArguments({argv + 1, argv + argc});
  const auto store = args ? MakeStore(args->store) : nullptr;
  if (!store) {
    fmt::print(stderr, "{}", kUsage);
    return 2;
  }
  std::unique_ptr<firn::ThreadPool> pool;
  if (args->threads > 0) pool = std::make_unique<firn::ThreadPool>(args->threads, "script");
  const firn::query::QueryEngine engine(firn::testing::UpstreamEngineOptions(), pool.get());
  firn::testing::ScriptRunner runner(&engine, store.get());
  size_t passed = 0;
  size_t failed = 0;
  for (const std::string& path : args->paths) {
    for (const std::string& script : FindScripts(path)) {
      const firn::testing::ScriptReport report = runner.RunFile(script);
      for (const std::string& failure : report.failures) fmt::print("{}\n", failure);
      fmt::print("{}: {} passed, {} failed\n", script, report.passed, report.failures.size());
      passed += report.passed;
      failed += report.failures.size();
    }
  }
  fmt::print("{} passed, {} failed\n", passed, failed);
  return failed == 0 && passed > 0 ? 0 : 1;
}
