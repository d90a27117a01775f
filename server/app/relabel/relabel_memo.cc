#include "server/app/relabel/relabel_memo.h"

#include <algorithm>

#include "base/hash.h"

namespace firn::server {

namespace {

void Pack(std::span<const LabelView> raw, std::string* out) {
  out->clear();
  for (const LabelView& label : raw) {
    AppendPackedString(label.name, out);
    AppendPackedString(label.value, out);
  }
}

// Compares without packing. Lengths are one byte or 0xFF and three bytes, as AppendPackedString
// writes them.
bool EqualsPacked(std::span<const LabelView> raw, std::string_view packed) {
  const auto take = [&packed](std::string_view text) {
    size_t head = 1;
    if (packed.empty()) return false;
    const auto* u = reinterpret_cast<const unsigned char*>(packed.data());
    size_t size = u[0];
    if (size == 255) {
      head = 4;
      size = u[1] | (size_t{u[2]} << 8) | (size_t{u[3]} << 16);
    }
    if (size != text.size() || packed.substr(head, size) != text) return false;
    packed.remove_prefix(head + size);
    return true;
  };
  for (const LabelView& label : raw) {
    if (!take(label.name) || !take(label.value)) return false;
  }
  return packed.empty();
}

}  // namespace

const RelabelMemo::Entry* RelabelMemo::Find(std::span<const LabelView> raw, const Entry* previous,
                                            std::string* scratch) {
  if (previous != nullptr) {
    const Entry* next = previous->next_.load(std::memory_order_acquire);
    if (next != nullptr && EqualsPacked(raw, next->raw_)) return next;
  }
  for (const LabelView& label : raw) {
    if (std::max(label.name.size(), label.value.size()) > kLabelStringBytesMax) return nullptr;
  }
  Pack(raw, scratch);
  const Key key{*scratch, Xxh3(*scratch)};
  Shard& shard = shards_[key.hash >> 60];
  const Entry* found = nullptr;
  {
    ReaderLock lock(&shard.mutex);
    const auto it = shard.set.find(key);
    if (it != shard.set.end()) found = *it;
  }
  if (found == nullptr) {
    Entry fresh;
    Fill(raw, &fresh);
    WriterLock lock(&shard.mutex);
    const auto it = shard.set.find(key);
    if (it != shard.set.end()) {
      found = *it;
    } else {
      Entry& kept = shard.entries.emplace_back();
      kept.raw_ = *scratch;
      kept.hash_ = key.hash;
      kept.outcome_ = fresh.outcome_;
      kept.labels_ = std::move(fresh.labels_);
      shard.set.insert(&kept);
      found = &kept;
      entries_.fetch_add(1, std::memory_order_relaxed);
      bytes_.fetch_add(
          sizeof(Entry) + 2 * sizeof(void*) + kept.raw_.size() + kept.labels_.packed().size(),
          std::memory_order_relaxed);
    }
  }
  if (previous != nullptr) previous->next_.store(found, std::memory_order_release);
  return found;
}

void RelabelMemo::Fill(std::span<const LabelView> raw, Entry* entry) const {
  LabelsBuilder builder;
  for (const LabelView& label : raw) {
    // Not a set of labels: the store is to see and refuse it as it is.
    if (!builder.Get(label.name).empty()) return;
    builder.Set(label.name, label.value);
  }
  const Labels before = builder.Build();
  if (!rules_.Apply(&builder)) {
    entry->outcome_ = Outcome::kDropped;
    return;
  }
  // Rules can join and repeat values. What no label can hold is left to the store's limits.
  if (builder.LongestString() > kLabelStringBytesMax) return;
  Labels after = builder.Build();
  if (after == before) return;
  entry->outcome_ = Outcome::kChanged;
  entry->labels_ = std::move(after);
}

}  // namespace firn::server
