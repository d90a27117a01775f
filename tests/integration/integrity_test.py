"""`firn verify` and `firn repair` from the command line, around a server.

usage: integrity_test.py FIRN_BINARY
"""

import json
import os
import subprocess
import sys
import time

import firn_process
import remote_write
from firn_process import Failure, get_json, request

START_MS = int(time.time() * 1000) // 60_000 * 60_000 - 20 * 60_000
METRICS = 20
SERIES = 40


def firn(binary, *arguments, code=0):
    done = subprocess.run([binary, *arguments], capture_output=True, text=True, timeout=120)
    if done.returncode != code:
        raise Failure(f"{arguments}: {done.returncode} {done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def value(metric, series, i):
    return float((metric * 7919 + series * 104_729 + i * i * 31) % 1_000_003) / 7


def write(port):
    for metric in range(METRICS):
        series = [({"__name__": f"m{metric}", "n": str(n)},
                   [(START_MS + i * 5000, value(metric, n, i)) for i in range(120)])
                  for n in range(SERIES)]
        body = remote_write.snappy(b"".join(remote_write.encode_series(*s) for s in series))
        status, _, text = request(port, "POST", "/api/v1/write", body,
                                  {"Content-Encoding": "snappy"})
        if status != 204:
            raise Failure(f"write: {status} {text!r}")


def answers(port):
    """Metric -> series -> times and values; None for what cannot be read."""
    out = {}
    for metric in range(METRICS):
        result = get_json(port, "/api/v1/query", query=f"m{metric}[1h]")["result"]
        out[f"m{metric}"] = {r["metric"]["n"]: r["values"] for r in result}
    return out


def flip(path):
    """Flips a bit in the middle."""
    with open(path, "r+b") as file:
        file.seek(os.path.getsize(path) // 2)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 16]))


def damage(binary, data):
    """Damages a table that costs samples, and returns what verify says of it."""
    tables = [os.path.join(data, name) for name in os.listdir(data) if name.endswith(".sst")]
    for table in sorted(tables, key=os.path.getsize, reverse=True):
        flip(table)
        found = json.loads(firn(binary, "verify", data, "--json", code=1))
        if found["lost_samples"] > 0:
            return found
        flip(table)
    raise Failure("no table has samples")


def test(servers):
    binary = os.path.abspath(sys.argv[1])
    data = os.path.join(servers.directory, "data")
    repaired = os.path.join(servers.directory, "repaired")
    server = servers.add_firn(binary, self_scrape_interval=0, scrub_interval="1s",
                              scrub_bytes_per_second=0)
    server.start()
    write(server.port)
    if request(server.port, "POST", "/api/v1/admin/tsdb/seal")[0] != 204:
        raise Failure("seal")
    wanted = answers(server.port)
    if "stop that server" not in firn(binary, "verify", data, code=2):
        raise Failure("no hint that a server has the directory")
    firn(binary, "repair", data, "--output", repaired, code=2)
    if os.path.exists(repaired) or os.path.exists(repaired + ".partial"):
        raise Failure("a repair that was refused left something behind")
    if server.stop() != 0:
        raise Failure("stop")

    if "all verified" not in firn(binary, "verify", data):
        raise Failure("verify")
    firn(binary, "verify", os.path.join(servers.directory, "nothing"), code=2)
    found = damage(binary, data)
    fixed = json.loads(firn(binary, "repair", data, "--output", repaired, "--json", code=1))
    lost = {loss["metric"] for window in fixed["damaged_windows"] for loss in window["losses"]}
    if not lost or len(lost) == METRICS or fixed["lost_samples"] != found["lost_samples"]:
        raise Failure(f"repair: {fixed}")
    firn(binary, "repair", data, "--output", repaired, code=2)  # It is not empty.
    firn(binary, "repair", data, code=2)
    firn(binary, "verify", repaired)

    server.start()  # The damaged directory still serves what it can, and says what it cannot.
    firn_process.wait_until(
        "the scrub finds it",
        lambda: get_json(server.port, "/api/v1/status/runtimeinfo")["corruptionCount"] > 0, 30)
    server.stop()
    firn(binary, "repair", data, "--in-place", code=1)
    firn(binary, "verify", data + ".before-repair", code=1)
    server.start()
    got = answers(server.port)
    server.stop()
    for metric, series in wanted.items():
        for name, values in series.items():
            if got[metric].get(name) != values and metric not in lost:
                raise Failure(f"{metric} {name} differs outside of the reported gap")
    print(f"1 bit flipped: {fixed['lost_series']} series of {METRICS * SERIES} lost, all others equal")


if __name__ == "__main__":
    firn_process.run(test)
