// How well a name fits what somebody typed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace firn::server {

enum class FuzzyAlgorithm : uint8_t { kSubsequence, kJaroWinkler };

// Similarity of two texts by Jaro and Winkler, 0 to 1: matching characters that are not far
// apart, less their transpositions, more for a common beginning.
double JaroWinkler(std::string_view a, std::string_view b);
// 0 unless the characters of `term` occur in `name` in their order; else up to 1, the closer
// together and the more of the name they are.
double SubsequenceScore(std::string_view term, std::string_view name);

// Immutable.
class NameMatcher {
 public:
  // Without terms every name fits. `threshold` 0 to 1; 0: only names that contain a term fit.
  NameMatcher(std::vector<std::string> terms, FuzzyAlgorithm algorithm, double threshold,
              bool case_sensitive);

  // Of the term that fits best, 0 to 1; negative if none does.
  double Score(std::string_view name) const;

 private:
  double ScoreOf(std::string_view term, std::string_view name) const;

  std::vector<std::string> terms_;
  const FuzzyAlgorithm algorithm_;
  const double threshold_;
  const bool case_sensitive_;
};

}  // namespace firn::server
