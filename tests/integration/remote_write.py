"""Remote write 1.0 by hand: protobuf and Snappy block format, as few lines as do."""

import struct

from firn_process import request

HEADERS = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}

STALE_NAN = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]


def varint(number):
    out = bytearray()
    number &= (1 << 64) - 1
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def bytes_field(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


def _text_field(number, text):
    return bytes_field(number, text.encode())


def _double_field(number, value):
    return varint(number << 3 | 1) + struct.pack("<d", value)


def _labels(labels):
    return b"".join(bytes_field(1, _text_field(1, name) + _text_field(2, labels[name]))
                    for name in sorted(labels))


def encode_series(labels, samples, exemplars=(), histograms=()):
    """A series of a WriteRequest. `labels`: name to value; times are milliseconds.

    `samples`: (t, value); `exemplars`: (t, value, labels); `histograms`: see encode_histogram.
    """
    out = _labels(labels)
    for t, v in samples:
        out += bytes_field(2, _double_field(1, v) + b"\x10" + varint(t))
    for t, v, own_labels in exemplars:
        out += bytes_field(3, _labels(own_labels) + _double_field(2, v) + b"\x18" + varint(t))
    for histogram in histograms:
        out += bytes_field(4, histogram)
    return bytes_field(1, out)


def encode_histogram(t, counts, total):
    """A native histogram of schema 0 with `counts` in the buckets (1,2], (2,4], (4,8], ..."""
    deltas = b"".join(varint(abs(d) * 2 - (d < 0)) for d in
                      [b - a for a, b in zip([0] + counts, counts)])
    span = b"\x08" + varint(2) + b"\x10" + varint(len(counts))  # Offset 1 as zigzag.
    return (b"\x08" + varint(sum(counts)) + _double_field(3, total) + _double_field(5, 1e-128) +
            bytes_field(11, span) + bytes_field(12, deltas) + b"\x78" + varint(t))


METADATA_TYPES = {"counter": 1, "gauge": 2, "histogram": 3, "summary": 5}


def encode_metadata(metric, kind, help_text, unit=""):
    return bytes_field(3, b"\x08" + varint(METADATA_TYPES[kind]) + _text_field(2, metric) +
                        _text_field(4, help_text) + _text_field(5, unit))


def snappy(content):
    """A valid Snappy block of literals only: it need not be small."""
    out = bytearray(varint(len(content)))
    for i in range(0, len(content), 1 << 16):
        chunk = content[i:i + (1 << 16)]
        out += bytes([61 << 2]) + struct.pack("<H", len(chunk) - 1) + chunk
    return bytes(out)


def write(port, message):
    """Sends an encoded WriteRequest on a connection of its own: status and text."""
    status, _, body = request(port, "POST", "/api/v1/write", snappy(message), HEADERS)
    return status, body.decode(errors="replace")
