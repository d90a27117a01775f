#include "engine/db/integrity/record_check.h"

#include <algorithm>
#include <optional>
#include <string>

#include <absl/container/flat_hash_set.h>

#include "base/bytes.h"
#include "base/labels.h"
#include "engine/db/exemplar_buffer.h"
#include "engine/db/integrity/entry_check.h"

namespace firn::engine {
namespace {

using storage::RecordGap;
using storage::RecordKind;
using storage::StoreReader;

uint64_t NumberOf(std::string_view key) {
  ByteReader in(key);
  return in.BigEndian64();
}

class Checker {
 public:
  Checker(const StoreReader& reader, const RecordSink& sink, StoreHealth* health)
      : reader_(reader), sink_(sink), health_(*health), entries_(reader.first_journal_number()) {}

  Status Run() {
    FIRN_RETURN_IF_ERROR(CheckSeries());
    FIRN_RETURN_IF_ERROR(CheckJournal());
    FIRN_RETURN_IF_ERROR(Scan(RecordKind::kExemplars, "exemplar", [&](std::string_view value) {
      ++health_.exemplars;
      return DecodeExemplar(value).status();
    }));
    return Scan(RecordKind::kMetadata, "metadata", [&](std::string_view) {
      ++health_.metadata;
      return OkStatus();
    });
  }

 private:
  Status Pass(RecordKind kind, std::string_view key, std::string_view value) {
    return sink_ ? sink_(kind, key, value) : OkStatus();
  }

  template <typename Check>
  Status Scan(RecordKind kind, std::string_view name, const Check& check) {
    return reader_.Scan(
        kind,
        [&](std::string_view key, std::string_view value) -> Status {
          if (const Status status = check(value); !status.ok()) {
            health_.damage.push_back(
                fmt::format("{} {}: {}", name, QuoteGo(std::string(key)), status.message()));
            return OkStatus();
          }
          return Pass(kind, key, value);
        },
        [&](const RecordGap& gap) {
          health_.damage.push_back(fmt::format("{} records from {} to {}: {}", name,
                                               QuoteGo(gap.first), QuoteGo(gap.last), gap.error));
          return OkStatus();
        });
  }

  static std::string Numbers(const RecordGap& gap) {
    if (gap.last.empty()) return fmt::format("from {} on", NumberOf(gap.first));
    return fmt::format("from {} to {}", NumberOf(gap.first), NumberOf(gap.last) - 1);
  }

  Status CheckSeries() {
    return reader_.Scan(
        RecordKind::kSeries,
        [&](std::string_view key, std::string_view value) -> Status {
          const uint64_t number = NumberOf(key);
          const Result<Labels> labels = Labels::FromPacked(value);
          if (key.size() != sizeof(number) || !labels.ok()) {
            health_.damage.push_back(fmt::format(
                "series {}: {}", number,
                labels.ok() ? std::string_view("malformed key") : labels.status().message()));
            return OkStatus();
          }
          ++health_.series_definitions;
          known_.insert(number);
          return Pass(RecordKind::kSeries, key, value);
        },
        [&](const RecordGap& gap) {
          health_.damage.push_back(
              fmt::format("series definitions {}: {}", Numbers(gap), gap.error));
          return OkStatus();
        });
  }

  // A gap is told with the times around it, once they are known.
  void TellGap(TimestampMs until) {
    if (!gap_) return;
    const std::string from =
        newest_ == kMinTimestamp ? std::string("the beginning") : UtcText(newest_);
    const std::string to = until == kMaxTimestamp ? std::string("the end") : UtcText(until);
    health_.damage.push_back(
        fmt::format("journal: {}; what was written about {} to {} and is in no window is lost",
                    *gap_, from, to));
    gap_.reset();
  }

  Status CheckEntry(std::string_view key, std::string_view value) {
    const uint64_t number = NumberOf(key);
    EntrySurvey survey(known_, entries_);
    const Status read = ReadJournalEntry(value, &survey);
    if (!read.ok()) {
      gap_ = fmt::format("entry {}: {}", number, read.message());
      return OkStatus();
    }
    // Without damage a missing number is a write that failed, and was not acknowledged.
    if (reader_.log_damaged() && next_ != 0 && number > next_ && !gap_) {
      gap_ = fmt::format("entries from {} to {} are missing", next_, number - 1);
    }
    next_ = number + 1;
    entries_.Add(number);
    TellGap(survey.range.min);
    newest_ = std::max(newest_, survey.range.max);
    ++health_.journal_entries;
    health_.journal_samples += survey.samples;
    orphans_ += survey.orphans;
    if (survey.baseless == 0) return Pass(RecordKind::kJournal, key, value);
    baseless_ += survey.baseless;
    baseless_range_ = {std::min(baseless_range_.min, survey.baseless_range.min),
                       std::max(baseless_range_.max, survey.baseless_range.max)};
    return Pass(RecordKind::kJournal, key, WithoutBaseless(value, entries_));
  }

  Status CheckJournal() {
    FIRN_RETURN_IF_ERROR(reader_.Scan(
        RecordKind::kJournal,
        [&](std::string_view key, std::string_view value) { return CheckEntry(key, value); },
        [&](const RecordGap& gap) {
          gap_ = fmt::format("entries {}: {}", Numbers(gap), gap.error);
          return OkStatus();
        }));
    TellGap(kMaxTimestamp);
    if (orphans_ > 0) {
      health_.damage.push_back(
          fmt::format("journal: {} samples belong to series without a definition", orphans_));
    }
    if (baseless_ > 0) {
      health_.damage.push_back(
          fmt::format("journal: {} samples of {} to {} are differences to values of entries that "
                      "are lost; what of them is in no window is lost too",
                      baseless_, UtcText(baseless_range_.min), UtcText(baseless_range_.max)));
    }
    return OkStatus();
  }

  const StoreReader& reader_;
  const RecordSink& sink_;
  StoreHealth& health_;
  absl::flat_hash_set<uint64_t> known_;
  UsableEntries entries_;
  std::optional<std::string> gap_;
  uint64_t next_ = 0;
  uint64_t orphans_ = 0;
  uint64_t baseless_ = 0;
  TimeRange baseless_range_{kMaxTimestamp, kMinTimestamp};
  TimestampMs newest_ = kMinTimestamp;
};

}  // namespace

Status CheckRecords(const StoreReader& reader, const RecordSink& sink, StoreHealth* health) {
  return Checker(reader, sink, health).Run();
}

}  // namespace firn::engine
