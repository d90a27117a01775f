"""Prometheus 2.42 answers from what only Firn holds, by remote read.

usage: remote_read_test.py FIRN_BINARY
Its answers must be those that Firn gives itself. 2.42 reads floats only, as samples.
"""

import json
import sys
import time

import firn_process
import remote_write
from firn_process import HOST, Failure, get_json, request

STEP_MS = 15_000
COUNT = 500  # More than four chunks.
CONFIG = """
remote_read:
  - url: http://{host}:{port}/api/v1/read
    read_recent: true
"""
# Windows never end on a sample: 2.42 and 3.x differ there.
QUERIES = ["m", "m[10m]", "sum by (job) (rate(m[7m]))", "m{job!~'a.*'}", "m{missing=''}",
           "count_over_time(m[1h])", "quoted{text='a\"b\\\\c'}", "gone", "count_over_time(gone[3h])"]


def message(last):
    times = [last - (COUNT - 1 - n) * STEP_MS for n in range(COUNT)]

    def series(name, value, **labels):
        return remote_write.encode_series(
            {"__name__": name, **labels}, [(t, value(n)) for n, t in enumerate(times)])

    out = [series("m", lambda n, i=i: (n % 97) * (i + 0.1), job="ab"[i % 2], i=str(i))
           for i in range(20)]
    out.append(series("quoted", lambda n: 1.0, text='a"b\\c'))
    gone = [(t, 7.0) for t in times[:400]] + [(times[400], remote_write.STALE_NAN)]
    out.append(remote_write.encode_series({"__name__": "gone"}, gone))
    return b"".join(out)


def start_prometheus(servers, name, read_port):
    port = firn_process.free_port()
    config = f"{servers.directory}/{name}.yml"
    with open(config, "w") as file:
        file.write(CONFIG.format(host=HOST, port=read_port))
    prometheus = servers.add(
        name, ["prometheus", "--config.file", config, "--log.level=warn",
               "--storage.tsdb.path", f"{servers.directory}/{name}",
               f"--web.listen-address={HOST}:{port}"], port)
    prometheus.start()
    return prometheus


def answers(port, at):
    def normal(data):
        result = data["result"]
        for series in result:
            # 2.42 adds floats without compensation, so the last digits differ.
            for pair in series.get("values", []) + [series.get("value", [0, "0"])]:
                pair[1] = f"{float(pair[1]):.9g}"
        return sorted(result, key=lambda s: json.dumps(s["metric"], sort_keys=True))

    spans = {"start": at - 3600, "end": at, "step": 60}
    out = {}
    for query in QUERIES:
        out[query] = normal(get_json(port, "/api/v1/query", query=query, time=at))
        if not query.endswith("]"):
            out["range " + query] = normal(
                get_json(port, "/api/v1/query_range", query=query, **spans))
    return out


def compare(label, expected, actual):
    for query, result in expected.items():
        if actual[query] != result:
            raise Failure(f"{label}: {query}: {str(actual[query])[:300]}, "
                          f"not {str(result)[:300]}")
    filled = sum(bool(result) for result in expected.values())
    print(f"{label}: {len(expected)} answers equal, {len(expected) - filled} of them empty")
    if len(expected) - filled > 1:  # `gone` is stale at the end.
        raise Failure(f"{label}: too many answers are empty")


def names(label, firn, prometheus):
    """Series by name also come through the remote read; names of labels do not in 2.42."""
    for match in ("m", 'm{job="a"}', '{__name__=~"quo.*"}'):
        expected, actual = (
            sorted(map(json.dumps, get_json(port, "/api/v1/series", **{"match[]": match})))
            for port in (firn, prometheus))
        if expected != actual or not expected:
            raise Failure(f"{label}: series {match}: {len(actual)}, not {len(expected)}")


def test(servers):
    firn = servers.add_firn(sys.argv[1], self_scrape_interval="0", out_of_order_window="3h")
    firn.start()
    last = int(time.time()) // 15 * 15
    status, text = remote_write.write(firn.port, message(last * 1000))
    if status != 204:
        raise Failure(f"writing: {status} {text}")
    prometheus = start_prometheus(servers, "prometheus", firn.port)
    at = last - 7
    for state in ("in memory", "sealed"):
        expected = answers(firn.port, at)
        compare(state, expected, answers(prometheus.port, at))
        names(state, firn.port, prometheus.port)
        status, _, body = request(firn.port, "POST", "/api/v1/admin/tsdb/seal")
        if status != 204:
            raise Failure(f"sealing: {status} {body!r}")


if __name__ == "__main__":
    firn_process.require("prometheus")
    firn_process.run(test)
