#include <simdjson.h>

#include <charconv>
#include <map>

#include <fmt/core.h>

#include "base/number.h"
#include "server/codec/json.h"
#include "server/codec/otlp/otlp_decode.h"

namespace firn::server {

namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

Status Bad(std::string_view key, std::string_view expected) {
  return InvalidArgument("{}: expected {}", key, expected);
}

// 64-bit numbers are strings in this encoding; plain numbers are taken too.
template <typename Integer>
Status ReadInteger(std::string_view key, const element& e, Integer* out) {
  std::string_view text;
  if (e.get_string().get(text) == simdjson::SUCCESS) {
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), *out);
    if (ec == std::errc() && end == text.data() + text.size()) return OkStatus();
    return Bad(key, "a whole number");
  }
  uint64_t positive = 0;
  int64_t any = 0;
  if (e.get_uint64().get(positive) == simdjson::SUCCESS &&
      positive <= static_cast<uint64_t>(std::numeric_limits<Integer>::max())) {
    *out = static_cast<Integer>(positive);
    return OkStatus();
  }
  if (e.get_int64().get(any) == simdjson::SUCCESS && any < 0 &&
      any >= static_cast<int64_t>(std::numeric_limits<Integer>::min())) {
    *out = static_cast<Integer>(any);
    return OkStatus();
  }
  return Bad(key, "a whole number");
}

Status ReadDouble(std::string_view key, const element& e, double* out) {
  if (e.get_double().get(*out) == simdjson::SUCCESS) return OkStatus();
  std::string_view text;
  if (e.get_string().get(text) == simdjson::SUCCESS) {
    if (const auto v = ParseFloat(text)) {
      *out = *v;
      return OkStatus();
    }
  }
  return Bad(key, "a number");
}

Status ReadText(std::string_view key, const element& e, std::string_view* out) {
  return e.get_string().get(*out) == simdjson::SUCCESS ? OkStatus() : Bad(key, "a string");
}

// `read` for each item of an array; errors name the key and the item.
template <typename Read>
Status ForEach(std::string_view key, const element& e, const Read& read) {
  array list;
  if (e.get_array().get(list)) return Bad(key, "an array");
  size_t i = 0;
  for (const element item : list) {
    const Status status = read(item);
    if (!status.ok()) return status.WithContext(fmt::format("{}[{}]", key, i));
    ++i;
  }
  return OkStatus();
}

// `read` for each field of an object. An unknown key is no error, as in protobuf.
template <typename Read>
Status ForFields(const element& e, const Read& read) {
  object fields;
  if (e.get_object().get(fields)) return InvalidArgument("expected an object");
  for (const auto& [key, value] : fields) FIRN_RETURN_IF_ERROR(read(key, value));
  return OkStatus();
}

Status AppendValue(const element& e, int depth, std::string* out);

Status AppendList(const element& e, int depth, std::string* out) {
  out->push_back('[');
  bool first = true;
  const Status status = ForFields(e, [&](std::string_view key, const element& values) {
    if (key != "values") return OkStatus();
    return ForEach(key, values, [&](const element& item) {
      if (!first) out->push_back(',');
      first = false;
      return AppendValue(item, depth, out);
    });
  });
  out->push_back(']');
  return status;
}

Status AppendMap(const element& e, int depth, std::string* out) {
  // By key, as maps are written elsewhere: a label must not depend on the sender's order.
  std::map<std::string_view, std::string> pairs;
  const Status status = ForFields(e, [&](std::string_view list_key, const element& values) {
    if (list_key != "values") return OkStatus();
    return ForEach(list_key, values, [&](const element& pair) {
      std::string_view name;
      std::string text = "null";
      const Status pair_status = ForFields(pair, [&](std::string_view key, const element& v) {
        if (key == "key") return ReadText(key, v, &name);
        if (key != "value") return OkStatus();
        text.clear();
        return AppendValue(v, depth, &text);
      });
      pairs[name] = std::move(text);
      return pair_status;
    });
  });
  AppendMapText(pairs, out);
  return status;
}

// One AnyValue as JSON.
Status AppendValue(const element& e, int depth, std::string* out) {
  if (depth > kOtlpValueDepthMax) {
    return InvalidArgument("an attribute value is nested deeper than {}", kOtlpValueDepthMax);
  }
  object fields;
  if (e.get_object().get(fields)) return InvalidArgument("expected an object");
  for (const auto& [key, v] : fields) {
    if (key == "stringValue" || key == "bytesValue") {
      std::string_view text;
      FIRN_RETURN_IF_ERROR(ReadText(key, v, &text));
      AppendJsonString(text, JsonText::kHtmlSafe, out);
      return OkStatus();
    }
    if (key == "boolValue") {
      bool flag = false;
      if (v.get_bool().get(flag)) return Bad(key, "true or false");
      out->append(flag ? "true" : "false");
      return OkStatus();
    }
    if (key == "intValue") {
      int64_t number = 0;
      FIRN_RETURN_IF_ERROR(ReadInteger(key, v, &number));
      out->append(std::to_string(number));
      return OkStatus();
    }
    if (key == "doubleValue") {
      double number = 0;
      FIRN_RETURN_IF_ERROR(ReadDouble(key, v, &number));
      out->append(OtlpNumberText(number));
      return OkStatus();
    }
    if (key == "arrayValue") return AppendList(v, depth + 1, out);
    if (key == "kvlistValue") return AppendMap(v, depth + 1, out);
  }
  out->append("null");
  return OkStatus();
}

Status ReadAttributeValue(const element& e, std::string* out) {
  object fields;
  if (e.get_object().get(fields)) return InvalidArgument("expected an object");
  for (const auto& [key, value] : fields) {
    if (key != "stringValue" && key != "bytesValue") continue;
    std::string_view text;
    FIRN_RETURN_IF_ERROR(ReadText(key, value, &text));
    *out = text;
    return OkStatus();
  }
  FIRN_RETURN_IF_ERROR(AppendValue(e, 0, out));
  if (*out == "null") out->clear();
  return OkStatus();
}

Status ReadAttributes(std::string_view list_key, const element& e, OtlpAttributes* out) {
  return ForEach(list_key, e, [&](const element& pair) {
    OtlpAttribute& attribute = out->emplace_back();
    return ForFields(pair, [&](std::string_view key, const element& v) -> Status {
      if (key == "value") return ReadAttributeValue(v, &attribute.value).WithContext(key);
      if (key != "key") return OkStatus();
      std::string_view name;
      FIRN_RETURN_IF_ERROR(ReadText(key, v, &name));
      attribute.name = name;
      return OkStatus();
    });
  });
}

Status ReadNumber(std::string_view key, const element& v, double* out) {
  if (key == "asDouble") return ReadDouble(key, v, out);
  int64_t number = 0;
  FIRN_RETURN_IF_ERROR(ReadInteger(key, v, &number));
  *out = static_cast<double>(number);
  return OkStatus();
}

Status ReadExemplar(const element& e, OtlpExemplar* out) {
  return ForFields(e, [&](std::string_view key, const element& v) -> Status {
    if (key == "timeUnixNano") return ReadInteger(key, v, &out->time_ns);
    if (key == "asDouble" || key == "asInt") return ReadNumber(key, v, &out->value);
    if (key == "filteredAttributes") return ReadAttributes(key, v, &out->attributes);
    if (key != "traceId" && key != "spanId") return OkStatus();
    std::string_view text;
    FIRN_RETURN_IF_ERROR(ReadText(key, v, &text));
    (key == "traceId" ? out->trace_id : out->span_id) = text;
    return OkStatus();
  });
}

Status ReadBuckets(const element& e, OtlpBuckets* out) {
  return ForFields(e, [&](std::string_view key, const element& v) {
    if (key == "offset") return ReadInteger(key, v, &out->offset);
    if (key != "bucketCounts") return OkStatus();
    return ForEach(key, v, [&](const element& item) {
      return ReadInteger("count", item, &out->counts.emplace_back());
    });
  });
}

Status ReadQuantile(const element& e, OtlpPoint* out) {
  auto& [quantile, value] = out->quantiles.emplace_back(0, 0);
  return ForFields(e, [&, &q = quantile, &x = value](std::string_view key, const element& v) {
    if (key == "quantile") return ReadDouble(key, v, &q);
    if (key == "value") return ReadDouble(key, v, &x);
    return OkStatus();
  });
}

// The fields that only some kinds of points have.
Status ReadSpecialField(std::string_view key, const element& v, OtlpPoint* out) {
  if (key == "asDouble" || key == "asInt") return ReadNumber(key, v, &out->value);
  if (key == "count") return ReadInteger(key, v, &out->count);
  if (key == "sum") {
    out->has_sum = true;
    return ReadDouble(key, v, &out->sum);
  }
  if (key == "bucketCounts") {
    return ForEach(key, v, [&](const element& item) {
      return ReadInteger("count", item, &out->bucket_counts.emplace_back());
    });
  }
  if (key == "explicitBounds") {
    return ForEach(key, v, [&](const element& item) {
      return ReadDouble("bound", item, &out->bounds.emplace_back());
    });
  }
  if (key == "scale") return ReadInteger(key, v, &out->scale);
  if (key == "zeroCount") return ReadInteger(key, v, &out->zero_count);
  if (key == "zeroThreshold") return ReadDouble(key, v, &out->zero_threshold);
  if (key == "positive") return ReadBuckets(v, &out->positive).WithContext(key);
  if (key == "negative") return ReadBuckets(v, &out->negative).WithContext(key);
  if (key != "quantileValues") return OkStatus();
  return ForEach(key, v, [&](const element& item) { return ReadQuantile(item, out); });
}

Status ReadPoint(const element& e, OtlpKind kind, OtlpPoint* out) {
  out->has_sum = kind == OtlpKind::kSummary;
  return ForFields(e, [&](std::string_view key, const element& v) -> Status {
    if (key == "attributes") return ReadAttributes(key, v, &out->attributes);
    if (key == "startTimeUnixNano") return ReadInteger(key, v, &out->start_ns);
    if (key == "timeUnixNano") return ReadInteger(key, v, &out->time_ns);
    if (key == "exemplars") {
      return ForEach(key, v, [&](const element& item) {
        return ReadExemplar(item, &out->exemplars.emplace_back());
      });
    }
    if (key != "flags") return ReadSpecialField(key, v, out);
    uint32_t flags = 0;
    FIRN_RETURN_IF_ERROR(ReadInteger(key, v, &flags));
    out->no_value = (flags & 1) != 0;
    return OkStatus();
  });
}

Status ReadTemporality(std::string_view key, const element& v, OtlpTemporality* out) {
  std::string_view name;
  if (v.get_string().get(name) == simdjson::SUCCESS) {
    if (name == "AGGREGATION_TEMPORALITY_DELTA") {
      *out = OtlpTemporality::kDelta;
    } else if (name == "AGGREGATION_TEMPORALITY_CUMULATIVE") {
      *out = OtlpTemporality::kCumulative;
    }
    return OkStatus();
  }
  int32_t number = 0;
  FIRN_RETURN_IF_ERROR(ReadInteger(key, v, &number));
  *out = static_cast<OtlpTemporality>(number & 3);
  return OkStatus();
}

Status ReadData(const element& e, OtlpKind kind, OtlpMetric* out) {
  out->kind = kind;
  return ForFields(e, [&](std::string_view key, const element& v) -> Status {
    if (key == "aggregationTemporality") return ReadTemporality(key, v, &out->temporality);
    if (key == "isMonotonic") {
      return v.get_bool().get(out->monotonic) ? Bad(key, "true or false") : OkStatus();
    }
    if (key != "dataPoints") return OkStatus();
    return ForEach(key, v, [&](const element& item) {
      return ReadPoint(item, kind, &out->points.emplace_back());
    });
  });
}

Status ReadMetric(const element& e, OtlpMetric* out) {
  static constexpr std::pair<std::string_view, OtlpKind> kKinds[] = {
      {"gauge", OtlpKind::kGauge},
      {"sum", OtlpKind::kSum},
      {"histogram", OtlpKind::kHistogram},
      {"exponentialHistogram", OtlpKind::kExponentialHistogram},
      {"summary", OtlpKind::kSummary}};
  return ForFields(e, [&](std::string_view key, const element& v) -> Status {
    if (key == "name") return ReadText(key, v, &out->name);
    if (key == "description") return ReadText(key, v, &out->description);
    if (key == "unit") return ReadText(key, v, &out->unit);
    for (const auto& [name, kind] : kKinds) {
      if (key == name) return ReadData(v, kind, out).WithContext(key);
    }
    return OkStatus();
  });
}

Status ReadScope(const element& e, OtlpScope* out) {
  return ForFields(e, [&](std::string_view key, const element& v) -> Status {
    if (key == "schemaUrl") return ReadText(key, v, &out->schema_url);
    if (key == "metrics") {
      return ForEach(key, v, [&](const element& item) {
        return ReadMetric(item, &out->metrics.emplace_back());
      });
    }
    if (key != "scope") return OkStatus();
    return ForFields(v, [&](std::string_view scope_key, const element& field) -> Status {
      if (scope_key == "name") return ReadText(scope_key, field, &out->name);
      if (scope_key == "version") return ReadText(scope_key, field, &out->version);
      if (scope_key != "attributes") return OkStatus();
      return ReadAttributes(scope_key, field, &out->attributes);
    });
  });
}

Status ReadResource(const element& e, OtlpResource* out) {
  return ForFields(e, [&](std::string_view key, const element& v) -> Status {
    if (key == "scopeMetrics") {
      return ForEach(key, v, [&](const element& item) {
        return ReadScope(item, &out->scopes.emplace_back());
      });
    }
    if (key != "resource") return OkStatus();
    return ForFields(v, [&](std::string_view resource_key, const element& field) {
      if (resource_key != "attributes") return OkStatus();
      return ReadAttributes(resource_key, field, &out->attributes);
    });
  });
}

}  // namespace

Status DecodeOtlpJson(std::string_view text, const OtlpVisitor& visitor) {
  simdjson::dom::parser parser;
  element document;
  if (const auto error = parser.parse(text.data(), text.size(), true).get(document)) {
    return InvalidArgument("JSON: {}", simdjson::error_message(error));
  }
  return ForFields(document, [&](std::string_view key, const element& v) -> Status {
    if (key != "resourceMetrics") return OkStatus();
    return ForEach(key, v, [&](const element& item) -> Status {
      OtlpResource resource;
      FIRN_RETURN_IF_ERROR(ReadResource(item, &resource));
      return visitor(resource);
    });
  });
}

}  // namespace firn::server
