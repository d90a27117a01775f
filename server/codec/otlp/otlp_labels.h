// The labels of series out of attributes. Internal to server/codec/otlp.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/labels.h"
#include "server/codec/otlp/otlp_model.h"
#include "server/codec/otlp/otlp_translate.h"

namespace firn::server {

// The labels that all series of a resource share. Borrows both.
class OtlpLabels {
 public:
  OtlpLabels(const OtlpOptions& options, const OtlpResource& resource);

  // Labels of the series of a point, without the metric name.
  std::map<std::string, std::string> ForPoint(const OtlpScope& scope,
                                              const OtlpAttributes& attributes) const;
  // Those of target_info; empty if it would tell nothing.
  std::map<std::string, std::string> ForTargetInfo() const;

 private:
  using LabelMap = std::map<std::string, std::string>;

  // Attributes under their label names; the values of those that get the same name are joined.
  LabelMap FromAttributes(const OtlpAttributes& attributes, bool skip_identifying) const;
  void AddScope(const OtlpScope& scope, LabelMap* labels) const;
  void AddTarget(LabelMap* labels) const;

  const OtlpOptions& options_;
  const OtlpResource& resource_;
  OtlpAttributes promoted_;
  std::string job_;
  std::string instance_;
};

}  // namespace firn::server
