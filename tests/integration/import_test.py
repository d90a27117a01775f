"""A data directory of Prometheus 2.42 is imported, and answers alike afterwards.

usage: import_test.py FIRN_BINARY
Real scrapes of Prometheus, node_exporter and Firn become two blocks by promtool; Prometheus opens
them, scrapes itself, takes native histograms, and deletes something. Imported are a snapshot (blocks
alone, the head as one of them) and a copy of the whole directory (blocks and the write-ahead log).
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time

import firn_process
import remote_write
from firn_process import HOST, Failure, get_json, request, wait_until
from prometheus_test import GRID_MS, Comparison, choose_residue, difference, query, sample_times

SECONDS = 60
SCRAPES = 20
BLOCK_SECONDS = 7200
# Behind a second, so that targets do not share their times.
OFFSETS_MS = {"prometheus": 131, "node": 417, "firn": 702}
LINE = re.compile(r"^([a-zA-Z_:][\w:]*)(\{(.*)\})? (\S+)$")

CONFIG = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - {{job_name: live, static_configs: [{{targets: ['{host}:{port}']}}]}}
"""


def with_labels(text, job, instance):
    """Samples of a page of metrics: series with the labels of its target, and value."""
    for line in text.splitlines():
        found = LINE.match(line)
        if found:
            own = found[3].rstrip(",") + "," if found[3] else ""
            yield f'{found[1]}{{{own}instance="{instance}",job="{job}"}}', found[4]


def scrape(ports):
    """What a server would store of one scrape of each target."""
    page = {}
    for job, port in ports.items():
        begin = time.monotonic()
        body = request(port, "GET", "/metrics")[2].decode()
        instance = f"{HOST}:{port}"
        samples = list(with_labels(body, job, instance))
        labels = f'{{instance="{instance}",job="{job}"}}'
        samples += [("up" + labels, "1"),
                    ("scrape_samples_scraped" + labels, str(len(samples))),
                    ("scrape_duration_seconds" + labels, repr(time.monotonic() - begin))]
        page[job] = samples
    return page


def write_history(path, ports):
    """A minute of scrapes across the border of two blocks; the second that it begins at."""
    pages = [scrape(ports) for _ in range(SCRAPES)]
    border = (int(time.time()) - 6 * 3600) // BLOCK_SECONDS * BLOCK_SECONDS
    begin = border - SECONDS // 2
    with open(path, "w") as file:
        for second in range(SECONDS):
            for job, samples in pages[second * SCRAPES // SECONDS].items():
                t = f"{begin + second}.{OFFSETS_MS[job]:03}"
                file.writelines(f"{series} {value} {t}\n" for series, value in samples)
        file.write("# EOF\n")
    return begin


class Prometheus:
    def __init__(self, servers):
        self.port = firn_process.free_port()
        self.data = servers.directory + "/prometheus"
        config = servers.directory + "/prometheus.yml"
        with open(config, "w") as file:
            file.write(CONFIG.format(host=HOST, port=self.port))
        self.server = servers.add(
            "prometheus",
            ["prometheus", "--config.file", config, "--log.level=warn", "--web.enable-admin-api",
             "--web.enable-remote-write-receiver", "--enable-feature=native-histograms",
             "--storage.tsdb.path", self.data, f"--web.listen-address={HOST}:{self.port}"],
            self.port)

    def admin(self, call):
        status, _, body = request(self.port, "POST", "/api/v1/admin/tsdb/" + call)
        if status not in (200, 204):
            raise Failure(f"{call}: {status} {body[:300]!r}")
        return json.loads(body)["data"] if body else None


def push_histograms(port, now):
    """A counter of native histograms that is reset once, and a stale marker behind another."""
    histograms = [remote_write.encode_histogram(now - 15_000 + i * 1000, counts, sum(counts) * 2.5)
                  for i, counts in enumerate([[1, 2], [1, 3, 0, 4], [2, 5, 1, 4], [1, 1], [3, 2, 1]])]
    message = remote_write.encode_series({"__name__": "native", "job": "a"}, [],
                                         histograms=histograms)
    message += remote_write.encode_series(
        {"__name__": "ended", "job": "a"},
        [(now - 9000, 1.5), (now - 8000, remote_write.STALE_NAN)])
    status, text = remote_write.write(port, message)
    if status not in (200, 204):
        raise Failure(f"pushing histograms: {status} {text}")


def run_import(binary, *arguments):
    done = subprocess.run([os.path.abspath(binary), "import", *arguments, "--json"],
                          capture_output=True, timeout=120)
    if done.returncode != 0:
        raise Failure(f"import {arguments}: {done.returncode} {done.stdout[-500:]} "
                      f"{done.stderr[-500:]}")
    return json.loads(done.stdout)


def serve(servers, binary, data, **settings):
    firn = servers.add_firn(binary, self_scrape_interval="0", **settings)
    arguments = firn._arguments
    arguments[arguments.index("--data") + 1] = data
    firn.log_path = data + ".log"
    firn.start()
    return firn


def compare_history(firn, prometheus, begin, label):
    comparison = Comparison(firn, prometheus)
    last = (begin + SECONDS - 2) * 1000
    times = sample_times(prometheus.port, last)
    place = choose_residue(times, GRID_MS)
    first, end = (t // GRID_MS * GRID_MS + place for t in (begin * 1000, last))
    comparison.raw(first, end)
    comparison.queries(end - 25_000, end, 2 * GRID_MS - place, label)


def compare_histograms(firn, prometheus, now):
    """Samples of native histograms by what functions make of them, and the end of a series."""
    at = now - 5500
    for text in ("histogram_count(native)", "histogram_sum(native)",
                 "native offset 3s", "native offset 7s", "rate(native[14500ms])", "ended",
                 "ended offset 3s", "count_over_time(ended[10s])"):
        answers = [get_json(port, "/api/v1/query", query=text, time=f"{at / 1000:.3f}")
                   for port in (prometheus.port, firn.port)]
        values = [[(s["metric"], s.get("value", s.get("histogram"))) for s in a["result"]]
                  for a in answers]
        # What is between the bounds of buckets is another guess in 2.42, so quantiles differ.
        if not same(values[0], values[1]):
            raise Failure(f"{text}: {values[1]}, not {values[0]}")


def same(a, b):
    """Equal but for the last digits of numbers."""
    if isinstance(a, (list, tuple, dict)):
        if isinstance(a, dict):
            a, b = sorted(a.items()), sorted(b.items())
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b))
    try:
        return abs(float(a) - float(b)) <= 1e-9 * abs(float(a))
    except ValueError:
        return a == b


def snapshot(servers, binary, prometheus, begin, now):
    source = f"{prometheus.data}/snapshots/{prometheus.admin('snapshot')['name']}"
    data = servers.directory + "/from-snapshot"
    report = run_import(binary, "prometheus-blocks", source, "--data", data, "--verify")
    firn = serve(servers, binary, data)
    print(f"snapshot: {report['accepted']} samples, {report['histograms']} histograms")
    if report["histograms"] != 5 or report["missing"] or report["duplicates"]:
        raise Failure(f"snapshot: {report}")
    compare_history(firn, prometheus, begin, "snapshot")
    compare_histograms(firn, prometheus, now)
    if query(firn.port, "node_load15", (begin + 40) * 1000).series:
        raise Failure("deleted samples came back")
    if firn.stop() != 0:
        raise Failure("firn did not stop well")
    # Once more is harmless, also in time: where queries look nothing changes.
    run_import(binary, "prometheus-blocks", source, "--data", data)
    firn.start()
    compare_history(firn, prometheus, begin, "snapshot twice")
    firn.stop()


def whole_directory(servers, binary, prometheus, begin, now):
    source = servers.directory + "/copy"
    wait_until("the log holds some scrapes", lambda: len(query(
        prometheus.port, 'count_over_time(up{job="live"}[1m]) >= 7',
        int(time.time() * 1000)).series) == 1, 30)
    shutil.copytree(prometheus.data, source, ignore=shutil.ignore_patterns("snapshots", "lock"))
    copied = int(time.time() * 1000)
    target = servers.directory + "/from-copy"
    state = servers.directory + "/state"
    report = run_import(binary, "prometheus-blocks", source, "--data", target, "--state", state)
    print(f"copy with its log: {report['accepted']} samples")
    again = run_import(binary, "prometheus-blocks", source, "--data", target, "--state", state)
    if again["read"] != 0:
        raise Failure(f"a finished import began anew: {again}")
    firn = serve(servers, binary, target)
    compare_histograms(firn, prometheus, now)
    # All that the log holds, but for the last moments before the copy.
    end = copied - 3000
    text = f'{{job="live"}}[{end - now + 10_000}ms]'
    expected, actual = (query(p.port, text, end) for p in (prometheus, firn))
    found = difference(expected, actual)
    if found or expected.samples() < 1500:
        raise Failure(f"samples of the log: {found}, {expected.samples()} samples")
    print(f"{expected.samples()} samples of the log equal")
    compare_history(firn, prometheus, begin, "copy")
    firn.stop()


def through_a_server(servers, binary, prometheus, begin):
    """Blocks of one metric go to a running server."""
    firn = serve(servers, binary, servers.directory + "/sent-to", backfill=None)
    report = run_import(binary, "prometheus-blocks", servers.directory + "/copy", "--server",
                        f"http://{HOST}:{firn.port}", "--match", '{__name__=~"node_cpu.*"}',
                        "--end", str(begin + SECONDS), "--verify")
    text = f'{{__name__=~"node_cpu.*"}}[{SECONDS}s]'
    expected, actual = (query(p.port, text, (begin + SECONDS) * 1000) for p in (prometheus, firn))
    found = difference(expected, actual)
    if found or report["missing"] or report["accepted"] != actual.samples():
        raise Failure(f"through a server: {found} {report}")
    print(f"through a server: {report['accepted']} samples equal")
    by_remote_read(binary, servers, prometheus, firn, begin, report["accepted"])
    firn.stop()


def by_remote_read(binary, servers, prometheus, firn, begin, expected):
    """Prometheus and Firn are read while they serve; histograms too."""
    data = servers.directory + "/by-remote-read"
    span = ["--start", str(begin), "--end", str(begin + SECONDS)]
    cpu = ["--match", '{__name__=~"node_cpu.*"}']
    state = servers.directory + "/remote.state"
    arguments = ["remote", f"http://{HOST}:{prometheus.port}", *span, *cpu, "--slice", "10s",
                 "--data", data, "--state", state]
    report = run_import(binary, *arguments, "--verify")
    if report["accepted"] != expected or report["missing"] or report["duplicates"]:
        raise Failure(f"remote read: {report}")
    if run_import(binary, *arguments)["read"] != 0:
        raise Failure("a finished import by remote read began anew")
    again = run_import(binary, "remote", f"http://{HOST}:{firn.port}", *span, "--data",
                       servers.directory + "/by-remote-read-again")
    if again["accepted"] != expected:
        raise Failure(f"remote read from firn: {again}")
    native = run_import(binary, "remote", f"http://{HOST}:{prometheus.port}", "--start", "-1h",
                        "--match", "native", "--data", data)
    if native["histograms"] != 5:
        raise Failure(f"histograms by remote read: {native}")
    print(f"by remote read: {report['accepted']} samples, {native['histograms']} histograms")


def test(servers):
    binary = sys.argv[1]
    prometheus = Prometheus(servers)
    prometheus.server.start()
    firn = servers.add_firn(binary, self_scrape_interval="0")
    firn.start()
    node_port = firn_process.free_port()
    node = servers.add("node_exporter",
                       ["prometheus-node-exporter", "--no-collector.systemd", "--log.level=warn",
                        f"--web.listen-address={HOST}:{node_port}"], node_port, "/")
    node.start()
    wait_until("Prometheus scrapes itself", lambda: query(
        prometheus.port, "prometheus_target_interval_length_seconds",
        int(time.time() * 1000)).series, 30)
    history = servers.directory + "/history.om"
    begin = write_history(history, {"prometheus": prometheus.port, "node": node_port,
                                    "firn": firn.port})
    node.close()
    firn.stop()
    shutil.rmtree(servers.directory + "/data")
    prometheus.server.stop()
    made = subprocess.run(["promtool", "tsdb", "create-blocks-from", "openmetrics", history,
                           prometheus.data], capture_output=True, timeout=60)
    if made.returncode != 0:
        raise Failure(f"promtool: {made.stderr[-500:]}")
    prometheus.server.start()
    now = int(time.time() * 1000)
    push_histograms(prometheus.port, now)
    prometheus.admin("delete_series?match[]=node_load15")
    snapshot(servers, binary, prometheus, begin, now)
    whole_directory(servers, binary, prometheus, begin, now)
    through_a_server(servers, binary, prometheus, begin)


if __name__ == "__main__":
    firn_process.require("prometheus", "promtool", "prometheus-node-exporter")
    firn_process.run(test)
