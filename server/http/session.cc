#include "server/http/session.h"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>

namespace firn::server {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr size_t kReadBytes = 16 << 10;
constexpr size_t kDiscardBytesMax = 4 << 20;
constexpr std::chrono::milliseconds kLingerTime{2000};

int64_t Nanoseconds(SteadyTime t) { return t.time_since_epoch().count(); }

}  // namespace

Session::Session(asio::io_context& io, Socket socket, ServerCore* core,
                 std::function<void(Session*)> on_closed)
    : core_(core),
      on_closed_(std::move(on_closed)),
      security_(core->security()),
      stream_(std::move(socket), security_ ? security_->tls.get() : nullptr),
      strand_(asio::make_strand(io)) {
  error_code error;
  const auto remote = stream_.socket().remote_endpoint(error);
  if (!error) remote_address_ = remote.address().to_string();
  stream_.socket().set_option(asio::ip::tcp::no_delay(true), error);
  SetDeadline(core_->options.head_timeout);
  waiting_since_ns_.store(Nanoseconds(std::chrono::steady_clock::now()), std::memory_order_relaxed);
}

Session::~Session() {
  ReleaseBody();
  on_closed_(this);
}

void Session::SetDeadline(std::chrono::milliseconds after) {
  deadline_ns_.store(Nanoseconds(std::chrono::steady_clock::now() + after),
                     std::memory_order_relaxed);
}

void Session::Start() {
  asio::post(strand_, [self = shared_from_this()] {
    self->stream_.secure() ? self->Handshake() : self->ReadHead();
  });
}

void Session::Reject() {
  asio::post(strand_, [self = shared_from_this()] {
    // A handshake costs more than what the refusal is to save.
    if (self->stream_.secure()) return self->Close();
    HttpResponse response = ErrorResponse("", 503, "unavailable", "too many connections");
    response.headers.emplace_back("Retry-After", "1");
    self->keep_alive_ = false;
    self->Answer(std::move(response));
  });
}

void Session::Tick(SteadyTime now) {
  const bool late = Nanoseconds(now) > deadline_ns_.load(std::memory_order_relaxed);
  const bool running = running_.load(std::memory_order_relaxed);
  if (!late && !running) return;
  asio::post(strand_, [self = shared_from_this(), now, running] {
    if (self->phase_ == Phase::kClosed) return;
    if (Nanoseconds(now) > self->deadline_ns_.load(std::memory_order_relaxed)) {
      if (self->phase_ == Phase::kHead) {
        self->Refuse(408, "timeout", "request head did not arrive in time");
      } else if (self->phase_ == Phase::kBody) {
        self->Refuse(408, "timeout", "request body did not arrive in time");
      } else {
        self->Close();
      }
      return;
    }
    if (!running || self->phase_ != Phase::kRunning || !self->request_) return;
    if (self->stream_.PeerHasGone()) {
      self->request_->cancelled.store(true, std::memory_order_relaxed);
    }
  });
}

void Session::Shutdown(bool now) {
  asio::post(strand_, [self = shared_from_this(), now] {
    self->shutdown_ = true;
    if (now && self->request_) self->request_->cancelled.store(true, std::memory_order_relaxed);
    const Phase phase = self->phase_;
    if (now || phase == Phase::kIdle || phase == Phase::kHandshake) self->Close();
  });
}

void Session::Evict() {
  waiting_since_ns_.store(kBusy, std::memory_order_relaxed);
  asio::post(strand_, [self = shared_from_this()] {
    const Phase phase = self->phase_;
    if (phase == Phase::kIdle || phase == Phase::kHead || phase == Phase::kHandshake) {
      self->Close();
    }
  });
}

void Session::ReadHead() {
  if (phase_ == Phase::kClosed) return;
  if (shutdown_) return Close();
  scanner_ = HeadScanner(core_->options.head_bytes_max);
  request_ = std::make_shared<HttpRequest>();
  request_->remote_address = remote_address_;
  head_ = HeadInfo();
  route_ = nullptr;
  phase_ = input_.empty() ? Phase::kIdle : Phase::kHead;
  const bool idle = input_.empty() && !fresh_;
  SetDeadline(idle ? core_->options.idle_timeout : core_->options.head_timeout);
  waiting_since_ns_.store(Nanoseconds(std::chrono::steady_clock::now()), std::memory_order_relaxed);
  OnHeadBytes();
}

void Session::OnHeadBytes() {
  switch (scanner_.Scan(input_)) {
    case HeadScanner::State::kComplete:
      return OnHead(scanner_.size());
    case HeadScanner::State::kBad:
      return Refuse(400, "bad_data", scanner_.error());
    case HeadScanner::State::kTooLarge:
      return Refuse(431, "bad_data", "request head is too large");
    case HeadScanner::State::kNeedMore:
      break;
  }
  const size_t size = input_.size();
  input_.resize(size + kReadBytes);
  stream_.AsyncReadSome(
      asio::buffer(input_.data() + size, kReadBytes),
      asio::bind_executor(strand_, [self = shared_from_this(), size](error_code error, size_t n) {
        self->input_.resize(size + n);
        if (self->phase_ != Phase::kIdle && self->phase_ != Phase::kHead) return;
        if (error) return self->Close();
        if (self->phase_ == Phase::kIdle) {
          self->phase_ = Phase::kHead;
          self->SetDeadline(self->core_->options.head_timeout);
        }
        self->OnHeadBytes();
      }));
}

void Session::OnHead(size_t head_bytes) {
  phase_ = Phase::kHead;
  fresh_ = false;
  waiting_since_ns_.store(kBusy, std::memory_order_relaxed);
  const auto error =
      parser_.ParseHead(std::string_view(input_).substr(0, head_bytes), request_.get(), &head_);
  input_.erase(0, head_bytes);
  if (error) return Refuse(error->status, "bad_data", error->message);
  keep_alive_ = head_.keep_alive && !core_->stopping.load(std::memory_order_relaxed);
  routes_ = core_->routes.load(std::memory_order_acquire);
  route_ = routes_->router.Find(request_->path_segments, &request_->path_params);
  Authorize();
}

void Session::Proceed() {
  if (!Admit()) return;
  body_received_ = 0;
  body_start_ = std::chrono::steady_clock::now();
  if (!head_.HasBody()) return Dispatch();
  phase_ = Phase::kBody;
  SetDeadline(core_->options.body_grace);
  if (head_.expect_continue && input_.empty()) {
    // Small enough for any send buffer that is empty, as it is before an answer.
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    error_code ignored;
    stream_.WriteSome(asio::buffer(kContinue.data(), kContinue.size()), ignored);
  }
  ReadBody();
}

// Answers at once what needs no handler. An unread body makes the connection end, since
// nothing after it can be trusted to be a request.
bool Session::Admit() {
  const std::string& path = request_->path;
  HttpResponse response;
  if (request_->method == Method::kOptions && (path.starts_with("/api/") || route_ != nullptr)) {
    response.status = 204;
  } else if (route_ == nullptr) {
    response = ErrorResponse(path, 404, "not_found", "404 page not found");
  } else if (!route_->Allows(request_->method)) {
    response = ErrorResponse(path, 405, "bad_data", "method not allowed");
  } else if (head_.content_length > route_->body_bytes_max) {
    response = ErrorResponse(path, 413, "bad_data", "request body is too large");
  } else {
    return true;
  }
  if (route_ != nullptr && response.status != 413) {
    response.headers.emplace_back("Allow", AllowHeader(*route_));
  }
  if (head_.HasBody()) keep_alive_ = false;
  Answer(std::move(response));
  return false;
}

void Session::Answer(HttpResponse response) {
  phase_ = Phase::kRunning;
  waiting_since_ns_.store(kBusy, std::memory_order_relaxed);
  SetDeadline(core_->options.write_timeout);
  ResponseContext context;
  context.keep_alive = keep_alive_;
  context.head_only = request_ && request_->method == Method::kHead;
  context.common_headers = CommonHeaders();
  ResponseEncoder encoder(std::move(context), this);
  encoder.Send(std::move(response));
  std::string bytes = encoder.Finish();
  if (request_ && core_->options.on_answered) {
    core_->options.on_answered({.request = *request_,
                                .route = route_,
                                .status = encoder.status(),
                                .body_bytes = encoder.body_bytes()});
  }
  SendBytes(std::move(bytes), true);
}

void Session::Refuse(int status, std::string_view error_type, std::string_view message) {
  core_->bad_requests->Add();
  keep_alive_ = false;
  Answer(ErrorResponse(request_ ? request_->path : "", status, error_type, message));
}

// Closes in a way that lets the client read the answer: what it still sends is read and
// dropped for a while, because closing over unread bytes would reset the connection.
void Session::Linger() {
  phase_ = Phase::kLinger;
  SetDeadline(kLingerTime);
  discarded_ = 0;
  if (!stream_.secure()) return Discard();
  // Ends early if the client sends something else first; its bytes are dropped then, still
  // encrypted.
  stream_.AsyncShutdown(
      asio::bind_executor(strand_, [self = shared_from_this()](const error_code&) {
        if (self->phase_ == Phase::kLinger) self->Discard();
      }));
}

void Session::Discard() {
  error_code ignored;
  if (discarded_ == 0) stream_.socket().shutdown(Socket::shutdown_send, ignored);
  discard_.resize(kReadBytes);
  stream_.socket().async_read_some(
      asio::buffer(discard_.data(), discard_.size()),
      asio::bind_executor(strand_, [self = shared_from_this()](error_code error, size_t n) {
        if (self->phase_ == Phase::kClosed) return;
        self->discarded_ += n;
        if (error || self->discarded_ > kDiscardBytesMax) return self->Close();
        self->Discard();
      }));
}

void Session::Close() {
  phase_ = Phase::kClosed;
  if (request_) request_->cancelled.store(true, std::memory_order_relaxed);
  // A handler may be sending, which must not meet another connection's descriptor.
  MutexLock lock(&mutex_);
  error_code error;
  stream_.socket().close(error);
  broken_ = true;
  room_.NotifyAll();
}

}  // namespace firn::server
