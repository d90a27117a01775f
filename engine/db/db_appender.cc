#include "engine/db/db_appender.h"

namespace firn::engine {

Result<AppendCounts> DbAppender::Commit() {
  if (batch_.empty()) return AppendCounts{};
  std::vector<storage::SeriesRecord> definitions;
  definitions.reserve(batch_.undefined().size());
  for (const engine::Series* series : batch_.undefined()) {
    definitions.push_back({.number = series->ref(), .bytes = series->labels().packed()});
  }
  FIRN_ASSIGN_OR_RETURN(const uint64_t number,
                        store_->AppendJournal(batch_.EncodeEntry(), definitions));
  return batch_.Apply(number);
}

}  // namespace firn::engine
