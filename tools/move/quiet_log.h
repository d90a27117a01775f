// For commands that open a directory in their own process.
#pragma once

#include <memory>

namespace spdlog {
class logger;
}

namespace firn::tools {

// While this lives the log of the engine goes to standard error, and only from warnings on:
// standard output is for answers.
class QuietLog {
 public:
  QuietLog();
  ~QuietLog();
  QuietLog(const QuietLog&) = delete;
  QuietLog& operator=(const QuietLog&) = delete;

 private:
  std::shared_ptr<spdlog::logger> before_;
};

}  // namespace firn::tools
