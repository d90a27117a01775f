// The data directory of a Prometheus server: its blocks, then the write-ahead log of its head.
#pragma once

#include <memory>
#include <string>

#include "tools/move/selection.h"
#include "tools/move/source/import_source.h"

namespace firn::tools {

struct PrometheusSourceOptions {
  std::string path;
  Selection selection;
};

// NotFound if there is neither a block nor a log. Damage in the middle is told to the visitor as
// series that cannot be read; that of the log's end is what every crash leaves. Borrows `visitor`.
Result<std::unique_ptr<ImportSource>> OpenPrometheusSource(const PrometheusSourceOptions& options,
                                                           server::WriteVisitor* visitor);

}  // namespace firn::tools
