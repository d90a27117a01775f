// Labels for `switch (message.tag_and_type())`. A field with a number we know and a wire type
// we do not expect is skipped like an unknown one: the library's getters abort on it.
// Internal to server/codec.
#pragma once

#include <cstdint>

#include <protozero/types.hpp>

namespace firn::server {

template <typename Tag>
constexpr uint32_t FieldLabel(Tag tag, protozero::pbf_wire_type type) {
  return protozero::tag_and_type(static_cast<protozero::pbf_tag_type>(tag), type);
}

template <typename Tag>
constexpr uint32_t Bytes(Tag tag) {
  return FieldLabel(tag, protozero::pbf_wire_type::length_delimited);
}
template <typename Tag>
constexpr uint32_t Varint(Tag tag) {
  return FieldLabel(tag, protozero::pbf_wire_type::varint);
}
template <typename Tag>
constexpr uint32_t Fixed64(Tag tag) {
  return FieldLabel(tag, protozero::pbf_wire_type::fixed64);
}

}  // namespace firn::server
