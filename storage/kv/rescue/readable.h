// Finds the way past damaged blocks of a column family.
#pragma once

#include <functional>
#include <string>

#include "storage/kv/rescue/store_reader.h"
#include "storage/kv/writer.h"

namespace firn::storage {

// As ScanFamily from `first` to the end, but goes on behind what cannot be read.
Status ScanReadable(const OpenDb& db, Family family, std::string_view first,
                    const KeyValueVisitor& visit, const StoreReader::GapVisitor& on_gap);

// Reads every block of every table file that `family` has in use. Files that go out of use
// meanwhile are left out.
Status CheckTables(const OpenDb& db, Family family,
                   const std::function<Status(const TableCheck& table)>& visit);

}  // namespace firn::storage
