#include "server/app/retention_rules.h"

#include "base/duration.h"
#include "base/labels.h"
#include "query/parser/parser.h"

namespace firn::server {
namespace {

constexpr std::string_view kBlank = " \t\r\n";

std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

// Where the first rule ends: at a separator outside of quotes.
size_t RuleEnd(std::string_view text) {
  char quote = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != 0) {
      if (c == '\\' && quote != '`') ++i;
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'' || c == '`') {
      quote = c;
    } else if (c == ';' || c == '\n') {
      return i;
    }
  }
  return text.size();
}

Result<engine::RetentionRule> ParseRule(std::string_view text) {
  const size_t blank = text.find_last_of(kBlank);
  if (blank == std::string_view::npos) {
    return InvalidArgument("rule {} is not a selector and a duration", QuoteGo(text));
  }
  Result<Matchers> matchers = query::ParseSelector(Trim(text.substr(0, blank)));
  Result<DurationMs> keep = ParseDuration(text.substr(blank + 1));
  for (const Status& status : {matchers.status(), keep.status()}) {
    if (!status.ok()) return InvalidArgument("rule {}: {}", QuoteGo(text), status.message());
  }
  return engine::RetentionRule{*std::move(matchers), *keep};
}

}  // namespace

Result<std::vector<engine::RetentionRule>> ParseRetentionRules(std::string_view text) {
  std::vector<engine::RetentionRule> rules;
  while (!text.empty()) {
    const size_t end = RuleEnd(text);
    const std::string_view rule = Trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (rule.empty()) continue;
    FIRN_ASSIGN_OR_RETURN(engine::RetentionRule parsed, ParseRule(rule));
    rules.push_back(std::move(parsed));
  }
  return rules;
}

}  // namespace firn::server
