#include <bit>
#include <exception>
#include <protozero/pbf_message.hpp>

#include <fmt/core.h>

#include "base/labels.h"
#include "server/codec/otlp/otlp_decode.h"
#include "server/codec/otlp/otlp_proto_value.h"
#include "server/codec/proto_fields.h"

namespace firn::server {

namespace {

using protozero::pbf_reader;

std::string_view View(protozero::data_view view) { return {view.data(), view.size()}; }

// Fields of points that stand under the same numbers everywhere they occur are read by these;
// repeated scalars come packed or one by one.
template <typename Out>
void ReadFixed64s(pbf_reader& in, std::vector<Out>* out) {
  const auto add = [&](uint64_t bits) { out->push_back(std::bit_cast<Out>(bits)); };
  if (in.has_wire_type(protozero::pbf_wire_type::length_delimited)) {
    for (const uint64_t bits : in.get_packed_fixed64()) add(bits);
  } else {
    add(in.get_fixed64());
  }
}

Status ReadExemplar(pbf_reader in, OtlpExemplar* out) {
  while (in.next()) {
    switch (in.tag_and_type()) {
      case Fixed64(2):
        out->time_ns = in.get_fixed64();
        break;
      case Fixed64(3):
        out->value = in.get_double();
        break;
      case Bytes(4):
        out->span_id = HexText(View(in.get_view()));
        break;
      case Bytes(5):
        out->trace_id = HexText(View(in.get_view()));
        break;
      case Fixed64(6):
        out->value = static_cast<double>(in.get_sfixed64());
        break;
      case Bytes(7):
        FIRN_RETURN_IF_ERROR(ReadAttribute(in.get_message(), &out->attributes));
        break;
      default:
        in.skip();
    }
  }
  return OkStatus();
}

Status ReadNumberPoint(pbf_reader in, OtlpPoint* out) {
  while (in.next()) {
    switch (in.tag_and_type()) {
      case Fixed64(2):
        out->start_ns = in.get_fixed64();
        break;
      case Fixed64(3):
        out->time_ns = in.get_fixed64();
        break;
      case Fixed64(4):
        out->value = in.get_double();
        break;
      case Bytes(5):
        FIRN_RETURN_IF_ERROR(ReadExemplar(in.get_message(), &out->exemplars.emplace_back()));
        break;
      case Fixed64(6):
        out->value = static_cast<double>(in.get_sfixed64());
        break;
      case Bytes(7):
        FIRN_RETURN_IF_ERROR(ReadAttribute(in.get_message(), &out->attributes));
        break;
      case Varint(8):
        out->no_value = (in.get_uint32() & 1) != 0;
        break;
      default:
        in.skip();
    }
  }
  return OkStatus();
}

Status ReadHistogramPoint(pbf_reader in, OtlpPoint* out) {
  while (in.next()) {
    switch (in.tag_and_type()) {
      case Fixed64(2):
        out->start_ns = in.get_fixed64();
        break;
      case Fixed64(3):
        out->time_ns = in.get_fixed64();
        break;
      case Fixed64(4):
        out->count = in.get_fixed64();
        break;
      case Fixed64(5):
        out->sum = in.get_double();
        out->has_sum = true;
        break;
      case Fixed64(6):
      case Bytes(6):
        ReadFixed64s(in, &out->bucket_counts);
        break;
      case Fixed64(7):
      case Bytes(7):
        ReadFixed64s(in, &out->bounds);
        break;
      case Bytes(8):
        FIRN_RETURN_IF_ERROR(ReadExemplar(in.get_message(), &out->exemplars.emplace_back()));
        break;
      case Bytes(9):
        FIRN_RETURN_IF_ERROR(ReadAttribute(in.get_message(), &out->attributes));
        break;
      case Varint(10):
        out->no_value = (in.get_uint32() & 1) != 0;
        break;
      default:
        in.skip();
    }
  }
  return OkStatus();
}

void ReadBuckets(pbf_reader in, OtlpBuckets* out) {
  while (in.next()) {
    switch (in.tag_and_type()) {
      case Varint(1):
        out->offset = in.get_sint32();
        break;
      case Varint(2):
        out->counts.push_back(in.get_uint64());
        break;
      case Bytes(2):
        for (const uint64_t count : in.get_packed_uint64()) out->counts.push_back(count);
        break;
      default:
        in.skip();
    }
  }
}

Status ReadExponentialPoint(pbf_reader in, OtlpPoint* out) {
  while (in.next()) {
    switch (in.tag_and_type()) {
      case Bytes(1):
        FIRN_RETURN_IF_ERROR(ReadAttribute(in.get_message(), &out->attributes));
        break;
      case Fixed64(2):
        out->start_ns = in.get_fixed64();
        break;
      case Fixed64(3):
        out->time_ns = in.get_fixed64();
        break;
      case Fixed64(4):
        out->count = in.get_fixed64();
        break;
      case Fixed64(5):
        out->sum = in.get_double();
        out->has_sum = true;
        break;
      case Varint(6):
        out->scale = in.get_sint32();
        break;
      case Fixed64(7):
        out->zero_count = in.get_fixed64();
        break;
      case Bytes(8):
        ReadBuckets(in.get_message(), &out->positive);
        break;
      case Bytes(9):
        ReadBuckets(in.get_message(), &out->negative);
        break;
      case Varint(10):
        out->no_value = (in.get_uint32() & 1) != 0;
        break;
      case Bytes(11):
        FIRN_RETURN_IF_ERROR(ReadExemplar(in.get_message(), &out->exemplars.emplace_back()));
        break;
      case Fixed64(14):
        out->zero_threshold = in.get_double();
        break;
      default:
        in.skip();
    }
  }
  return OkStatus();
}

void ReadQuantile(pbf_reader in, OtlpPoint* out) {
  auto& [quantile, value] = out->quantiles.emplace_back(0, 0);
  while (in.next()) {
    if (in.tag_and_type() == Fixed64(1)) {
      quantile = in.get_double();
    } else if (in.tag_and_type() == Fixed64(2)) {
      value = in.get_double();
    } else {
      in.skip();
    }
  }
}

Status ReadSummaryPoint(pbf_reader in, OtlpPoint* out) {
  out->has_sum = true;
  while (in.next()) {
    switch (in.tag_and_type()) {
      case Fixed64(2):
        out->start_ns = in.get_fixed64();
        break;
      case Fixed64(3):
        out->time_ns = in.get_fixed64();
        break;
      case Fixed64(4):
        out->count = in.get_fixed64();
        break;
      case Fixed64(5):
        out->sum = in.get_double();
        break;
      case Bytes(6):
        ReadQuantile(in.get_message(), out);
        break;
      case Bytes(7):
        FIRN_RETURN_IF_ERROR(ReadAttribute(in.get_message(), &out->attributes));
        break;
      case Varint(8):
        out->no_value = (in.get_uint32() & 1) != 0;
        break;
      default:
        in.skip();
    }
  }
  return OkStatus();
}

using ReadPoint = Status (*)(pbf_reader in, OtlpPoint* out);

// What Gauge, Sum, Histogram, ExponentialHistogram and Summary have in common.
Status ReadData(pbf_reader in, OtlpKind kind, ReadPoint read_point, OtlpMetric* out) {
  out->kind = kind;
  while (in.next()) {
    switch (in.tag_and_type()) {
      case Bytes(1):
        FIRN_RETURN_IF_ERROR(read_point(in.get_message(), &out->points.emplace_back()));
        break;
      case Varint(2):
        out->temporality = static_cast<OtlpTemporality>(in.get_enum() & 3);
        break;
      case Varint(3):
        out->monotonic = in.get_bool();
        break;
      default:
        in.skip();
    }
  }
  return OkStatus();
}

Status ReadMetric(pbf_reader in, OtlpMetric* out) {
  while (in.next()) {
    switch (in.tag_and_type()) {
      case Bytes(1):
        out->name = View(in.get_view());
        break;
      case Bytes(2):
        out->description = View(in.get_view());
        break;
      case Bytes(3):
        out->unit = View(in.get_view());
        break;
      case Bytes(5):
        FIRN_RETURN_IF_ERROR(ReadData(in.get_message(), OtlpKind::kGauge, ReadNumberPoint, out));
        break;
      case Bytes(7):
        FIRN_RETURN_IF_ERROR(ReadData(in.get_message(), OtlpKind::kSum, ReadNumberPoint, out));
        break;
      case Bytes(9):
        FIRN_RETURN_IF_ERROR(
            ReadData(in.get_message(), OtlpKind::kHistogram, ReadHistogramPoint, out));
        break;
      case Bytes(10):
        FIRN_RETURN_IF_ERROR(
            ReadData(in.get_message(), OtlpKind::kExponentialHistogram, ReadExponentialPoint, out));
        break;
      case Bytes(11):
        FIRN_RETURN_IF_ERROR(ReadData(in.get_message(), OtlpKind::kSummary, ReadSummaryPoint, out));
        break;
      default:
        in.skip();
    }
  }
  return OkStatus();
}

Status ReadScopeHead(pbf_reader in, OtlpScope* out) {
  while (in.next()) {
    switch (in.tag_and_type()) {
      case Bytes(1):
        out->name = View(in.get_view());
        break;
      case Bytes(2):
        out->version = View(in.get_view());
        break;
      case Bytes(3):
        FIRN_RETURN_IF_ERROR(ReadAttribute(in.get_message(), &out->attributes));
        break;
      default:
        in.skip();
    }
  }
  return OkStatus();
}

Status ReadScope(pbf_reader in, OtlpScope* out) {
  while (in.next()) {
    switch (in.tag_and_type()) {
      case Bytes(1):
        FIRN_RETURN_IF_ERROR(ReadScopeHead(in.get_message(), out));
        break;
      case Bytes(2): {
        OtlpMetric& metric = out->metrics.emplace_back();
        const Status status = ReadMetric(in.get_message(), &metric);
        if (!status.ok()) {
          return status.WithContext(fmt::format("metric {}", QuoteGo(metric.name)));
        }
        break;
      }
      case Bytes(3):
        out->schema_url = View(in.get_view());
        break;
      default:
        in.skip();
    }
  }
  return OkStatus();
}

Status ReadResource(pbf_reader in, OtlpResource* out) {
  while (in.next()) {
    switch (in.tag_and_type()) {
      case Bytes(1): {
        pbf_reader resource = in.get_message();
        while (resource.next()) {
          if (resource.tag_and_type() == Bytes(1)) {
            FIRN_RETURN_IF_ERROR(ReadAttribute(resource.get_message(), &out->attributes));
          } else {
            resource.skip();
          }
        }
        break;
      }
      case Bytes(2):
        FIRN_RETURN_IF_ERROR(ReadScope(in.get_message(), &out->scopes.emplace_back()));
        break;
      default:
        in.skip();
    }
  }
  return OkStatus();
}

}  // namespace

Status DecodeOtlpProto(std::string_view bytes, const OtlpVisitor& visitor) {
  try {
    pbf_reader message(bytes.data(), bytes.size());
    while (message.next()) {
      if (message.tag_and_type() != Bytes(1)) {
        message.skip();
        continue;
      }
      OtlpResource resource;
      FIRN_RETURN_IF_ERROR(ReadResource(message.get_message(), &resource));
      FIRN_RETURN_IF_ERROR(visitor(resource));
    }
    return OkStatus();
  } catch (const protozero::exception& e) {
    return InvalidArgument("protobuf: {}", e.what());
  }
}

}  // namespace firn::server
