#include "base/regex/regex_cache.h"

#include <re2/re2.h>

namespace firn {
namespace {

constexpr int64_t kMemoryMax = 8 << 20;
// While it is used an expression takes more and more memory up to its limit, so a kept one has a
// lower limit.
constexpr int64_t kKeptMemoryMax = 1 << 20;
constexpr size_t kKeptMost = 32;
constexpr size_t kKeptTextMax = 256;

std::shared_ptr<const re2::RE2> Compile(std::string_view pattern, int64_t memory_max) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(memory_max);
  return std::make_shared<const re2::RE2>(re2::StringPiece(pattern.data(), pattern.size()),
                                          options);
}

}  // namespace

RegexCache& RegexCache::Shared() {
  static RegexCache cache;
  return cache;
}

RegexCache::RegexCache() : recent_(kKeptMost, kKeptMost * kKeptTextMax) {}

std::shared_ptr<const re2::RE2> RegexCache::Get(std::string_view pattern) {
  if (pattern.size() > kKeptTextMax) return Compile(pattern, kMemoryMax);
  if (auto kept = recent_.Find(pattern)) return kept;
  auto regex = Compile(pattern, kKeptMemoryMax);
  if (!regex->ok()) return Compile(pattern, kMemoryMax);
  recent_.Keep(pattern, regex);
  return regex;
}

}  // namespace firn
