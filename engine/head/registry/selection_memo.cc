#include "engine/head/registry/selection_memo.h"

#include <utility>

#include "base/check.h"
#include "base/hash.h"

namespace firn::engine {
namespace {

storage::DecodedCache::Key KeyFor(const SelectionMemo::Question& question) {
  return {question.version, Xxh3(question.key)};
}

}  // namespace

std::shared_ptr<const SelectionMemo::Numbers> SelectionMemo::Find(const Question& question) {
  const auto answer = cache_.Get<Answer>(KeyFor(question));
  if (answer == nullptr || answer->question.key != question.key) return nullptr;
  return {answer, &answer->found};
}

void SelectionMemo::Keep(Question question, Numbers found) {
  FIRN_DCHECK(found.size() <= kSeriesMax);
  const storage::DecodedCache::Key key = KeyFor(question);
  const uint64_t bytes =
      sizeof(Answer) + question.key.capacity() + found.capacity() * sizeof(uint32_t);
  cache_.Put(key, std::make_shared<const Answer>(Answer{std::move(question), std::move(found)}),
             bytes);
}

}  // namespace firn::engine
