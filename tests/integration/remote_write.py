"""Remote write 1.0 by hand: protobuf and Snappy block format, as few lines as do."""

import struct

from firn_process import request

HEADERS = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}


def _varint(number):
    out = bytearray()
    number &= (1 << 64) - 1
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _bytes_field(number, content):
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _text_field(number, text):
    return _bytes_field(number, text.encode())


def encode_series(labels, samples):
    """`labels`: name to value; `samples`: pairs of milliseconds and float."""
    out = bytearray()
    for name in sorted(labels):
        out += _bytes_field(1, _text_field(1, name) + _text_field(2, labels[name]))
    for t, v in samples:
        out += _bytes_field(2, b"\x09" + struct.pack("<d", v) + b"\x10" + _varint(t))
    return _bytes_field(1, bytes(out))


METADATA_TYPES = {"counter": 1, "gauge": 2, "histogram": 3, "summary": 5}


def encode_metadata(metric, kind, help_text, unit=""):
    return _bytes_field(3, b"\x08" + _varint(METADATA_TYPES[kind]) + _text_field(2, metric) +
                        _text_field(4, help_text) + _text_field(5, unit))


def snappy(content):
    """A valid Snappy block of literals only: it need not be small."""
    out = bytearray(_varint(len(content)))
    for i in range(0, len(content), 1 << 16):
        chunk = content[i:i + (1 << 16)]
        out += bytes([61 << 2]) + struct.pack("<H", len(chunk) - 1) + chunk
    return bytes(out)


def write(port, message):
    """Sends an encoded WriteRequest on a connection of its own: status and text."""
    status, _, body = request(port, "POST", "/api/v1/write", snappy(message), HEADERS)
    return status, body.decode(errors="replace")
