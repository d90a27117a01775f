// Which handler answers which path and method.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/http/handler.h"
#include "server/http/secure/role.h"

namespace firn::server {

// Each class has threads of its own, so that one cannot starve another.
enum class WorkClass : uint8_t { kIngest, kQuery, kControl };
inline constexpr size_t kWorkClasses = 3;
std::string_view WorkClassName(WorkClass work);

struct Route {
  std::string pattern;          // "/api/v1/label/{name}/values"; {} matches one segment.
  std::vector<Method> methods;  // HEAD is allowed wherever GET is.
  WorkClass work = WorkClass::kControl;
  Role role = Role::kAdmin;  // What the sender must be allowed.
  size_t body_bytes_max = 1 << 20;
  // Whether a body whose Content-Type says form is one. Tools say so of any body.
  bool reads_form = true;
  std::unique_ptr<Handler> handler;

  bool Allows(Method method) const;
};

// Filled before the server starts, immutable after.
class Router {
 public:
  // REQUIRES: no route with the same pattern; the pattern begins with '/'.
  void Add(Route route);
  // The route of all paths that have none, for all of their methods; its pattern only names it.
  void SetFallback(Route route);
  // The route of a path, whatever the method; null if none. Fills `path_params`.
  const Route* Find(const std::vector<std::string>& segments,
                    std::vector<std::string>* path_params) const;
  const std::vector<std::unique_ptr<Route>>& routes() const { return routes_; }

 private:
  struct Entry {
    std::vector<std::string> parts;  // A part "" that stands for {} is marked below.
    std::vector<bool> is_param;
    const Route* route;
  };
  std::vector<std::unique_ptr<Route>> routes_;
  std::vector<Entry> entries_;
  const Route* fallback_ = nullptr;
};

// The value of the Allow header of a route.
std::string AllowHeader(const Route& route);

// `{"status":"error","errorType":...,"error":...}` for paths of the API, else plain text.
HttpResponse ErrorResponse(std::string_view path, int status, std::string_view error_type,
                           std::string_view message);

}  // namespace firn::server
