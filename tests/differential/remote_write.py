"""Bodies of remote write requests: protobuf 1.0 in Snappy block form, without libraries."""

import struct

STALE_BITS = 0x7FF0000000000002
NAN_BITS = 0x7FF8000000000001


def bits_of(value):
    return struct.unpack("<Q", struct.pack("<d", value))[0]


def _varint(number):
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _field(number, payload):
    return _varint(number << 3 | 2) + _varint(len(payload)) + payload


def _label(name, value):
    return _field(1, _field(1, name.encode()) + _field(2, value.encode()))


def _sample(t_ms, bits):
    return _field(2, b"\x09" + struct.pack("<Q", bits) + b"\x10" + _varint(t_ms))


def _literal_only_snappy(data):
    """The length, then one literal: every Snappy decoder accepts it."""
    if not data:
        return b"\x00"
    return _varint(len(data)) + b"\xfc" + struct.pack("<I", len(data) - 1) + data


def encode(series):
    """series: iterable of (labels dict, [(t_ms, value bits)])."""
    out = bytearray()
    for labels, samples in series:
        one = b"".join(_label(name, labels[name]) for name in sorted(labels))
        out += _field(1, one + b"".join(_sample(t, bits) for t, bits in samples))
    return _literal_only_snappy(bytes(out))
