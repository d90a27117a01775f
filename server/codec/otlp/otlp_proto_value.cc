#include "server/codec/otlp/otlp_proto_value.h"

#include <map>

#include "server/codec/json.h"
#include "server/codec/otlp/otlp_decode.h"
#include "server/codec/proto_fields.h"

namespace firn::server {

namespace {

using protozero::pbf_reader;

std::string_view View(protozero::data_view view) { return {view.data(), view.size()}; }

Status TooDeep() {
  return InvalidArgument("an attribute value is nested deeper than {}", kOtlpValueDepthMax);
}

// Appends a value that stands within a structure, as JSON.
Status AppendValueJson(pbf_reader value, int depth, std::string* out);

Status AppendListJson(pbf_reader list, int depth, std::string* out) {
  out->push_back('[');
  bool first = true;
  while (list.next()) {
    if (list.tag_and_type() != Bytes(1)) {
      list.skip();
      continue;
    }
    if (!first) out->push_back(',');
    first = false;
    FIRN_RETURN_IF_ERROR(AppendValueJson(list.get_message(), depth, out));
  }
  out->push_back(']');
  return OkStatus();
}

Status AppendMapJson(pbf_reader map, int depth, std::string* out) {
  // By key, as maps are written elsewhere: a label must not depend on the sender's order.
  std::map<std::string_view, std::string> pairs;
  while (map.next()) {
    if (map.tag_and_type() != Bytes(1)) {
      map.skip();
      continue;
    }
    std::string_view key;
    pbf_reader value;
    pbf_reader pair = map.get_message();
    while (pair.next()) {
      if (pair.tag_and_type() == Bytes(1)) {
        key = View(pair.get_view());
      } else if (pair.tag_and_type() == Bytes(2)) {
        value = pair.get_message();
      } else {
        pair.skip();
      }
    }
    std::string text;
    FIRN_RETURN_IF_ERROR(AppendValueJson(value, depth, &text));
    pairs[key] = std::move(text);
  }
  AppendMapText(pairs, out);
  return OkStatus();
}

Status AppendValueJson(pbf_reader value, int depth, std::string* out) {
  if (depth > kOtlpValueDepthMax) return TooDeep();
  std::string text = "null";
  while (value.next()) {
    text.clear();
    switch (value.tag_and_type()) {
      case Bytes(1):
        AppendJsonString(View(value.get_view()), JsonText::kHtmlSafe, &text);
        break;
      case Varint(2):
        text = value.get_bool() ? "true" : "false";
        break;
      case Varint(3):
        text = std::to_string(value.get_int64());
        break;
      case Fixed64(4):
        text = OtlpNumberText(value.get_double());
        break;
      case Bytes(5):
        FIRN_RETURN_IF_ERROR(AppendListJson(value.get_message(), depth + 1, &text));
        break;
      case Bytes(6):
        FIRN_RETURN_IF_ERROR(AppendMapJson(value.get_message(), depth + 1, &text));
        break;
      case Bytes(7):
        AppendJsonString(Base64(View(value.get_view())), JsonText::kHtmlSafe, &text);
        break;
      default:
        value.skip();
    }
  }
  out->append(text);
  return OkStatus();
}

// The text of an attribute: a string is itself, anything else as within a structure.
Result<std::string> ValueText(pbf_reader value) {
  pbf_reader peek = value;
  std::string text;
  while (peek.next()) {
    if (peek.tag_and_type() == Bytes(1)) {
      text = peek.get_string();
    } else if (peek.tag_and_type() == Bytes(7)) {
      text = Base64(View(peek.get_view()));
    } else {
      text.clear();
      FIRN_RETURN_IF_ERROR(AppendValueJson(value, 0, &text));
      return text;
    }
  }
  return text;
}

}  // namespace

Status ReadAttribute(pbf_reader pair, OtlpAttributes* out) {
  OtlpAttribute& attribute = out->emplace_back();
  while (pair.next()) {
    if (pair.tag_and_type() == Bytes(1)) {
      attribute.name = pair.get_string();
    } else if (pair.tag_and_type() == Bytes(2)) {
      FIRN_ASSIGN_OR_RETURN(attribute.value, ValueText(pair.get_message()));
    } else {
      pair.skip();
    }
  }
  return OkStatus();
}

}  // namespace firn::server
