#include "server/http/secure/stream.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

#include "base/check.h"
#include "server/http/secure/tls_context.h"

namespace firn::server {

Stream::Stream(Socket socket, const TlsContext* tls)
    : socket_(std::move(socket)), secure_(tls != nullptr) {
  if (tls == nullptr) return;
  SSL* ssl = SSL_new(tls->native());
  FIRN_CHECK(ssl != nullptr);
  tls_ = std::make_unique<Tls>(socket_, ssl);
}

size_t Stream::SendNow(std::string_view bytes) {
  if (secure_) return 0;
  const ssize_t n =
      ::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  return n < 0 ? 0 : static_cast<size_t>(n);
}

bool Stream::PeerHasGone() {
  const int fd = socket_.native_handle();
  if (secure_) {
    // A polite client's last word lies unread before the end, so that a look at the next byte
    // would not show it.
    pollfd p{fd, POLLRDHUP, 0};
    return ::poll(&p, 1, 0) > 0;
  }
  char byte;
  const ssize_t n = ::recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
}

bool IsPlainHttp(const boost::system::error_code& error) {
  if (error.category() != boost::asio::error::get_ssl_category()) return false;
  const int reason = ERR_GET_REASON(static_cast<unsigned long>(error.value()));
  return reason == SSL_R_HTTP_REQUEST || reason == SSL_R_HTTPS_PROXY_REQUEST;
}

}  // namespace firn::server
