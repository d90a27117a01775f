// The part of a session that decides who is let in: the handshake, and the credentials of a
// request before anything else of it is looked at.
#include <limits>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/post.hpp>

#include "server/http/session.h"

namespace firn::server {

namespace asio = boost::asio;

namespace {

// With bcrypt at its usual cost of 10, the last of them waits for some eight seconds.
constexpr size_t kHashingQueueMax = 128;

// The only Authorization header; nothing if there are several, since it is not for us to choose.
std::optional<std::string_view> AuthorizationOf(const HttpRequest& request) {
  std::optional<std::string_view> found = "";
  bool seen = false;
  for (const auto& [name, value] : request.headers) {
    if (!EqualsIgnoreCase(name, "Authorization")) continue;
    found = seen ? std::nullopt : std::optional<std::string_view>(value);
    seen = true;
  }
  return found;
}

}  // namespace

void Session::Handshake() {
  phase_ = Phase::kHandshake;
  SetDeadline(core_->options.handshake_timeout);
  stream_.AsyncHandshake(asio::bind_executor(
      strand_,
      [self = shared_from_this()](const Stream::ErrorCode& error) { self->OnHandshake(error); }));
}

void Session::OnHandshake(const Stream::ErrorCode& error) {
  if (error) core_->handshakes_failed->Add();
  if (phase_ != Phase::kHandshake) return;
  if (!error) return ReadHead();
  stream_.DropTls();
  // What the client still sends is read, so that the alert that tells it why does not get lost.
  if (!IsPlainHttp(error)) return Linger();
  Refuse(400, "bad_data", "this server speaks HTTPS, the request was plain HTTP");
}

void Session::Authorize() {
  if (security_ != nullptr) security_ = core_->security();
  const bool open = security_ == nullptr || security_->authenticator == nullptr ||
                    (security_->open_probes && route_ != nullptr && route_->role == Role::kProbe);
  if (open) return Proceed();
  const auto authorization = AuthorizationOf(*request_);
  AuthVerdict verdict;
  verdict.outcome = AuthVerdict::Outcome::kRefused;
  if (authorization) verdict = security_->authenticator->Check(*authorization);
  if (verdict.outcome == AuthVerdict::Outcome::kNeedsHashing) {
    return HashPassword(std::string(*authorization));
  }
  OnVerdict(verdict);
}

void Session::HashPassword(std::string authorization) {
  phase_ = Phase::kAuth;
  // The length of the queue bounds the wait.
  deadline_ns_.store(std::numeric_limits<int64_t>::max(), std::memory_order_relaxed);
  const bool taken = core_->hashing->TrySubmit(
      [self = shared_from_this(), authenticator = security_->authenticator,
       header = std::move(authorization)] {
        if (self->IsBroken()) return;  // Nobody waits any more.
        asio::post(self->strand_, [self, verdict = authenticator->CheckPassword(header)] {
          if (self->phase_ == Phase::kAuth) self->OnVerdict(verdict);
        });
      },
      kHashingQueueMax);
  if (taken) return;
  HttpResponse response = ErrorResponse(request_->path, 503, "unavailable",
                                        "too many passwords are waiting to be checked");
  response.headers.emplace_back("Retry-After", "1");
  RefuseAccess(Refusal::kBusy, std::move(response));
}

bool Session::IsBroken() {
  MutexLock lock(&mutex_);
  return broken_;
}

void Session::OnVerdict(const AuthVerdict& verdict) {
  const std::string& path = request_->path;
  if (verdict.outcome != AuthVerdict::Outcome::kAccepted) {
    HttpResponse response = ErrorResponse(path, 401, "unauthorized", "Unauthorized");
    const auto& challenges = security_->authenticator->challenges();
    response.headers.insert(response.headers.end(), challenges.begin(), challenges.end());
    return RefuseAccess(verdict.outcome == AuthVerdict::Outcome::kMissing
                            ? Refusal::kNoCredentials
                            : Refusal::kBadCredentials,
                        std::move(response));
  }
  const Role needed = route_ == nullptr ? Role::kProbe : route_->role;
  if (!verdict.roles.Grants(needed)) {
    return RefuseAccess(Refusal::kLackOfRole,
                        ErrorResponse(path, 403, "forbidden",
                                      "this needs the role " + std::string(RoleName(needed))));
  }
  request_->user = verdict.name;
  Proceed();
}

void Session::RefuseAccess(Refusal why, HttpResponse response) {
  core_->refused[static_cast<size_t>(why)]->Add();
  // The body is left unread, so that nothing after it can be trusted to be a request.
  if (head_.HasBody()) keep_alive_ = false;
  Answer(std::move(response));
}

std::string Session::CommonHeaders() const {
  std::string lines;
  if (request_) lines = CorsHeaders(*request_, core_->options.cors_origin);
  if (security_ == nullptr) return lines;
  for (const auto& [name, value] : security_->headers) {
    lines.append(name).append(": ").append(value).append("\r\n");
  }
  return lines;
}

}  // namespace firn::server
