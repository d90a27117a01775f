// Errors as values. Codes are few and are for programs; the message is for people and
// gains context on the way up ("page 12: clock table: ...").
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <fmt/core.h>

#include "base/check.h"

namespace firn {

enum class StatusCode : uint8_t {
  kOk,
  kInvalidArgument,    // The request is wrong and will stay wrong.
  kNotFound,
  kOutOfOrder,         // Sample older than the newest of its series, beyond the window.
  kTooOld,             // Sample older than anything that is still accepted.
  kDuplicate,          // Sample of a known time with another value.
  kEvaluation,         // A query that is well formed fails on the data that it met.
  kResourceExhausted,  // A limit was met; the message names it.
  kDeadlineExceeded,
  kCancelled,
  kUnavailable,        // Try again later.
  kCorruption,         // Stored bytes do not verify.
  kIo,
  kUnimplemented,
  kInternal,
};

std::string_view StatusCodeName(StatusCode code);

// Immutable; cheap to copy and to pass when OK.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(StatusCode code, std::string message)
      : rep_(code == StatusCode::kOk ? nullptr
                                     : std::make_shared<const Rep>(Rep{code, std::move(message)})) {}

  bool ok() const { return rep_ == nullptr; }
  StatusCode code() const { return rep_ ? rep_->code : StatusCode::kOk; }
  std::string_view message() const { return rep_ ? std::string_view(rep_->message) : ""; }
  // "corruption: page 12: bad checksum", or "ok".
  std::string ToString() const;
  // The same code with "context: " before the message; OK stays OK.
  Status WithContext(std::string_view context) const;

  friend bool operator==(const Status& a, const Status& b) {
    return a.code() == b.code() && a.message() == b.message();
  }

 private:
  struct Rep {
    StatusCode code;
    std::string message;
  };
  std::shared_ptr<const Rep> rep_;
};

inline Status OkStatus() { return {}; }

#define FIRN_DEFINE_ERROR(Name)                                        \
  template <typename... Args>                                          \
  Status Name(fmt::format_string<Args...> format, Args&&... args) {    \
    return Status(StatusCode::k##Name, fmt::format(format, std::forward<Args>(args)...)); \
  }
FIRN_DEFINE_ERROR(InvalidArgument)
FIRN_DEFINE_ERROR(NotFound)
FIRN_DEFINE_ERROR(OutOfOrder)
FIRN_DEFINE_ERROR(TooOld)
FIRN_DEFINE_ERROR(Duplicate)
FIRN_DEFINE_ERROR(Evaluation)
FIRN_DEFINE_ERROR(ResourceExhausted)
FIRN_DEFINE_ERROR(DeadlineExceeded)
FIRN_DEFINE_ERROR(Cancelled)
FIRN_DEFINE_ERROR(Unavailable)
FIRN_DEFINE_ERROR(Corruption)
FIRN_DEFINE_ERROR(Io)
FIRN_DEFINE_ERROR(Unimplemented)
FIRN_DEFINE_ERROR(Internal)
#undef FIRN_DEFINE_ERROR

// A value or the error that prevented it.
template <typename T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value) : rep_(std::in_place_index<1>, std::move(value)) {}  // NOLINT: implicit
  Result(Status status) : rep_(std::in_place_index<0>, std::move(status)) {  // NOLINT: implicit
    FIRN_CHECK(!std::get<0>(rep_).ok());
  }
  // From anything T is made of, e.g. unique_ptr<Derived> for unique_ptr<Base>.
  template <typename U>
    requires(std::is_convertible_v<U &&, T> && !std::is_same_v<std::decay_t<U>, Result> &&
             !std::is_same_v<std::decay_t<U>, Status> && !std::is_same_v<std::decay_t<U>, T>)
  Result(U&& value) : rep_(std::in_place_index<1>, std::forward<U>(value)) {}  // NOLINT: implicit

  bool ok() const { return rep_.index() == 1; }
  Status status() const { return ok() ? Status() : std::get<0>(rep_); }

  // REQUIRES: ok().
  T& value() & { return Checked(*this); }
  const T& value() const& { return Checked(*this); }
  T&& value() && { return std::move(Checked(*this)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  template <typename Self>
  static auto& Checked(Self& self) {
    FIRN_CHECK(self.ok());
    return *std::get_if<1>(&self.rep_);
  }

  std::variant<Status, T> rep_;
};

}  // namespace firn

#define FIRN_RETURN_IF_ERROR(expr)                                 \
  do {                                                             \
    if (::firn::Status firn_status_ = (expr); !firn_status_.ok()) { \
      return firn_status_;                                         \
    }                                                              \
  } while (false)

#define FIRN_CONCAT_INNER_(a, b) a##b
#define FIRN_CONCAT_(a, b) FIRN_CONCAT_INNER_(a, b)
// FIRN_ASSIGN_OR_RETURN(auto x, MakeX());
#define FIRN_ASSIGN_OR_RETURN(lhs, expr) \
  FIRN_ASSIGN_OR_RETURN_(FIRN_CONCAT_(firn_result_, __LINE__), lhs, expr)
#define FIRN_ASSIGN_OR_RETURN_(result, lhs, expr) \
  auto result = (expr);                           \
  if (!result.ok()) return result.status();       \
  lhs = *std::move(result)
