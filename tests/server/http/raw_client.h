// A client that sends exactly the bytes a test wants, over a real loopback socket.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <string>
#include <string_view>

namespace firn::server {

class RawClient {
 public:
  explicit RawClient(uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;  // So that pieces leave as they are sent.
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  }
  virtual ~RawClient() { Close(); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return connected_; }
  virtual bool Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(n));
    }
    return true;
  }
  void Close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

  // Reads one answer; "" if the connection ended before one was complete.
  std::string ReadResponse(bool head_only = false) {
    while (true) {
      const size_t head_end = input_.find("\r\n\r\n");
      if (head_end != std::string::npos) {
        const std::string head = input_.substr(0, head_end + 4);
        const size_t total = head_only ? head.size() : ResponseBytes(head);
        if (total != std::string::npos && total <= input_.size()) {
          std::string response = input_.substr(0, total);
          input_.erase(0, total);
          return response;
        }
      }
      if (!Fill()) return "";
    }
  }
  std::string Exchange(std::string_view request) {
    Send(request);
    return ReadResponse();
  }
  // True if the server closes, without more bytes, before the deadline.
  bool ReadsEnd() { return input_.empty() && !Fill() && ended_; }
  virtual bool Fill(std::chrono::milliseconds timeout = std::chrono::seconds(20)) {
    pollfd p{fd_, POLLIN, 0};
    if (::poll(&p, 1, static_cast<int>(timeout.count())) <= 0) return false;
    char buffer[64 << 10];
    return Append(buffer, ::recv(fd_, buffer, sizeof(buffer), 0));
  }
  int fd() const { return fd_; }

 protected:
  bool Append(const char* bytes, ssize_t n) {
    ended_ = n <= 0;
    if (n > 0) input_.append(bytes, static_cast<size_t>(n));
    return n > 0;
  }

 private:
  // Bytes of the answer that begins input_, npos if not all there.
  size_t ResponseBytes(const std::string& head) const {
    const size_t length = head.find("Content-Length: ");
    if (length != std::string::npos) {
      size_t value = 0;
      std::from_chars(head.data() + length + 16, head.data() + head.size(), value);
      return head.size() + value;
    }
    if (head.find("Transfer-Encoding: chunked") == std::string::npos) return head.size();
    size_t at = head.size();
    while (true) {
      const size_t line = input_.find("\r\n", at);
      if (line == std::string::npos) return line;
      size_t size = 0;
      std::from_chars(input_.data() + at, input_.data() + line, size, 16);
      at = line + 2 + size + 2;
      if (size == 0) return at;
      if (at > input_.size()) return std::string::npos;
    }
  }

  int fd_;
  bool connected_ = false;
  bool ended_ = false;
  std::string input_;
};

inline int StatusOf(std::string_view response) {
  int status = 0;
  if (response.size() > 12) std::from_chars(response.data() + 9, response.data() + 12, status);
  return status;
}

inline std::string BodyOf(std::string_view response) {
  const size_t end = response.find("\r\n\r\n");
  if (end == std::string_view::npos) return "";
  std::string_view body = response.substr(end + 4);
  if (response.substr(0, end).find("Transfer-Encoding: chunked") == std::string_view::npos) {
    return std::string(body);
  }
  std::string out;
  while (true) {
    size_t size = 0;
    const size_t line = body.find("\r\n");
    if (line == std::string_view::npos) return out;
    std::from_chars(body.data(), body.data() + line, size, 16);
    if (size == 0) return out;
    out.append(body.substr(line + 2, size));
    body.remove_prefix(line + 2 + size + 2);
  }
}

}  // namespace firn::server
