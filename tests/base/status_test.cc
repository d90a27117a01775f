#include "base/status.h"

#include <memory>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace firn {
namespace {

TEST(Status, OkHasNoMessage) {
  const Status status;
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(status.code(), StatusCode::kOk);
  EXPECT_EQ(status.message(), "");
  EXPECT_EQ(status.ToString(), "ok");
  EXPECT_EQ(status, OkStatus());
  // A message without an error is no error.
  EXPECT_EQ(Status(StatusCode::kOk, "text"), OkStatus());
}

TEST(Status, ErrorsHaveCodeAndFormattedMessage) {
  const Status status = Corruption("page {}: {}", 12, "bad checksum");
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(status.code(), StatusCode::kCorruption);
  EXPECT_EQ(status.message(), "page 12: bad checksum");
  EXPECT_EQ(status.ToString(), "corruption: page 12: bad checksum");
  EXPECT_EQ(status, Corruption("page 12: bad checksum"));
  EXPECT_FALSE(status == Io("page 12: bad checksum"));
  EXPECT_FALSE(status == Corruption("page 13: bad checksum"));
}

TEST(Status, EachFunctionGivesItsOwnCode) {
  const std::pair<Status, StatusCode> cases[] = {
      {InvalidArgument("x"), StatusCode::kInvalidArgument},
      {NotFound("x"), StatusCode::kNotFound},
      {OutOfOrder("x"), StatusCode::kOutOfOrder},
      {TooOld("x"), StatusCode::kTooOld},
      {Duplicate("x"), StatusCode::kDuplicate},
      {Evaluation("x"), StatusCode::kEvaluation},
      {ResourceExhausted("x"), StatusCode::kResourceExhausted},
      {DeadlineExceeded("x"), StatusCode::kDeadlineExceeded},
      {Cancelled("x"), StatusCode::kCancelled},
      {Unavailable("x"), StatusCode::kUnavailable},
      {Corruption("x"), StatusCode::kCorruption},
      {Io("x"), StatusCode::kIo},
      {Unimplemented("x"), StatusCode::kUnimplemented},
      {Internal("x"), StatusCode::kInternal},
  };
  std::set<std::string_view> names;
  for (const auto& [status, code] : cases) {
    EXPECT_EQ(status.code(), code);
    names.insert(StatusCodeName(code));
  }
  EXPECT_EQ(names.size(), std::size(cases));
  EXPECT_FALSE(names.contains("unknown"));
  EXPECT_FALSE(names.contains(StatusCodeName(StatusCode::kOk)));
}

TEST(Status, ContextGoesBeforeTheMessageAndKeepsTheCode) {
  const Status status = NotFound("no page").WithContext("clock table").WithContext("window 7");
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_EQ(status.message(), "window 7: clock table: no page");
  EXPECT_TRUE(OkStatus().WithContext("window 7").ok());
}

Result<int> Half(int n) {
  if (n % 2 != 0) return InvalidArgument("{} is odd", n);
  return n / 2;
}

Result<int> Quarter(int n) {
  FIRN_ASSIGN_OR_RETURN(const int half, Half(n));
  FIRN_ASSIGN_OR_RETURN(const int quarter, Half(half));
  return quarter;
}

Status CheckQuarter(int n, bool* reached_end) {
  FIRN_RETURN_IF_ERROR(Quarter(n).status());
  *reached_end = true;
  return OkStatus();
}

TEST(Result, HoldsAValueOrAnError) {
  const Result<int> good = Half(4);
  ASSERT_TRUE(good.ok());
  EXPECT_EQ(*good, 2);
  EXPECT_TRUE(good.status().ok());
  const Result<int> bad = Half(3);
  EXPECT_FALSE(bad.ok());
  EXPECT_EQ(bad.status(), InvalidArgument("3 is odd"));
}

TEST(Result, MacrosReturnTheFirstError) {
  EXPECT_EQ(*Quarter(8), 2);
  EXPECT_EQ(Quarter(6).status(), InvalidArgument("3 is odd"));
  EXPECT_EQ(Quarter(5).status(), InvalidArgument("5 is odd"));
  bool reached_end = false;
  EXPECT_FALSE(CheckQuarter(6, &reached_end).ok());
  EXPECT_FALSE(reached_end);
  EXPECT_TRUE(CheckQuarter(8, &reached_end).ok());
  EXPECT_TRUE(reached_end);
}

TEST(Result, MovesValuesThatCannotBeCopied) {
  Result<std::unique_ptr<int>> made = std::make_unique<int>(7);
  EXPECT_EQ(**made, 7);
  const std::unique_ptr<int> taken = *std::move(made);
  EXPECT_EQ(*taken, 7);
}

struct Animal {
  virtual ~Animal() = default;
  virtual int legs() const = 0;
};
struct Bird : Animal {
  int legs() const override { return 2; }
};

TEST(Result, TakesWhatConvertsToItsType) {
  const Result<std::unique_ptr<Animal>> animal = std::make_unique<Bird>();
  EXPECT_EQ((*animal)->legs(), 2);
  const Result<std::string> text = "text";
  EXPECT_EQ(text->size(), 4u);
}

TEST(ResultDeathTest, UsingTheValueOfAnErrorEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const Result<int> bad = Half(3);
  EXPECT_DEATH(static_cast<void>(bad.value()), "ok\\(\\)");
  EXPECT_DEATH(Result<int>{OkStatus()}, "ok\\(\\)");
}

}  // namespace
}  // namespace firn
