// Makes windows of tiers from windows of raw samples.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "engine/tier/merge/sample_filter.h"
#include "engine/tier/tier_record.h"
#include "storage/kv/store.h"
#include "storage/page/window_reader.h"

namespace firn::engine {

// Whether a metric is a counter, as far as its metadata say.
using CounterLookup = std::function<std::optional<bool>(std::string_view metric)>;

struct TierInput {
  TierSource source;
  std::shared_ptr<const storage::WindowReader> reader;
  std::shared_ptr<const SampleFilter> filter;  // Null: nothing is hidden.
};

struct BuiltTier {
  TierRecord record;
  std::unique_ptr<storage::PageBatch> pages;  // To be published with the record.
};

// One window per target, in their order; targets say id and resolution. All are made in one
// pass over the samples; of a resolution that is a multiple of the one before it from that
// one's buckets. Sums are not kept of counters. Nothing is visible until it is published.
// Cancelled soon after `stop` turns true, else errors of readers and store.
// REQUIRES: inputs in the order in which their samples take precedence.
Result<std::vector<BuiltTier>> BuildTierWindows(std::span<const TierInput> inputs,
                                                std::span<const TierRecord> targets,
                                                const CounterLookup& is_counter,
                                                const std::atomic<bool>& stop,
                                                storage::Store* store);

}  // namespace firn::engine
