"""Small requests that would cost a server much: each ends in an error of the client, soon.

usage: bomb_test.py FIRN_BINARY

Of each request are held to limits: the memory that it takes in addition, the processor time, and
the status. The peak of memory is reset before each, so that only its own counts. With
FIRN_SANITIZED=1 only the status counts: sanitizers need memory and time of their own.
"""

import gzip
import http.client
import os
import struct
import sys
import time
import urllib.parse

import firn_process
import remote_write
from firn_process import HOST, Failure, get_json
from remote_write import bytes_field, varint

MORE_BYTES_MAX = 64 << 20
CPU_SECONDS_MAX = 2.0
SANITIZED = os.environ.get("FIRN_SANITIZED") == "1"
REFUSED = (400, 413, 414, 415, 422, 431)
MIB = 1 << 20

PROTOBUF = "application/x-protobuf"
V2 = "application/x-protobuf;proto=io.prometheus.write.v2.Request"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Bomb:
    """A request, and the statuses that are right; an oversized body may also just be cut off."""

    def __init__(self, name, target, body=None, headers=None, method=None, statuses=REFUSED):
        self.name = name
        self.target = target
        self.body = body
        self.headers = headers or {}
        self.method = method or ("GET" if body is None else "POST")
        self.statuses = statuses


def snappy_copies(content, times):
    """A Snappy block that says `content` and then repeats it, `times` in all: 3 bytes for 64."""
    out = bytearray(varint(len(content) * times))
    out += bytes([61 << 2]) + struct.pack("<H", len(content) - 1) + content
    left = len(content) * (times - 1)
    while left > 0:
        n = min(64, left)
        out += bytes([(n - 1) << 2 | 2]) + struct.pack("<H", len(content))
        left -= n
    return bytes(out)


def gzip_of(unit, times):
    return gzip.compress(unit * times, 9)


def protobuf_messages():
    """Valid and broken messages of few bytes' meaning, as (name, bytes, broken)."""
    label = bytes_field(1, bytes_field(1, b"a") + bytes_field(2, b"b"))
    empty_label = bytes_field(1, b"")
    name = bytes_field(1, bytes_field(1, b"__name__") + bytes_field(2, b"x"))
    sample = bytes_field(2, b"\x09" + struct.pack("<d", 1) + b"\x10\x01")
    yield "series of empty labels", bytes_field(1, empty_label * 400_000)
    yield "empty series", bytes_field(1, b"") * 400_000
    yield "one series of 100,000 equal labels", bytes_field(1, label * 100_000 + sample)
    yield "giant name", bytes_field(1, bytes_field(1, bytes_field(1, b"n" * (4 * MIB))) + sample)
    yield "giant value", bytes_field(
        1, name + bytes_field(1, bytes_field(1, b"v") + bytes_field(2, b"x" * (4 * MIB))) + sample)
    yield "nested groups", b"\x5b" * 100_000 + b"\x5c" * 100_000
    yield "open groups", b"\x5b" * 1_000_000
    yield "unknown fields", (b"\x7a\x00" * 500_000)
    yield "length beyond the end", b"\x0a\xff\xff\xff\xff\x0f"
    yield "varint without an end", b"\x0a" + b"\xff" * 100_000
    yield "histogram of many spans", bytes_field(1, name + bytes_field(
        4, b"\x78\x01" + bytes_field(11, b"\x08\x02\x10\x01") * 200_000))
    yield "histogram of a span of 4 billion", bytes_field(1, name + bytes_field(
        4, b"\x78\x01" + bytes_field(11, b"\x08\x02\x10\xff\xff\xff\xff\x0f")))


def write_bombs():
    for kind in (PROTOBUF, V2):
        short = "1.0" if kind == PROTOBUF else "2.0"
        headers = {"Content-Type": kind, "Content-Encoding": "snappy"}

        def bomb(name, body, statuses=REFUSED, headers=headers, short=short):
            return Bomb(f"write {short}: {name}", "/api/v1/write", body, headers,
                        statuses=statuses)

        for claim in (33 << 20, 256 << 20, (1 << 31) - 1, (1 << 32) - 1, (1 << 35) - 1):
            yield bomb(f"claims {claim} bytes", varint(claim) + b"\x00a")
        yield bomb("zeros", snappy_copies(b"\0" * 4096, 32 * MIB // 4096))
        for name, message in protobuf_messages():
            # A message of 1.0 may hold what is skipped, never what is kept.
            yield bomb(name, remote_write.snappy(message), REFUSED + (204,))
    symbol = bytes_field(4, b"")
    yield Bomb("write 2.0: a million symbols", "/api/v1/write",
               remote_write.snappy(symbol * 1_000_000), {"Content-Type": V2}, statuses=REFUSED + (204,))
    refs = bytes_field(5, bytes_field(1, b"\xff\xff\xff\x7f" * 500_000))
    yield Bomb("write 2.0: references to nothing", "/api/v1/write",
               remote_write.snappy(symbol + refs), {"Content-Type": V2})
    yield Bomb("write: 64 MiB of body", "/api/v1/write", b"\0" * (64 * MIB),
               {"Content-Type": PROTOBUF}, statuses=REFUSED + (None,))


def text_bombs():
    for target, kind in (("/api/v1/import", "application/json"),
                         ("/api/v1/import/prometheus", "text/plain"),
                         ("/api/v1/import/prometheus", "application/openmetrics-text"),
                         ("/api/v1/otlp/v1/metrics", "application/json"),
                         ("/api/v1/otlp/v1/metrics", PROTOBUF)):
        headers = {"Content-Type": kind, "Content-Encoding": "gzip"}
        for name, body in (
                ("zeros", gzip_of(b"\0" * MIB, 512)), ("open brackets", gzip_of(b"[" * MIB, 4)),
                ("open braces", gzip_of(b'{"a":' * 100_000, 4)),
                ("one long line", gzip_of(b"a" * MIB, 24)),
                ("one long object", gzip_of(b'{"a":1,' * (MIB // 7), 9)), ("half of gzip", gzip_of(b"a", 9)[:-6]),
                ("gzip in gzip", gzip.compress(gzip_of(b"\0" * MIB, 256))),
                ("digits", gzip_of(b"1" * MIB, 16)), ("words", gzip_of(b"NaN" * MIB, 4)),
                ("quotes", gzip_of(b'"' * MIB, 8)), ("backslashes", gzip_of(b'"' + b"\\" * MIB, 8)),
                ("labels", gzip.compress(b"m{" + b'a="b",' * 300_000 + b"} 1")),
                ("open label", gzip.compress(b'm{a="' + b"\\n" * MIB))):
            # As protobuf, text may happen to be fields that nobody knows.
            yield Bomb(f"{target} {kind}: {name}", target, body, headers,
                       statuses=REFUSED + ((200,) if kind == PROTOBUF else ()))
    head = b'{"metric":{"__name__":"x"},"values":['
    for name, line in (
            ("values without times", head + b"1," * 500_000 + b'1],"timestamps":[1]}'),
            ("long labels", b'{"metric":{"__name__":"' + b"x" * (8 * MIB) +
             b'"},"values":[1],"timestamps":[1]}'),
            ("many labels", b'{"metric":{' + b",".join(b'"l%d":"v"' % i for i in range(200_000)) +
             b'},"values":[1],"timestamps":[1]}')):
        yield Bomb(f"/api/v1/import: {name}", "/api/v1/import", line)


def read_bombs():
    headers = {"Content-Type": PROTOBUF, "Content-Encoding": "snappy"}
    for claim in (33 << 20, (1 << 32) - 1):
        yield Bomb(f"read: claims {claim} bytes", "/api/v1/read", varint(claim) + b"\x00a", headers)
    matcher = bytes_field(3, b"\x08\x02" + bytes_field(2, b"a") + bytes_field(3, b"((a*)*)*" * 2000))
    yield Bomb("read: nested groups", "/api/v1/read",
               remote_write.snappy(b"\x5b" * 1_000_000), headers)
    yield Bomb("read: large regexes", "/api/v1/read",
               remote_write.snappy(bytes_field(1, matcher * 50)), headers,
               statuses=REFUSED + (200,))


def query_bombs():
    texts = {
        "parentheses": "(" * 100_000 + "1" + ")" * 100_000,
        "open parentheses": "(" * 500_000,
        "signs": "-" * 500_000 + "1",
        "operators": "1" + "+1" * 200_000,
        "powers": "1" + "^1" * 200_000,
        "functions": "abs(" * 100_000 + "m" + ")" * 100_000,
        "subqueries": "m" + "[1m:1s]" * 50_000,
        "long subquery": "sum_over_time(vector(1)[10y:1ms])",
        "tower of subqueries": "max_over_time(" * 50 + "m" + "[10y:1ms])" * 50,
        "chain of or": " or ".join(["m", "abs(m)"] * 450),
        "aggregations": "sum(" * 100_000 + "m" + ")" * 100_000,
        "long string": '"' + "a" * MIB,
        "long name": "a" * (8 * MIB),
        "regex of repeats": 'm{a=~"' + "(a{1000}){1000}" + '"}',
        "regex of nested stars": 'm{a=~"' + "(" * 2000 + "a" + ")*" * 2000 + '"}',
        "regex of classes": 'm{a=~"' + "[^a]{1000}" * 200 + '"}',
        "long regex": 'm{a=~"' + "a|" * (2 * MIB) + 'b"}',
        "matchers": "m{" + 'a!="b",' * 200_000 + "}",
        "grouping": "sum by (" + "a," * 300_000 + "a) (m)",
        "digits": "1" * MIB + "x",
        "duration": "m[" + "9" * 100_000 + "y]",
        "comment": "#" * MIB,
        "bad bytes": "\x00" * MIB,
    }
    for name, text in texts.items():
        body = urllib.parse.urlencode({"query": text, "start": 0, "end": 1000, "step": 1}).encode()
        for path in ("query", "query_range", "format_query", "parse_query", "query_exemplars"):
            # Some are right, just large; answers cost no more than refusals.
            yield Bomb(f"{path}: {name}", f"/api/v1/{path}", body, FORM,
                       statuses=REFUSED + (200, 204, 503))
    many = "&".join("match[]=m" for _ in range(100_000)).encode()
    for path in ("labels", "series", "label/a/values", "export", "search/metric_names"):
        yield Bomb(f"{path}: 100,000 matchers", f"/api/v1/{path}", many, FORM,
                   statuses=REFUSED + (200,))
    yield Bomb("query: a million parameters", "/api/v1/query", b"a=b&" * 1_000_000, FORM)
    yield Bomb("query: escapes", "/api/v1/query", b"query=" + b"%41" * MIB, FORM)


def head_bombs():
    yield Bomb("long target", "/api/v1/query?query=" + "1" * (1 * MIB), statuses=REFUSED + (None,))
    yield Bomb("long header", "/metrics", headers={"X": "x" * MIB}, statuses=REFUSED + (None,))
    yield Bomb("many headers", "/metrics", headers={f"X{i}": "x" for i in range(90)} |
               {"Y": "y" * (64 << 10)}, statuses=REFUSED + (None,))
    yield Bomb("many segments", "/" + "a/" * 10_000, statuses=(404,) + REFUSED)


def peak_bytes(pid):
    with open(f"/proc/{pid}/status") as file:
        fields = dict(line.split(":", 1) for line in file)
    return tuple(int(fields[name].split()[0]) << 10 for name in ("VmHWM", "VmRSS"))


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def send(port, bomb):
    """The status; None if the server closed instead of reading on."""
    connection = http.client.HTTPConnection(HOST, port, timeout=60)
    try:
        connection.request(bomb.method, bomb.target, bomb.body, bomb.headers)
    except (BrokenPipeError, ConnectionResetError):
        pass  # It may have answered first.
    try:
        response = connection.getresponse()
        response.read()
        return response.status
    except (ConnectionError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def explode(firn, bomb):
    """What is wrong with how it ended, or None; and the figures."""
    with open(f"/proc/{firn.pid}/clear_refs", "w") as file:
        file.write("5")  # Resets the peak of memory.
    _, before = peak_bytes(firn.pid)
    cpu_before = cpu_seconds(firn.pid)
    status = send(firn.port, bomb)
    more = peak_bytes(firn.pid)[0] - before
    cpu = cpu_seconds(firn.pid) - cpu_before
    wrong = None
    if status not in bomb.statuses:
        wrong = f"status {status}"
    elif SANITIZED:
        pass
    elif more > MORE_BYTES_MAX:
        wrong = f"{more >> 20} MiB more"
    elif cpu > CPU_SECONDS_MAX:
        wrong = f"{cpu:.2f} s of processor time"
    return wrong, more, cpu


def test(servers):
    firn = servers.add_firn(sys.argv[1], self_scrape_interval="0")
    firn.start()
    status, text = remote_write.write(firn.port, remote_write.encode_series(
        {"__name__": "m", "a": "b"}, [(int(time.time()) * 1000, 1.0)]))
    if status != 204:
        raise Failure(f"writing: {status} {text}")
    count = failed = 0
    most = (0, ""), (0.0, "")
    for make in (write_bombs, text_bombs, read_bombs, query_bombs, head_bombs):
        for bomb in make():
            wrong, more, cpu = explode(firn, bomb)
            count += 1
            most = max(most[0], (more, bomb.name)), max(most[1], (cpu, bomb.name))
            if wrong:
                failed += 1
                print(f"{bomb.name} ({len(bomb.body or '')} bytes): {wrong}")
    print(f"{count} bombs, {failed} failed; at most {most[0][0] >> 20} MiB more "
          f"({most[0][1]}) and {most[1][0]:.2f} s ({most[1][1]})")
    series = get_json(firn.port, "/api/v1/series", **{"match[]": '{__name__!=""}'})
    if [s["__name__"] for s in series if s["__name__"] not in ("m", "x")]:
        raise Failure(f"left behind: {series[:3]}")
    if failed:
        raise Failure(f"{failed} bombs")


if __name__ == "__main__":
    firn_process.run(test)
