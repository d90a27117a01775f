#include "engine/db/exemplar_buffer.h"

#include <algorithm>
#include <bit>

#include "base/bytes.h"

namespace firn::engine {
namespace {

constexpr uint8_t kRecordVersion = 1;

size_t Runes(const Labels& labels) {
  size_t runes = 0;
  const auto is_first_byte = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; };
  for (const LabelView label : labels) {
    runes +=
        static_cast<size_t>(std::count_if(label.name.begin(), label.name.end(), is_first_byte) +
                            std::count_if(label.value.begin(), label.value.end(), is_first_byte));
  }
  return runes;
}

Status CheckForm(const NewExemplar& added) {
  if (added.series.metric_name().empty()) {
    return InvalidArgument("exemplar of a series without metric name");
  }
  for (const Labels* labels : {&added.series, &added.exemplar.labels}) {
    for (const LabelView label : *labels) {
      if (!IsValidUtf8(label.name) || !IsValidUtf8(label.value)) {
        return InvalidArgument("label {} of an exemplar is not valid UTF-8", QuoteGo(label.name));
      }
    }
  }
  if (const size_t runes = Runes(added.exemplar.labels); runes > kExemplarRunesMax) {
    return InvalidArgument("label length for exemplar is {} characters, the maximum is {}", runes,
                           kExemplarRunesMax);
  }
  return OkStatus();
}

bool SameExemplar(const Exemplar& a, const Exemplar& b) {
  return a.t == b.t && std::bit_cast<uint64_t>(a.v) == std::bit_cast<uint64_t>(b.v) &&
         a.labels == b.labels;
}

}  // namespace

std::string EncodeExemplar(const NewExemplar& added) {
  std::string bytes(1, kRecordVersion);
  AppendLengthPrefixed(added.series.packed(), &bytes);
  AppendLengthPrefixed(added.exemplar.labels.packed(), &bytes);
  AppendSignedVarint(added.exemplar.t, &bytes);
  AppendFixed(added.exemplar.v, &bytes);
  return bytes;
}

Result<NewExemplar> DecodeExemplar(std::string_view bytes) {
  ByteReader in(bytes);
  if (const auto version = in.Fixed<uint8_t>(); version != kRecordVersion) {
    return Corruption("exemplar record of version {}", version);
  }
  const std::string_view series = in.LengthPrefixed();
  const std::string_view labels = in.LengthPrefixed();
  NewExemplar out;
  out.exemplar.t = in.SignedVarint();
  out.exemplar.v = in.Fixed<double>();
  if (!in.ok() || !in.AtEnd()) return Corruption("exemplar record of {} bytes", bytes.size());
  auto series_labels = Labels::FromPacked(series);
  auto own_labels = Labels::FromPacked(labels);
  if (!series_labels.ok() || !own_labels.ok()) return Corruption("labels of an exemplar record");
  out.series = *std::move(series_labels);
  out.exemplar.labels = *std::move(own_labels);
  return out;
}

class ExemplarBuffer::Admission {
 public:
  explicit Admission(const ExemplarBuffer* buffer) : buffer_(*buffer) {}

  // OK and `*fresh` if it is to be stored; OK alone if it is known already.
  // REQUIRES: the buffer is locked, which analysis cannot know by this name.
  Status Check(const NewExemplar& added, bool* fresh) ABSL_NO_THREAD_SAFETY_ANALYSIS {
    *fresh = false;
    FIRN_RETURN_IF_ERROR(CheckForm(added));
    auto [it, is_new] = newest_.try_emplace(added.series.packed(), nullptr);
    if (is_new) it->second = buffer_.Newest(added.series);
    const Exemplar& exemplar = added.exemplar;
    if (const Exemplar* newest = it->second; newest != nullptr) {
      if (SameExemplar(*newest, exemplar)) return OkStatus();
      if (exemplar.t < newest->t || (exemplar.t == newest->t && exemplar.v < newest->v)) {
        return OutOfOrder("out of order exemplar");
      }
    }
    it->second = &exemplar;
    *fresh = true;
    return OkStatus();
  }

 private:
  const ExemplarBuffer& buffer_;
  absl::flat_hash_map<std::string_view, const Exemplar*> newest_;
};

Status ExemplarBuffer::Restore() {
  std::vector<uint64_t> surplus;
  {
    WriterLock lock(&mutex_);
    FIRN_RETURN_IF_ERROR(store_->ScanExemplars(
        [&](uint64_t number, std::string_view bytes)
            ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) -> Status {
              auto record = DecodeExemplar(bytes);
              if (!record.ok()) {
                return record.status().WithContext(fmt::format("exemplar {}", number));
              }
              Insert(number, record->series, std::move(record->exemplar));
              next_number_ = number + 1;
              return OkStatus();
            }));
    // The limit may have been lowered.
    while (order_.size() > exemplars_max_) surplus.push_back(DropOldest());
  }
  return surplus.empty() ? OkStatus() : store_->ChangeExemplars({}, surplus);
}

Result<std::vector<Status>> ExemplarBuffer::Append(std::span<const NewExemplar> batch) {
  if (exemplars_max_ == 0) {
    return std::vector<Status>(batch.size(), ResourceExhausted("no exemplars are kept"));
  }
  std::vector<Status> statuses(batch.size());
  std::vector<const NewExemplar*> fresh;
  MutexLock append_lock(&append_mutex_);
  std::vector<uint64_t> surplus;
  uint64_t number = 0;
  {
    ReaderLock lock(&mutex_);
    Admission admission(this);
    for (size_t i = 0; i < batch.size(); ++i) {
      bool is_fresh = false;
      statuses[i] = admission.Check(batch[i], &is_fresh);
      if (is_fresh) fresh.push_back(&batch[i]);
    }
    // Of a batch larger than the buffer, the end.
    if (fresh.size() > exemplars_max_) {
      fresh.erase(fresh.begin(), fresh.end() - static_cast<ptrdiff_t>(exemplars_max_));
    }
    for (size_t i = 0; i < order_.size() && order_.size() - i + fresh.size() > exemplars_max_;
         ++i) {
      surplus.push_back(order_[i].number);
    }
    number = next_number_;
  }
  if (!fresh.empty()) FIRN_RETURN_IF_ERROR(Write(fresh, number, surplus));
  WriterLock lock(&mutex_);
  for (const Status& status : statuses) {
    out_of_order_ += status.code() == StatusCode::kOutOfOrder ? 1 : 0;
  }
  for (size_t i = 0; i < surplus.size(); ++i) DropOldest();
  for (const NewExemplar* added : fresh) {
    Insert(next_number_++, added->series, added->exemplar);
  }
  appended_ += fresh.size();
  return statuses;
}

Status ExemplarBuffer::Write(const std::vector<const NewExemplar*>& fresh, uint64_t number,
                             std::span<const uint64_t> surplus) {
  std::vector<std::string> values;
  values.reserve(fresh.size());
  for (const NewExemplar* added : fresh) values.push_back(EncodeExemplar(*added));
  std::vector<storage::NumberedRecord> records;
  records.reserve(values.size());
  for (const std::string& value : values) records.push_back({number++, value});
  return store_->ChangeExemplars(records, surplus);
}

const Exemplar* ExemplarBuffer::Newest(const Labels& series) const {
  const auto it = by_labels_.find(series.packed());
  return it == by_labels_.end() ? nullptr : &it->second->exemplars.back();
}

void ExemplarBuffer::Insert(uint64_t number, const Labels& labels, Exemplar exemplar) {
  auto it = by_labels_.find(labels.packed());
  if (it == by_labels_.end()) {
    auto added = std::make_unique<Series>(Series{labels, {}});
    const std::string_view key = added->labels.packed();
    it = by_labels_.emplace(key, std::move(added)).first;
  }
  it->second->exemplars.push_back(std::move(exemplar));
  order_.push_back({it->second.get(), number});
}

uint64_t ExemplarBuffer::DropOldest() {
  const Place oldest = order_.front();
  order_.pop_front();
  oldest.series->exemplars.pop_front();
  if (oldest.series->exemplars.empty()) by_labels_.erase(oldest.series->labels.packed());
  return oldest.number;
}

std::vector<SeriesExemplars> ExemplarBuffer::Select(const TimeRange& range,
                                                    const std::vector<Matchers>& selectors) const {
  std::vector<SeriesExemplars> found;
  ReaderLock lock(&mutex_);
  for (const auto& [packed, series] : by_labels_) {
    const Labels& labels = series->labels;
    if (std::none_of(selectors.begin(), selectors.end(),
                     [&](const Matchers& m) { return MatchesAll(m, labels); })) {
      continue;
    }
    SeriesExemplars one;
    for (const Exemplar& exemplar : series->exemplars) {
      if (range.Contains(exemplar.t)) one.exemplars.push_back(exemplar);
    }
    if (one.exemplars.empty()) continue;
    one.series = labels;
    found.push_back(std::move(one));
  }
  std::sort(found.begin(), found.end(),
            [](const SeriesExemplars& a, const SeriesExemplars& b) { return a.series < b.series; });
  return found;
}

ExemplarFigures ExemplarBuffer::figures() const {
  ReaderLock lock(&mutex_);
  return {order_.size(), by_labels_.size(), appended_, out_of_order_};
}

}  // namespace firn::engine
