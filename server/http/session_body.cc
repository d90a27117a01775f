// The second half of a session: bodies, handlers, answers.
#include <algorithm>
#include <new>
#include <optional>

#include <spdlog/spdlog.h>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/defer.hpp>
#include <boost/asio/post.hpp>

#include "server/http/session.h"

namespace firn::server {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr size_t kReadBytes = 64 << 10;
constexpr size_t kQueuedBytesMax = 256 << 10;

double Seconds(std::chrono::steady_clock::duration d) {
  return std::chrono::duration<double>(d).count();
}

SteadyTime SteadyNow() { return std::chrono::steady_clock::now(); }

bool HasBareLineFeed(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) return true;
  }
  return false;
}

}  // namespace

bool Session::ChargeBody(size_t bytes) {
  if (bytes <= body_charged_) return true;
  if (!core_->ChargeBody(bytes - body_charged_)) return false;
  body_charged_ = bytes;
  return true;
}

void Session::ReleaseBody() {
  if (body_charged_ > 0) core_->ReleaseBody(body_charged_);
  body_charged_ = 0;
}

bool Session::BodyTooSlow() const {
  const auto spent = std::chrono::steady_clock::now() - body_start_;
  if (spent < core_->options.body_grace) return false;
  const double seconds = std::chrono::duration<double>(spent).count();
  const auto rate = static_cast<double>(core_->options.body_bytes_per_second);
  return static_cast<double>(body_received_) < seconds * rate;
}

void Session::ReadBody() {
  if (BodyTooSlow()) return Refuse(408, "timeout", "request body arrives too slowly");
  SetDeadline(core_->options.body_grace);
  if (head_.chunked) {
    ReadChunkedBody();
  } else {
    ReadLengthBody();
  }
}

// The rest of the body is left unread, so that the connection ends.
void Session::RefuseForMemory() {
  HttpResponse response =
      ErrorResponse(request_->path, 503, "unavailable", "too many request bytes in flight");
  response.headers.emplace_back("Retry-After", "1");
  keep_alive_ = false;
  Answer(std::move(response));
}

// Reads into the body itself. It grows and is charged for with what has arrived, since a declared
// length is only a claim.
void Session::ReadLengthBody() {
  std::string& body = request_->body;
  const size_t length = head_.content_length;
  if (!input_.empty()) {
    const size_t take = std::min(length - body_received_, input_.size());
    body.resize(body_received_);
    body.append(input_, 0, take);
    input_.erase(0, take);
    body_received_ += take;
  }
  if (body_received_ == length) {
    body.resize(length);
    return ChargeBody(length) ? Dispatch() : RefuseForMemory();
  }
  if (body.size() < length && body.size() - body_received_ < kReadBytes) {
    body.resize(std::min(length, std::max(body.size() * 2, kReadBytes)));
  }
  if (!ChargeBody(body.size())) return RefuseForMemory();
  stream_.AsyncReadSome(
      asio::buffer(body.data() + body_received_, body.size() - body_received_),
      asio::bind_executor(strand_, [self = shared_from_this()](error_code error, size_t n) {
        if (self->phase_ != Phase::kBody) return;
        if (error) return self->Close();
        self->body_received_ += n;
        self->ReadBody();
      }));
}

void Session::ReadChunkedBody() {
  if (!input_.empty()) {
    size_t used = 0;
    const auto error = parser_.ParseChunked(input_, route_->body_bytes_max, &request_->body, &used);
    input_.erase(0, used);
    body_received_ += used;
    if (error) return Refuse(error->status, "bad_data", error->message);
    if (!ChargeBody(request_->body.size())) return RefuseForMemory();
    if (parser_.chunked_done()) return Dispatch();
    // What is left is the beginning of a chunk header or trailer.
    if (input_.size() > kHeadBytesDefault || HasBareLineFeed(input_)) {
      return Refuse(400, "bad_data", "malformed chunk");
    }
  }
  const size_t size = input_.size();
  input_.resize(size + kReadBytes);
  stream_.AsyncReadSome(
      asio::buffer(input_.data() + size, kReadBytes),
      asio::bind_executor(strand_, [self = shared_from_this(), size](error_code error, size_t n) {
        self->input_.resize(size + n);
        if (self->phase_ != Phase::kBody) return;
        if (error) return self->Close();
        self->ReadBody();
      }));
}

void Session::Dispatch() {
  phase_ = Phase::kRunning;
  request_->received = std::chrono::steady_clock::now();
  deadline_ns_.store(std::numeric_limits<int64_t>::max(), std::memory_order_relaxed);
  {
    MutexLock lock(&mutex_);
    answer_complete_ = false;
  }
  const auto work = static_cast<size_t>(route_->work);
  running_.store(true, std::memory_order_relaxed);
  const ServerCore::PoolMetrics& figures = core_->pool_metrics[work];
  figures.waiting->Add(1);
  ThreadPool* const pool = core_->pools[work].get();
  // Waking a thread of the pool takes as long as a small query.
  if (route_->work == WorkClass::kQuery && pool->TryEnter(1)) {
    // Not on the strand, which must notice what the client does meanwhile.
    return asio::defer(strand_.get_inner_executor(),
                       [self = shared_from_this(), pool] { self->RunHandlerHere(pool); });
  }
  const bool taken = pool->TrySubmit([self = shared_from_this()] { self->RunHandler(); },
                                     core_->options.pools[work].queue_max);
  if (taken) return;
  running_.store(false, std::memory_order_relaxed);
  figures.waiting->Add(-1);
  figures.rejected->Add();
  HttpResponse response =
      ErrorResponse(request_->path, 503, "unavailable", "too many requests are waiting");
  response.headers.emplace_back("Retry-After", "1");
  Answer(std::move(response));
}

// On an i/o thread, in the place of one of the pool.
void Session::RunHandlerHere(ThreadPool* pool) {
  const struct Place {
    ~Place() { pool->Leave(); }
    ThreadPool* const pool;
  } place{pool};
  std::optional<LoneThread::Busy> busy;
  if (core_->lone_thread != nullptr) busy.emplace(core_->lone_thread.get());
  RunHandler();
}

// Runs on the pool or as above. The strand leaves the session alone until the answer is complete.
void Session::RunHandler() {
  const auto start = SteadyNow();
  HttpRequest& request = *request_;
  const ServerCore::PoolMetrics& figures = core_->pool_metrics[static_cast<size_t>(route_->work)];
  const double queue_seconds = Seconds(start - request.received);
  figures.waiting->Add(-1);
  figures.running->Add(1);
  figures.queue_seconds->Observe(queue_seconds);
  ResponseContext context;
  context.keep_alive = keep_alive_ && !core_->stopping.load(std::memory_order_relaxed);
  context.head_only = request.method == Method::kHead;
  context.http10 = head_.http10;
  context.gzip = HasToken(request.Header("Accept-Encoding"), "gzip");
  context.common_headers = CommonHeaders();
  ResponseEncoder encoder(std::move(context), this);
  std::string_view type = request.Header("Content-Type");
  type = type.substr(0, type.find(';'));
  Status parsed;
  if (route_->reads_form && request.method != Method::kGet && EqualsIgnoreCase(type, kFormType)) {
    std::vector<NameValue> url_params = std::move(request.params);
    request.params.clear();
    parsed = ParseForm(request.body, &request.params);
    request.params.insert(request.params.end(), url_params.begin(), url_params.end());
  }
  if (!parsed.ok()) {
    encoder.Send(ErrorResponse(request.path, 400, "bad_data",
                               "error parsing form values: " + std::string(parsed.message())));
  } else {
    // The border where what libraries may still throw, such as lack of memory, ends.
    try {
      route_->handler->Handle(request, encoder);
    } catch (const std::exception& e) {
      spdlog::error("request to {} failed: {}", request.path, e.what());
    }
  }
  std::string rest = encoder.Finish();
  figures.running->Add(-1);
  const AnsweredRequest answered{.request = request,
                                 .route = route_,
                                 .status = encoder.status(),
                                 .body_bytes = encoder.body_bytes(),
                                 .queue_seconds = queue_seconds,
                                 .seconds = Seconds(SteadyNow() - start)};
  core_->ObserveRequest(routes_, answered);
  if (core_->options.on_answered) core_->options.on_answered(answered);
  if (!encoder.keep_alive()) close_after_answer_.store(true, std::memory_order_relaxed);
  // From here on the session may be busy with its next request.
  SendBytes(std::move(rest), true);
}

void Session::SendBytes(std::string bytes, bool last) {
  {
    MutexLock lock(&mutex_);
    // The client waits: waking an i/o thread first would make it wait longer. Nothing queued means
    // that no write is pending either.
    if (queued_bytes_ == 0 && !broken_) bytes.erase(0, stream_.SendNow(bytes));
    queued_bytes_ += bytes.size();
    if (!bytes.empty()) queue_.push_back(std::move(bytes));
    answer_complete_ = last;
  }
  auto go_on = [self = shared_from_this()] { self->StartWriting(); };
  if (last) {
    asio::defer(strand_, std::move(go_on));  // An i/o thread does it next, without waking another.
  } else {
    asio::post(strand_, std::move(go_on));
  }
}

bool Session::WaitForRoom() {
  MutexLock lock(&mutex_);
  while (!broken_ && queued_bytes_ > kQueuedBytesMax) room_.Wait(&mutex_);
  return !broken_;
}

std::chrono::milliseconds Session::WritePatience() const {
  using std::chrono::milliseconds;
  const HttpServerOptions& options = core_->options;
  const auto rate = std::max<size_t>(options.answer_bytes_per_second, 1);
  // Taking little by little must not hold a handler for ever either.
  const milliseconds earned(answer_taken_ * 1000 / rate);
  const auto left =
      options.write_timeout + earned - std::chrono::duration_cast<milliseconds>(answer_waited_);
  return std::clamp(left, milliseconds(0), options.write_timeout);
}

void Session::StartWriting() {
  if (writing_now_) return;
  if (written_ == writing_.size()) {
    MutexLock lock(&mutex_);
    written_ = 0;
    writing_.clear();
    if (!queue_.empty()) {
      writing_ = std::move(queue_.front());
      queue_.pop_front();
    }
  }
  if (phase_ == Phase::kClosed) return DropQueue();
  if (writing_.empty()) {
    deadline_ns_.store(std::numeric_limits<int64_t>::max(), std::memory_order_relaxed);
    bool complete = false;
    {
      MutexLock lock(&mutex_);
      complete = answer_complete_ && queue_.empty();
    }
    if (complete) FinishExchange();
    return;
  }
  writing_now_ = true;
  SetDeadline(WritePatience());
  stream_.AsyncWriteSome(
      asio::buffer(writing_.data() + written_, writing_.size() - written_),
      asio::bind_executor(
          strand_, [self = shared_from_this(), begin = SteadyNow()](error_code error, size_t n) {
            self->writing_now_ = false;
            if (error) self->Close();
            self->written_ += n;
            self->answer_taken_ += n;
            self->answer_waited_ += SteadyNow() - begin;
            {
              MutexLock lock(&self->mutex_);
              self->queued_bytes_ -= std::min(n, self->queued_bytes_);
              self->room_.NotifyAll();
            }
            self->StartWriting();
          }));
}

void Session::DropQueue() {
  MutexLock lock(&mutex_);
  queue_.clear();
  queued_bytes_ = 0;
  room_.NotifyAll();
}

void Session::FinishExchange() {
  {
    MutexLock lock(&mutex_);
    answer_complete_ = false;
  }
  if (phase_ != Phase::kRunning) return;
  running_.store(false, std::memory_order_relaxed);
  answer_waited_ = {};
  answer_taken_ = 0;
  ReleaseBody();
  if (!keep_alive_ || shutdown_ || close_after_answer_.load(std::memory_order_relaxed) ||
      core_->stopping.load(std::memory_order_relaxed)) {
    return Linger();
  }
  ReadHead();
}

}  // namespace firn::server
