"""Firn beside Prometheus 2.42: both hold the same scraped data, so both must answer alike.

usage: prometheus_test.py FIRN_BINARY
Prometheus scrapes itself, node_exporter and Firn each second and writes all of it to Firn.
Compared are every raw sample, queries and the series' names; again once Firn has sealed the
data, and once more after a restart of Firn, whose outage must not have cost a sample.

Range windows are left-closed in 2.42 and left-open in 3.x. The two see the same samples if no
sample lies on a window's edge, so query times are chosen apart from all sample times.
"""

import json
import math
import sys
import time

import firn_process
from firn_process import HOST, Failure, get_json, request, wait_until
from prometheus_queries import INSTANT, RANGE

DATA_SECONDS = 60
RELATIVE_ERROR_MAX = 1e-9
# Some machines lack a metric, and absent() yields nothing.
EMPTY_MAX = 5
# All steps and durations of the queries are multiples of it.
GRID_MS = 250

CONFIG = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - {{job_name: prometheus, static_configs: [{{targets: ['{host}:{prometheus}']}}]}}
  - {{job_name: node, static_configs: [{{targets: ['{host}:{node}']}}]}}
  - {{job_name: firn, static_configs: [{{targets: ['{host}:{firn}']}}]}}
remote_write:
  - url: http://{host}:{firn}/api/v1/write
    queue_config: {{batch_send_deadline: 1s, min_backoff: 100ms, max_backoff: 1s}}
    metadata_config: {{send_interval: 5s}}
"""


def start_all(servers, binary):
    firn = servers.add_firn(binary, self_scrape_interval="0")
    firn.start()
    ports = {"firn": firn.port, "node": firn_process.free_port(),
             "prometheus": firn_process.free_port()}
    config = servers.directory + "/prometheus.yml"
    with open(config, "w") as file:
        file.write(CONFIG.format(host=HOST, **ports))
    node = servers.add(
        "node_exporter",
        ["prometheus-node-exporter", "--no-collector.systemd", "--log.level=warn",
         f"--web.listen-address={HOST}:{ports['node']}"],
        ports["node"], "/")
    prometheus = servers.add(
        "prometheus",
        ["prometheus", "--config.file", config, "--log.level=warn",
         "--storage.tsdb.path", servers.directory + "/prometheus",
         f"--web.listen-address={HOST}:{ports['prometheus']}"], ports["prometheus"])
    for server in (node, prometheus):
        server.start()
    return firn, prometheus


def milliseconds(seconds):
    return round(float(seconds) * 1000)


def seconds(ms):
    return f"{ms // 1000}.{ms % 1000:03}"


class Answer:
    """What a query yielded, in a form that compares."""

    def __init__(self, data):
        self.type = data["resultType"]
        result = data["result"]
        if self.type in ("scalar", "string"):
            result = [{"metric": {}, "value": result}]
        self.order = [tuple(sorted(s["metric"].items())) for s in result]
        self.series = {}
        for labels, s in zip(self.order, result):
            points = s["values"] if "values" in s else [s["value"]]
            self.series[labels] = [(milliseconds(t), v) for t, v in points]

    def samples(self):
        return sum(len(points) for points in self.series.values())


def same_value(left, right):
    if left == right:
        return True
    a, b = float(left), float(right)
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    return a == b or abs(a - b) <= RELATIVE_ERROR_MAX * max(abs(a), abs(b))


def difference(expected, actual, ordered=False):
    """The first difference in words, or None."""
    if expected.type != actual.type:
        return f"type {actual.type}, not {expected.type}"
    if set(expected.series) != set(actual.series):
        missing = sorted(set(expected.series) - set(actual.series))[:2]
        extra = sorted(set(actual.series) - set(expected.series))[:2]
        return (f"{len(actual.series)} series, not {len(expected.series)}; "
                f"missing {missing}, extra {extra}")
    if ordered and expected.order != actual.order:
        return "another order"
    for labels, points in expected.series.items():
        others = actual.series[labels]
        if [t for t, _ in points] != [t for t, _ in others]:
            return f"{dict(labels)}: times {others[:3]}..., not {points[:3]}..."
        for (t, a), (_, b) in zip(points, others):
            if not same_value(a, b):
                return f"{dict(labels)} at {t}: {b}, not {a}"
    return None


def query(port, text, at):
    return Answer(get_json(port, "/api/v1/query", query=text, time=seconds(at)))


def newest(port):
    """Time of the newest sample of the least advanced target, or 0."""
    data = get_json(port, "/api/v1/query", query="min(timestamp(up)) and count(up) == 3")
    return milliseconds(data["result"][0]["value"][1]) if data["result"] else 0


def sample_times(port, at):
    """All timestamps that a scrape gave: the series of one scrape share them."""
    return {t for points in query(port, "up[5m]", at).series.values() for t, _ in points}


class Comparison:
    def __init__(self, firn, prometheus):
        self._ports = prometheus.port, firn.port

    def wait_for_data(self, first):
        """Waits until both hold DATA_SECONDS behind `first`; returns that time."""
        until = first + DATA_SECONDS * 1000
        for port in self._ports:
            wait_until(f"data until {until}", lambda: newest(port) > until,
                       2 * DATA_SECONDS)
        return until

    def raw(self, first, end):
        """Every sample after `first` and until `end`; waits for late batches."""
        text = f'{{__name__!=""}}[{end - first}ms]'
        deadline = time.monotonic() + 60
        while True:
            expected, actual = (query(port, text, end) for port in self._ports)
            found = difference(expected, actual)
            if found is None:
                break
            if time.monotonic() > deadline:
                raise Failure(f"raw samples differ: {found}")
        print(f"{expected.samples()} raw samples of {len(expected.series)} series equal")

    def queries(self, start, end, offset, label):
        equal = empty = 0
        fill = {"{EARLIER}": seconds(end - 20_000), "OFFSET": f"offset {offset}ms"}
        cases = [(text, None) for text in INSTANT] + RANGE
        for text, step in cases:
            for key, value in fill.items():
                text = text.replace(key, value)
            params = {"query": text, "time": seconds(end)}
            path = "/api/v1/query"
            if step:
                params = {"query": text, "start": seconds(start), "end": seconds(end),
                          "step": step}
                path = "/api/v1/query_range"
            try:
                expected, actual = (Answer(get_json(p, path, **params)) for p in self._ports)
                found = difference(expected, actual, text.startswith("sort"))
                empty += expected.samples() == 0
            except Failure as failure:  # No query here may fail, in either.
                found = failure
            equal += found is None
            if found:
                print(f"MISMATCH {text} {step or ''}: {found}")
        print(f"{label}: {equal} of {len(cases)} queries equal ({empty} with an empty answer)")
        if empty > EMPTY_MAX:
            raise Failure(f"{label}: {empty} answers are empty and compare nothing")
        if equal != len(cases):
            raise Failure(f"{label}: {len(cases) - equal} queries differ")

    def names(self, label):
        """What the editors of dashboards ask for."""
        cases = [("/api/v1/labels", {})]
        cases += [(f"/api/v1/label/{name}/values", {}) for name in ("__name__", "job", "le")]
        cases += [("/api/v1/label/mode/values", {"match[]": ['node_cpu_seconds_total{cpu="0"}']}),
                  ("/api/v1/labels", {"match[]": ["up", "node_load1"]}),
                  ("/api/v1/series", {"match[]": ['{job="node",device!=""}', "up"]})]
        for path, params in cases:
            expected, actual = (get_json(port, path, **params) for port in self._ports)
            if isinstance(expected[0], dict):
                expected, actual = (sorted(map(json.dumps, data)) for data in (expected, actual))
            if expected != actual:
                raise Failure(f"{label}: {path} {params}: "
                              f"{sorted(set(map(str, expected)) ^ set(map(str, actual)))[:5]}")
        print(f"{label}: {len(cases)} of {len(cases)} lists of names equal")

    def metadata(self):
        """Types as scraped. Prometheus keeps them by target, so there may be several."""
        expected, actual = (get_json(port, "/api/v1/metadata") for port in self._ports)
        for metric, entries in expected.items():
            types = {entry["type"] for entry in entries}
            found = {entry["type"] for entry in actual.get(metric, [])}
            if not found or not found <= types:
                raise Failure(f"metadata of {metric}: {found}, not {types}")
        print(f"metadata of {len(expected)} metrics equal")


def choose_residue(times, divisor):
    """The place in a grid of `divisor` ms that is farthest from all sample times."""
    taken = {t % divisor for t in times}

    def distance(place):
        return min(min((place - t) % divisor, (t - place) % divisor) for t in taken)

    best = max(range(1, divisor), key=distance)
    if distance(best) == 0:
        raise Failure("no query time keeps clear of the scraped timestamps")
    return best


def test(servers):
    firn, prometheus = start_all(servers, sys.argv[1])
    comparison = Comparison(firn, prometheus)
    wait_until("all targets are scraped", lambda: newest(firn.port), 30)
    # What was scraped while Prometheus' sender still started was never sent.
    first = newest(firn.port) + 2000
    until = comparison.wait_for_data(first)
    times = sample_times(prometheus.port, until)
    place = choose_residue(times, GRID_MS)
    first, end = (t // GRID_MS * GRID_MS + place for t in (first, until - GRID_MS))
    # Subqueries stand on whole seconds: their windows move to the same clear place.
    offset = 2 * GRID_MS - place
    start = end - (DATA_SECONDS - 35) * 1000  # Room for the longest window.
    print(f"query times lie {place} ms behind multiples of {GRID_MS} ms")

    comparison.raw(first, end)
    comparison.queries(start, end, offset, "in memory")
    comparison.names("in memory")
    wait_until("metadata arrives", lambda: get_json(firn.port, "/api/v1/metadata"), 30)
    comparison.metadata()

    status, _, body = request(firn.port, "POST", "/api/v1/admin/tsdb/seal")
    if status != 204:
        raise Failure(f"sealing: {status} {body!r}")
    comparison.raw(first, end)
    comparison.queries(start, end, offset, "sealed")

    stopped = newest(firn.port)
    code = firn.stop()
    if code != 0:
        raise Failure(f"firn ended with {code} after SIGTERM")
    # Down for some scrapes, which Prometheus must bring later.
    wait_until("scrapes go on", lambda: newest_up(prometheus.port) > stopped + 4000, 30)
    firn.start()
    comparison.queries(start, end, offset, "restarted")
    wait_until("writes go on", lambda: newest(firn.port) > stopped + 10_000, 60)
    later = (newest(firn.port) - 1000) // GRID_MS * GRID_MS + place
    comparison.raw(first, later)
    comparison.names("restarted")


def newest_up(port):
    """Newest sample of the targets that never stop."""
    data = get_json(port, "/api/v1/query", query='min(timestamp(up{job!="firn"}))')
    return milliseconds(data["result"][0]["value"][1])


if __name__ == "__main__":
    firn_process.require("prometheus", "prometheus-node-exporter")
    firn_process.run(test)
