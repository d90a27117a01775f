#include "storage/kv/guard.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/check.h"
#include "base/hash.h"

namespace firn::storage {

namespace {

constexpr std::string_view kMagic = "FIRNGRD1";
constexpr size_t kChecksumBytes = 8;
constexpr size_t kVarintBytesMax = 10;
constexpr uint8_t kFlagClean = 1;
constexpr size_t kHashBlockBytes = 64 << 10;

uint64_t ChainHash(uint64_t chain, std::string_view block) {
  std::string input;
  AppendFixed<uint64_t>(chain, &input);
  AppendFixed<uint64_t>(block.size(), &input);
  AppendFixed<uint64_t>(Xxh3(block), &input);
  return Xxh3(input);
}

}  // namespace

std::string EncodeGuardSlot(const GuardState& state) {
  std::string out(kMagic);
  AppendFixed<uint64_t>(state.generation, &out);
  AppendFixed<uint64_t>(state.clean ? kFlagClean : 0, &out);
  AppendFixed<uint64_t>(state.sequence, &out);
  AppendFixed<uint64_t>(state.lost_total, &out);
  AppendFixed<uint64_t>(state.manifest_number, &out);
  AppendFixed<uint64_t>(state.manifest_bytes, &out);
  AppendFixed<uint64_t>(state.manifest_hash, &out);
  AppendFixed<uint64_t>(state.table_count, &out);

  std::string tables;
  uint64_t listed = 0;
  uint64_t previous = 0;
  const size_t room = kGuardSlotBytes - kChecksumBytes - out.size() - sizeof(uint64_t);
  for (const uint64_t table : state.tables) {
    if (tables.size() + kVarintBytesMax > room) break;
    FIRN_CHECK(table >= previous);
    AppendVarint(table - previous, &tables);
    previous = table;
    ++listed;
  }
  AppendFixed<uint64_t>(listed, &out);
  out += tables;
  out.resize(kGuardSlotBytes - kChecksumBytes, '\0');
  AppendFixed<uint64_t>(Xxh3(out), &out);
  return out;
}

Result<GuardState> DecodeGuardSlot(std::string_view slot) {
  if (slot.size() != kGuardSlotBytes) return Corruption("guard slot of {} bytes", slot.size());
  const std::string_view body = slot.substr(0, kGuardSlotBytes - kChecksumBytes);
  ByteReader checksum(slot.substr(body.size()));
  if (checksum.Fixed<uint64_t>() != Xxh3(body)) return Corruption("guard slot: bad checksum");
  ByteReader in(body);
  if (in.Bytes(kMagic.size()) != kMagic) return Corruption("guard slot: bad magic");
  GuardState state;
  state.generation = in.Fixed<uint64_t>();
  state.clean = (in.Fixed<uint64_t>() & kFlagClean) != 0;
  state.sequence = in.Fixed<uint64_t>();
  state.lost_total = in.Fixed<uint64_t>();
  state.manifest_number = in.Fixed<uint64_t>();
  state.manifest_bytes = in.Fixed<uint64_t>();
  state.manifest_hash = in.Fixed<uint64_t>();
  state.table_count = in.Fixed<uint64_t>();
  const auto listed = in.Fixed<uint64_t>();
  if (listed > state.table_count || listed > in.remaining()) {
    return Corruption("guard slot lists {} tables", listed);
  }
  uint64_t table = 0;
  for (uint64_t i = 0; i < listed; ++i) {
    table += in.Varint();
    state.tables.push_back(table);
  }
  if (!in.ok()) return Corruption("guard slot: table list cut short");
  return state;
}

Result<GuardState> DecodeGuardFile(std::string_view file) {
  std::optional<GuardState> newest;
  for (size_t i = 0; i < kGuardSlots && (i + 1) * kGuardSlotBytes <= file.size(); ++i) {
    Result<GuardState> slot = DecodeGuardSlot(file.substr(i * kGuardSlotBytes, kGuardSlotBytes));
    if (!slot.ok()) continue;  // A torn write leaves one bad slot behind.
    if (!newest || slot->generation > newest->generation) newest = *std::move(slot);
  }
  if (!newest) return Corruption("no valid slot in {} bytes", file.size());
  return *std::move(newest);
}

void PrefixHasher::Add(std::string_view bytes) {
  bytes_ += bytes.size();
  while (!bytes.empty()) {
    const size_t n = std::min(bytes.size(), kHashBlockBytes - partial_.size());
    partial_.append(bytes.substr(0, n));
    bytes.remove_prefix(n);
    if (partial_.size() == kHashBlockBytes) {
      chain_ = ChainHash(chain_, partial_);
      partial_.clear();
    }
  }
}

uint64_t PrefixHasher::Hash() const { return ChainHash(chain_, partial_); }

}  // namespace firn::storage
