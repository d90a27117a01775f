"""Tools of VictoriaMetrics 1.79 bring samples to Firn.

usage: victoriametrics_test.py FIRN_BINARY
vmagent scrapes node_exporter and writes by remote write; after a restart of Firn it brings what
it had to keep. vmctl moves blocks of Prometheus by JSON lines.
"""

import math
import os
import pty
import re
import subprocess
import sys
import time

import firn_process
from firn_process import HOST, Failure, get_json, request, wait_until

CONFIG = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - {{job_name: node, static_configs: [{{targets: ['{host}:{node}']}}]}}
"""
SERIES = 50
TEXT = r"ä \"b\" \\"
SAMPLES = 300
VMCTL_RUNS_MAX = 20


def start_vmagent(servers, firn):
    node_port, agent_port = firn_process.free_port(), firn_process.free_port()
    config = servers.directory + "/scrape.yml"
    with open(config, "w") as file:
        file.write(CONFIG.format(host=HOST, node=node_port))
    servers.add("node_exporter",
                ["prometheus-node-exporter", "--no-collector.systemd", "--log.level=warn",
                 f"--web.listen-address={HOST}:{node_port}"], node_port, "/").start()
    servers.add("vmagent",
                ["vmagent", f"-promscrape.config={config}", f"-httpListenAddr={HOST}:{agent_port}",
                 f"-remoteWrite.url=http://{HOST}:{firn.port}/api/v1/write",
                 f"-remoteWrite.tmpDataPath={servers.directory}/vmagent",
                 "-remoteWrite.flushInterval=1s", "-loggerLevel=WARN"],
                agent_port, "/health").start()


def value(firn, query, **params):
    result = get_json(firn.port, "/api/v1/query", query=query, **params)["result"]
    return float(result[0]["value"][1]) if result else 0


def vmagent(servers, firn):
    start_vmagent(servers, firn)
    wait_until("five scrapes arrive",
               lambda: value(firn, 'count_over_time(up{job="node"}[5m])') >= 5, 60)
    series = value(firn, 'count({job="node"})')
    scraped = value(firn, 'sum(scrape_samples_post_metric_relabeling{job="node"})')
    if series < scraped or scraped < 100:
        raise Failure(f"{series} series of {scraped} that were scraped")
    firn.stop()
    stopped = time.time()
    wait_until("scrapes are missed", lambda: time.time() > stopped + 4, 10)
    firn.start()
    started = time.time()
    wait_until("writes go on",
               lambda: value(firn, 'timestamp(up{job="node"})') > started + 2, 60)
    # Five scrapes between the two, less one at each end.
    missed = f'count_over_time(up{{job="node"}}[{int((started - stopped) * 1000)}ms])'
    wait_until("what was kept meanwhile arrives",
               lambda: value(firn, missed, time=f"{started:.3f}") >= 3, 60)
    print(f"vmagent: {series:.0f} series, and none of the scrapes of an outage lost")


def sample(i, n):
    """Values that JSON cannot say with digits are among them."""
    return {0: math.inf, 1: -math.inf, 2: -0.0, 3: 1 / 3}.get((i + n) % 50, i + n / 8)


def run(command):
    # vmctl draws progress bars and refuses to go without a terminal.
    terminal, inside = pty.openpty()
    try:
        done = subprocess.run(command, stdin=inside, capture_output=True, timeout=120, text=True)
    finally:
        os.close(terminal)
        os.close(inside)
    if done.returncode != 0:
        raise Failure(f"{command}: {done.stdout[-500:]} {done.stderr[-500:]}")


def vmctl(servers, firn):
    last = int(time.time()) // 15 * 15
    first = last - (SAMPLES - 1) * 15
    text = servers.directory + "/samples.txt"
    with open(text, "w", encoding="utf-8") as file:
        file.write("# TYPE moved gauge\n")
        for i in range(SERIES):
            for n in range(SAMPLES):
                file.write(f'moved{{i="{i}",text="{TEXT}"}} {sample(i, n)} {first + 15 * n}\n')
        file.write("# EOF\n")
    blocks = servers.directory + "/blocks"
    run(["promtool", "tsdb", "create-blocks-from", "openmetrics", text, blocks])
    expected = {str(i): [(first + 15 * n, sample(i, n)) for n in range(SAMPLES)]
                for i in range(SERIES)}
    # vmctl 1.79 ends before it has sent all, now and then; bringing samples again is harmless.
    for times in range(1, VMCTL_RUNS_MAX + 1):
        run(["vmctl", "prometheus", "-s", f"--prom-snapshot={blocks}",
             f"--vm-addr=http://{HOST}:{firn.port}"])
        found = moved(firn, first, last)
        if times == 1:
            check_acknowledged(firn, sum(map(len, found.values())))
        if found == expected:
            break
    else:
        raise Failure(f"vmctl ran {times} times and samples are still missing")
    print(f"vmctl: {SERIES * SAMPLES} samples equal after {times} runs")


def check_acknowledged(firn, stored):
    _, _, body = request(firn.port, "GET", "/metrics")
    acknowledged = int(re.search(rb'ingest_samples_total{type="float"} (\d+)', body)[1])
    if stored != acknowledged:
        raise Failure(f"{stored} samples stored of {acknowledged} that were acknowledged")


def moved(firn, first, last):
    """The samples that Firn has of the moved series."""
    data = get_json(firn.port, "/api/v1/query", query=f"moved[{last - first + 15}s]", time=last)
    found = {series["metric"]["i"]: [(t, float(v)) for t, v in series["values"]]
             for series in data["result"]}
    texts = {series["metric"]["text"] for series in data["result"]}
    if texts != {'\u00e4 "b" \\'}:
        raise Failure(f"labels came as {texts}")
    return found


def test(servers):
    firn = servers.add_firn(sys.argv[1], self_scrape_interval="0", backfill="true")
    firn.start()
    vmctl(servers, firn)
    vmagent(servers, firn)


if __name__ == "__main__":
    firn_process.require("vmagent", "vmctl", "promtool", "prometheus-node-exporter")
    firn_process.run(test)
