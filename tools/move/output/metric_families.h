// Which families of OpenMetrics the exported metrics make.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "server/codec/text/exposition_writer.h"
#include "server/codec/write_visitor.h"

namespace firn::tools {

// Stored are metrics, one after the other; OpenMetrics knows families, each of one type, whose
// names must not be those of others. Types that would need another name or another order of samples
// become `unknown`, which is valid for all: above all the parts of classic histograms and
// summaries, which a family holds moment by moment. One thread at a time.
class MetricFamilies {
 public:
  // All of it before the first call of Of().
  void AddMetadata(const server::WriteMetadata& metadata);
  void AddMetric(std::string_view metric) { metrics_.emplace(metric); }

  // Of one of the metrics. `custom_buckets`: its samples are written as classic histograms. Valid
  // as long as this and `metric`.
  server::FamilyText Of(std::string_view metric, bool custom_buckets) const;

 private:
  struct Metadata {
    std::string type;
    std::string help;
    std::string unit;
  };

  // What is known of a metric or, under the name of its family, of what `suffix` is added to.
  const Metadata* Find(std::string_view metric, std::string_view suffix) const;
  bool IsMetric(std::string_view family, std::string_view suffix) const;

  std::map<std::string, Metadata, std::less<>> metadata_;
  std::set<std::string, std::less<>> metrics_;
};

}  // namespace firn::tools
