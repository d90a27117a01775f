// Checks the records of a directory that are not in windows: series, journal, exemplars, metadata.
#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "engine/db/integrity/health.h"
#include "storage/kv/rescue/store_reader.h"

namespace firn::engine {

// Gets each record that can be read and decoded; null for none.
using RecordSink =
    std::function<Status(storage::RecordKind kind, std::string_view key, std::string_view value)>;

// Enters figures and damage into `health`. Errors of the reader other than damage, and of `sink`.
Status CheckRecords(const storage::StoreReader& reader, const RecordSink& sink,
                    StoreHealth* health);

}  // namespace firn::engine
