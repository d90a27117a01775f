#include "engine/tier/merge/tombstone.h"

#include "base/bytes.h"

namespace firn::engine {
namespace {

constexpr uint8_t kVersion = 1;
constexpr size_t kMatcherBytesMin = 3;

}  // namespace

std::string TombstoneKey(uint64_t number) {
  std::string key(kTombstonePrefix);
  AppendBigEndian64(number, &key);
  return key;
}

std::string EncodeTombstone(const Tombstone& tombstone) {
  std::string out;
  AppendFixed(kVersion, &out);
  AppendVarint(tombstone.number, &out);
  AppendFixed(tombstone.range.min, &out);
  AppendFixed(tombstone.range.max, &out);
  AppendVarint(tombstone.matchers.size(), &out);
  for (const Matcher& matcher : tombstone.matchers) {
    AppendFixed(static_cast<uint8_t>(matcher.type()), &out);
    AppendLengthPrefixed(matcher.name(), &out);
    AppendLengthPrefixed(matcher.value(), &out);
  }
  return out;
}

Result<Tombstone> DecodeTombstone(std::string_view bytes) {
  ByteReader in(bytes);
  const auto version = in.Fixed<uint8_t>();
  if (version != kVersion) {
    return Corruption("tombstone of version {}, known is {}", version, kVersion);
  }
  Tombstone tombstone;
  tombstone.number = in.Varint();
  tombstone.range.min = in.Fixed<TimestampMs>();
  tombstone.range.max = in.Fixed<TimestampMs>();
  const uint64_t matchers = in.Varint();
  const bool plausible = matchers > 0 && matchers <= in.remaining() / kMatcherBytesMin;
  for (uint64_t i = 0; plausible && i < matchers; ++i) {
    const auto type = in.Fixed<uint8_t>();
    const std::string name(in.LengthPrefixed());
    const std::string value(in.LengthPrefixed());
    if (!in.ok() || type > static_cast<uint8_t>(MatchType::kNotRegex)) break;
    Result<Matcher> matcher = Matcher::Create(static_cast<MatchType>(type), name, value);
    if (!matcher.ok()) return Corruption("tombstone: {}", matcher.status().message());
    tombstone.matchers.push_back(*std::move(matcher));
  }
  if (!in.ok() || !in.AtEnd() || !plausible || tombstone.matchers.size() != matchers) {
    return Corruption("tombstone of {} bytes", bytes.size());
  }
  return tombstone;
}

}  // namespace firn::engine
