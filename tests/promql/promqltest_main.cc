// promqltest PATH...: runs script files, and all *.test files below folders.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/core.h>

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

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: promqltest PATH...\n");
    return 2;
  }
  const firn::query::QueryEngine engine(firn::testing::UpstreamEngineOptions());
  const auto store = firn::testing::MakeMemoryScriptStore();
  firn::testing::ScriptRunner runner(&engine, store.get());
  size_t passed = 0;
  size_t failed = 0;
  for (int i = 1; i < argc; ++i) {
    for (const std::string& script : FindScripts(argv[i])) {
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
