// A directory with records and pages of every kind, as a kill leaves it, to be damaged and asked.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/db/database.h"
#include "engine/db/integrity/health.h"

namespace firn::engine {

// Of one series.
struct Answer {
  std::map<TimestampMs, std::string> samples;  // Values as bytes.
  friend bool operator==(const Answer&, const Answer&) = default;
};

// By metric and labels; what raw samples answer, and maxima of buckets, which a tier answers.
struct Answers {
  std::map<std::string, Answer> raw;
  std::map<std::string, Answer> tier;
  std::map<std::string, std::string> exemplars;
  friend bool operator==(const Answers&, const Answers&) = default;
};

class IntegrityFixture : public testing::Test {
 protected:
  static constexpr TimestampMs kStart = 1'700'006'400'000;
  static constexpr DurationMs kLength = kHourMs;
  static constexpr DurationMs kLongRetention = 3650 * kDayMs;

  IntegrityFixture();
  ~IntegrityFixture() override;

  // Makes `pristine_`: raw windows, merged ones, tiers that outlived their raw samples, a
  // deletion, exemplars, metadata, and samples that are only in the journal.
  void MakeStore();
  // Copies it to `damaged_`, anew.
  void Restore();

  Result<std::unique_ptr<Database>> TryOpen(const std::filesystem::path& path) const;
  // Of a directory that nobody has open. An error if it cannot be opened or read.
  Result<Answers> Ask(const std::filesystem::path& path) const;
  static Result<Answers> Ask(const Database& db);

  // Names of the files of `pristine_` that hold data.
  std::vector<std::string> DataFiles(std::string_view part) const;
  static void FlipBit(const std::filesystem::path& file, uint64_t bit);
  // Sizes and hashes of all files below.
  static std::map<std::string, std::string> Contents(const std::filesystem::path& path);

  std::filesystem::path root_;
  std::filesystem::path pristine_;
  std::filesystem::path damaged_;
  DatabaseOptions options_;
  // A damaged copy with one flipped bit in one of the files, of which verify reports a window as
  // wanted; bits are drawn with the seed.
  using WindowPredicate = std::function<bool(const WindowHealth& window)>;
  WindowHealth FlipUntil(const std::vector<std::string>& names, uint64_t seed,
                         const WindowPredicate& wanted);

 private:
  void Write(Database* db, TimestampMs from, TimestampMs until);
};

}  // namespace firn::engine
