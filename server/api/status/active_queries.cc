#include "server/api/status/active_queries.h"

namespace firn::server {

ActiveQueries::Entry ActiveQueries::Add(ActiveQuery query, std::atomic<bool>* cancelled) {
  MutexLock lock(&mutex_);
  const uint64_t id = ++last_id_;
  query.id = id;
  running_.emplace(id, Running{std::move(query), cancelled});
  return Entry(this, id);
}

std::vector<ActiveQuery> ActiveQueries::List() const {
  MutexLock lock(&mutex_);
  std::vector<ActiveQuery> out;
  out.reserve(running_.size());
  for (const auto& [id, running] : running_) out.push_back(running.query);
  return out;
}

bool ActiveQueries::Cancel(uint64_t id) {
  MutexLock lock(&mutex_);
  const auto it = running_.find(id);
  if (it == running_.end()) return false;
  it->second.cancelled->store(true, std::memory_order_relaxed);
  return true;
}

void ActiveQueries::Remove(uint64_t id) {
  MutexLock lock(&mutex_);
  running_.erase(id);
}

}  // namespace firn::server
