#include "server/http/router.h"

#include <algorithm>

#include <fmt/core.h>

#include "base/check.h"

namespace firn::server {

namespace {

void AppendEscaped(std::string_view text, std::string* out) {
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out->push_back('\\');
      out->push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20 || c == '<' || c == '>' || c == '&') {
      *out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out->push_back(c);
    }
  }
}

}  // namespace

std::string_view WorkClassName(WorkClass work) {
  switch (work) {
    case WorkClass::kIngest:
      return "ingest";
    case WorkClass::kQuery:
      return "query";
    case WorkClass::kControl:
      break;
  }
  return "control";
}

bool Route::Allows(Method method) const {
  if (method == Method::kHead) method = Method::kGet;
  return std::find(methods.begin(), methods.end(), method) != methods.end();
}

void Router::Add(Route route) {
  FIRN_CHECK(!route.pattern.empty() && route.pattern.front() == '/');
  FIRN_CHECK(route.handler != nullptr);
  Entry entry;
  std::string_view rest = std::string_view(route.pattern).substr(1);
  while (true) {
    const size_t slash = std::min(rest.find('/'), rest.size());
    const std::string_view part = rest.substr(0, slash);
    entry.parts.emplace_back(part);
    entry.is_param.push_back(part.starts_with('{') && part.ends_with('}'));
    if (slash == rest.size()) break;
    rest.remove_prefix(slash + 1);
  }
  routes_.push_back(std::make_unique<Route>(std::move(route)));
  entry.route = routes_.back().get();
  entries_.push_back(std::move(entry));
}

void Router::SetFallback(Route route) {
  FIRN_CHECK(route.handler != nullptr);
  routes_.push_back(std::make_unique<Route>(std::move(route)));
  fallback_ = routes_.back().get();
}

const Route* Router::Find(const std::vector<std::string>& segments,
                          std::vector<std::string>* path_params) const {
  for (const Entry& entry : entries_) {
    if (entry.parts.size() != segments.size()) continue;
    bool match = true;
    for (size_t i = 0; match && i < segments.size(); ++i) {
      match = entry.is_param[i] ? !segments[i].empty() : entry.parts[i] == segments[i];
    }
    if (!match) continue;
    for (size_t i = 0; i < segments.size(); ++i) {
      if (entry.is_param[i]) path_params->push_back(segments[i]);
    }
    return entry.route;
  }
  return fallback_;
}

std::string AllowHeader(const Route& route) {
  std::string allow;
  for (const Method method : route.methods) {
    allow.append(MethodName(method)).append(", ");
    if (method == Method::kGet) allow.append("HEAD, ");
  }
  return allow + "OPTIONS";
}

HttpResponse ErrorResponse(std::string_view path, int status, std::string_view error_type,
                           std::string_view message) {
  HttpResponse response;
  response.status = status;
  if (!path.starts_with("/api/")) {
    response.content_type = "text/plain; charset=utf-8";
    response.body = fmt::format("{}\n", message);
    return response;
  }
  response.content_type = "application/json";
  response.body = fmt::format(R"({{"status":"error","errorType":"{}","error":")", error_type);
  AppendEscaped(message, &response.body);
  response.body += "\"}";
  return response;
}

}  // namespace firn::server
