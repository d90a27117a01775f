// Finds the way past damaged blocks of a column family.
#pragma once

#include <optional>
#include <string>

#include "storage/kv/rescue/store_reader.h"
#include "storage/kv/writer.h"

namespace firn::storage {

// As ScanFamily from `first` to the end, but goes on behind what cannot be read.
Status ScanReadable(const OpenDb& db, Family family, std::string_view first,
                    const KeyValueVisitor& visit, const StoreReader::GapVisitor& on_gap);

}  // namespace firn::storage
