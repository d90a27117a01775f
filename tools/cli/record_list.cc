#include "tools/cli/record_list.h"

#include "base/check.h"
#include "server/codec/json.h"
#include "tools/cli/table.h"

namespace firn::tools {

std::string RecordValue::JsonText(std::string_view text) {
  std::string out;
  server::AppendJsonString(text, server::JsonText::kPlain, &out);
  return out;
}

void RecordList::Add(std::vector<RecordValue> values) {
  FIRN_CHECK(values.size() == names_.size());
  records_.push_back(std::move(values));
}

std::string RecordList::Json() const {
  std::string out = "[";
  for (const auto& record : records_) {
    out += out.size() > 1 ? ",{" : "{";
    for (size_t i = 0; i < names_.size(); ++i) {
      if (i > 0) out.push_back(',');
      server::AppendJsonString(names_[i], server::JsonText::kPlain, &out);
      out.append(":").append(record[i].json);
    }
    out.push_back('}');
  }
  return out + "]\n";
}

std::string RecordList::Csv() const {
  std::string out;
  for (size_t i = 0; i < names_.size(); ++i) out += (i == 0 ? "" : ",") + CsvField(names_[i]);
  out.push_back('\n');
  for (const auto& record : records_) {
    for (size_t i = 0; i < names_.size(); ++i) {
      if (i > 0) out.push_back(',');
      out += CsvField(record[i].csv);
    }
    out.push_back('\n');
  }
  return out;
}

}  // namespace firn::tools
