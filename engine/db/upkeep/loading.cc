#include <array>

#include "engine/db/impl.h"
#include "storage/page/window_writer.h"

namespace firn::engine {
namespace {

bool EndsAt(const std::vector<TimestampMs>& t, TimestampMs end) {
  return !t.empty() && t.back() == end;
}

}  // namespace

Status Database::Impl::AddWindow(TimestampMs start, TimestampMs end,
                                 const std::function<Status(const AddSeries& add)>& fill) {
  if (start >= end) return InvalidArgument("the window ends at {}, before it begins", end);
  WindowRecord record;
  {
    MutexLock lock(&sealing_mutex_);
    record.id = {.tier = 0, .start = start, .end = end, .generation = next_generation_++};
    record.order = record.id.generation;
    record.tombstones = last_tombstone_;
  }
  FIRN_ASSIGN_OR_RETURN(auto batch, store_->NewPageBatch());
  {
    storage::WindowWriter writer(record.id, batch.get());
    FIRN_RETURN_IF_ERROR(fill([&](const Labels& labels, const SampleColumns& samples) -> Status {
      // The writer takes the end as well, which is where buckets may lie.
      if (EndsAt(samples.t, end) || EndsAt(samples.ht, end)) {
        return InvalidArgument("times outside of the window");
      }
      return writer.Add(labels, {.t = samples.t, .v = samples.v, .ht = samples.ht, .h = samples.h});
    }));
    FIRN_ASSIGN_OR_RETURN(record.summary, writer.Finish());
  }
  if (record.summary.series == 0) return OkStatus();
  record.disk_bytes = batch->bytes();
  MutexLock lock(&sealing_mutex_);
  const std::array changes = {storage::CatalogChange{.key = WindowRecordKey(record.id),
                                                     .value = EncodeWindowRecord(record)}};
  FIRN_RETURN_IF_ERROR(store_->Publish(std::move(batch), changes, {}));
  FIRN_ASSIGN_OR_RETURN(auto reader, OpenPages(record.id));
  Version next = *versions_.Current();
  head_.NoteMaxTime(record.summary.max_t);
  next.windows.push_back({std::move(record), std::move(reader), nullptr});
  InstallWindows(std::move(next));
  return OkStatus();
}

}  // namespace firn::engine
