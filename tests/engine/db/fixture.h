// A database in a directory of its own that no background thread touches.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include "engine/db/database.h"

namespace firn::engine {

class DatabaseFixture : public testing::Test {
 protected:
  DatabaseFixture() {
    const testing::TestInfo* test = testing::UnitTest::GetInstance()->current_test_info();
    dir_ = std::filesystem::temp_directory_path() /
           ("firn_" + std::string(test->test_suite_name()) + "_" + test->name() + "_" +
            std::to_string(getpid()));
    std::filesystem::remove_all(dir_);
    options_.path = dir_;
    options_.background_interval_ms = 0;
  }
  ~DatabaseFixture() override {
    db_.reset();
    std::filesystem::remove_all(dir_);
  }

  // Closes it first if it is open.
  void Open() {
    db_.reset();
    auto db = Database::Open(options_);
    ASSERT_TRUE(db.ok()) << db.status().ToString();
    db_ = *std::move(db);
  }
  double Metric(const std::string& name) const {
    for (const MetricFigure& m : db_->Metrics()) {
      if (m.name == name) return m.value;
    }
    ADD_FAILURE() << "no metric " << name;
    return 0;
  }

  std::filesystem::path dir_;
  DatabaseOptions options_;
  std::unique_ptr<Database> db_;
};

}  // namespace firn::engine
