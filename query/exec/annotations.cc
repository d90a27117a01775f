#include "query/exec/annotations.h"

#include <algorithm>
#include <ctime>

#include "base/labels.h"
#include "base/number.h"

namespace firn::query {
namespace {

std::string Rfc3339(TimestampMs t) {
  const TimestampMs floored = FloorTo(t, kSecondMs);
  const std::time_t seconds = floored / kSecondMs;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::string out =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", parts.tm_year + 1900, parts.tm_mon + 1,
                  parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
  return out + "Z";
}

std::string FixText(const MonotonicityFix& fix) {
  return fmt::format(
      "input to histogram_quantile needed to be fixed for monotonicity (see "
      "https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile){}, "
      "from buckets {} to {}, with a max diff of {:.2g}, over {} samples from {} to {}",
      ForMetric(fix.metric), FormatFloatG(fix.bucket_min), FormatFloatG(fix.bucket_max),
      fix.diff_max, fix.samples, Rfc3339(fix.t_min), Rfc3339(fix.t_max));
}

}  // namespace

std::string ForMetric(std::string_view metric) {
  return metric.empty() ? std::string() : " for metric name " + QuoteGo(metric);
}

std::string LineAndColumn(std::string_view query, int32_t offset) {
  const auto end = std::min<size_t>(query.size(), offset < 0 ? 0 : static_cast<size_t>(offset));
  const std::string_view before = query.substr(0, end);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const size_t newline = before.rfind('\n');
  const size_t column = newline == std::string_view::npos ? end + 1 : end - newline;
  return fmt::format("{}:{}", line, column);
}

void Annotations::Add(int kind, const PosRange& pos, std::string text) {
  MutexLock lock(&mutex_);
  const auto [it, fresh] = texts_[kind].try_emplace(std::move(text), pos);
  if (!fresh && pos.start < it->second.start) it->second = pos;
}

void Annotations::AddFix(const PosRange& pos, const MonotonicityFix& fix) {
  MutexLock lock(&mutex_);
  const auto [it, fresh] = fixes_.try_emplace(fix.metric, pos, fix);
  if (fresh) return;
  auto& [at, all] = it->second;
  if (pos.start < at.start) at = pos;
  all.bucket_min = std::min(all.bucket_min, fix.bucket_min);
  all.bucket_max = std::max(all.bucket_max, fix.bucket_max);
  all.diff_max = std::max(all.diff_max, fix.diff_max);
  all.samples += fix.samples;
  all.t_min = std::min(all.t_min, fix.t_min);
  all.t_max = std::max(all.t_max, fix.t_max);
}

std::vector<std::string> Annotations::Texts(int kind, std::string_view query) const {
  MutexLock lock(&mutex_);
  std::vector<std::pair<int32_t, std::string>> found;
  for (const auto& [text, pos] : texts_[kind]) {
    found.emplace_back(pos.start, fmt::format("PromQL {}: {} ({})", kind == 0 ? "warning" : "info",
                                              text, LineAndColumn(query, pos.start)));
  }
  if (kind == 1) {
    for (const auto& [metric, at] : fixes_) {
      found.emplace_back(at.first.start, fmt::format("PromQL info: {} ({})", FixText(at.second),
                                                     LineAndColumn(query, at.first.start)));
    }
  }
  std::ranges::sort(found);
  std::vector<std::string> out;
  for (auto& [pos, text] : found) out.push_back(std::move(text));
  return out;
}

std::vector<std::string> Annotations::Infos(std::string_view query) const {
  return Texts(1, query);
}

}  // namespace firn::query
