#include "server/api/search/name_match.h"

#include <algorithm>

namespace firn::server {

namespace {

constexpr double kNoMatch = -1;

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

double Jaro(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return a == b ? 1 : 0;
  const size_t half = std::max(a.size(), b.size()) / 2;
  const size_t reach = half == 0 ? 0 : half - 1;
  std::vector<bool> used(b.size());
  std::string matched;  // Characters of `a` that were found, in order.
  for (size_t i = 0; i < a.size(); ++i) {
    const size_t first = i > reach ? i - reach : 0;
    const size_t last = std::min(b.size(), i + reach + 1);
    for (size_t j = first; j < last; ++j) {
      if (used[j] || a[i] != b[j]) continue;
      used[j] = true;
      matched.push_back(a[i]);
      break;
    }
  }
  if (matched.empty()) return 0;
  size_t transposed = 0;
  size_t next = 0;
  for (size_t j = 0; j < b.size(); ++j) {
    if (used[j]) transposed += b[j] != matched[next++] ? 1 : 0;
  }
  const auto m = static_cast<double>(matched.size());
  return (m / static_cast<double>(a.size()) + m / static_cast<double>(b.size()) +
          (m - static_cast<double>(transposed) / 2) / m) /
         3;
}

}  // namespace

double JaroWinkler(std::string_view a, std::string_view b) {
  constexpr size_t kPrefixMax = 4;
  constexpr double kPrefixWeight = 0.1;
  const double jaro = Jaro(a, b);
  size_t prefix = 0;
  const size_t end = std::min({a.size(), b.size(), kPrefixMax});
  while (prefix < end && a[prefix] == b[prefix]) ++prefix;
  return jaro + static_cast<double>(prefix) * kPrefixWeight * (1 - jaro);
}

double SubsequenceScore(std::string_view term, std::string_view name) {
  if (term.empty()) return 1;
  size_t first = 0;
  size_t at = 0;
  for (size_t i = 0; i < term.size(); ++i, ++at) {
    at = name.find(term[i], at);
    if (at == std::string_view::npos) return 0;
    if (i == 0) first = at;
  }
  const auto length = static_cast<double>(term.size());
  const double density = length / static_cast<double>(at - first);
  const double coverage = length / static_cast<double>(name.size());
  return (density + coverage) / 2;
}

NameMatcher::NameMatcher(std::vector<std::string> terms, FuzzyAlgorithm algorithm, double threshold,
                         bool case_sensitive)
    : terms_(std::move(terms)),
      algorithm_(algorithm),
      threshold_(threshold),
      case_sensitive_(case_sensitive) {
  if (!case_sensitive_) {
    for (std::string& term : terms_) term = Lower(term);
  }
}

double NameMatcher::Score(std::string_view name) const {
  if (terms_.empty()) return 1;
  const std::string lower = case_sensitive_ ? std::string() : Lower(name);
  double best = kNoMatch;
  for (const std::string& term : terms_) {
    best = std::max(best, ScoreOf(term, case_sensitive_ ? name : lower));
  }
  return best;
}

double NameMatcher::ScoreOf(std::string_view term, std::string_view name) const {
  const double score = algorithm_ == FuzzyAlgorithm::kJaroWinkler ? JaroWinkler(term, name)
                                                                  : SubsequenceScore(term, name);
  // A name that contains the term fits whatever the algorithm makes of the rest of it.
  if (name.find(term) != std::string_view::npos) return std::max(score, threshold_);
  return threshold_ > 0 && score >= threshold_ ? score : kNoMatch;
}

}  // namespace firn::server
