// A connection's bytes, plain or through TLS. Internal to server/http: it carries Asio.
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>

namespace firn::server {

class TlsContext;

// One thread at a time: completion handlers must be bound to the strand of the caller.
class Stream {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  using ErrorCode = boost::system::error_code;

  // Plain if `tls` is null.
  Stream(Socket socket, const TlsContext* tls);

  Socket& socket() { return socket_; }
  bool secure() const { return secure_; }
  // From here on bytes are plain, for an answer to a client that does not speak TLS.
  void DropTls() { secure_ = false; }

  // REQUIRES: secure().
  template <typename Done>
  void AsyncHandshake(Done&& done) {
    tls_->async_handshake(Tls::server, std::forward<Done>(done));
  }
  // Says to the client that no more comes, and waits for it to say the same. REQUIRES: secure().
  template <typename Done>
  void AsyncShutdown(Done&& done) {
    tls_->async_shutdown(std::forward<Done>(done));
  }
  template <typename Buffer, typename Done>
  void AsyncReadSome(const Buffer& buffer, Done&& done) {
    if (secure_) {
      tls_->async_read_some(buffer, std::forward<Done>(done));
    } else {
      socket_.async_read_some(buffer, std::forward<Done>(done));
    }
  }
  template <typename Buffer, typename Done>
  void AsyncWriteSome(const Buffer& buffer, Done&& done) {
    if (secure_) {
      tls_->async_write_some(buffer, std::forward<Done>(done));
    } else {
      socket_.async_write_some(buffer, std::forward<Done>(done));
    }
  }
  template <typename Buffer>
  size_t WriteSome(const Buffer& buffer, ErrorCode& error) {
    return secure_ ? tls_->write_some(buffer, error) : socket_.write_some(buffer, error);
  }

  // Sends what the client has room for right now and returns how many bytes that was: 0 through
  // TLS and on an error, which the next write meets again. From any thread as long as the socket is
  // not being closed and no write is pending.
  size_t SendNow(std::string_view bytes);

  // Whether the client has hung up, as far as that shows without reading.
  bool PeerHasGone();

 private:
  using Tls = boost::asio::ssl::stream<Socket&>;

  Socket socket_;
  std::unique_ptr<Tls> tls_;  // Refers to socket_.
  bool secure_;
};

// Whether a handshake failed because the client spoke plain HTTP.
bool IsPlainHttp(const boost::system::error_code& error);

}  // namespace firn::server
