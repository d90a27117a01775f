"""Backups of a running server bring back what was acknowledged before them.

usage: backup_test.py FIRN_BINARY
"""

import json
import os
import subprocess
import sys
import time

import firn_process
import remote_write
from firn_process import HOST, Failure, get_json, request

START_MS = int(time.time() * 1000) - 10 * 60_000


def write(port, first, count):
    series = [({"__name__": "backup_test", "n": str(n)},
               [(START_MS + i * 1000, float(i * 100 + n)) for i in range(first, first + count)])
              for n in range(5)]
    body = remote_write.snappy(b"".join(remote_write.encode_series(*s) for s in series))
    status, _, text = request(port, "POST", "/api/v1/write", body,
                              {"Content-Encoding": "snappy"})
    if status != 204:
        raise Failure(f"write: {status} {text!r}")


def counts(port):
    result = get_json(port, "/api/v1/query", query="count_over_time(backup_test[1h])")["result"]
    return sorted(int(r["value"][1]) for r in result)


def firn(binary, *arguments, code=0):
    done = subprocess.run([binary, *arguments], capture_output=True, text=True, timeout=60)
    if done.returncode != code:
        raise Failure(f"{arguments}: {done.returncode} {done.stdout}{done.stderr}")
    return done.stdout


def test(servers):
    binary = os.path.abspath(sys.argv[1])
    directory = servers.directory
    repository, data = os.path.join(directory, "repository"), os.path.join(directory, "data")
    server = servers.add_firn(binary)
    server.start()
    url = f"http://{HOST}:{server.port}"

    def backup():
        return json.loads(firn(binary, "backup", repository, data, "--server", url, "--json"))

    write(server.port, 0, 50)
    if request(server.port, "POST", "/api/v1/admin/tsdb/seal")[0] != 204:
        raise Failure("seal")
    write(server.port, 50, 10)
    first = backup()
    write(server.port, 60, 10)
    second = backup()
    firn(binary, "backup", repository, data, code=3)  # The server has it open.
    if second["new_bytes"] >= second["bytes"]:
        raise Failure(f"not incremental: {second}")
    if os.listdir(os.path.join(data, "snapshots")):
        raise Failure("a snapshot was left behind")
    if server.stop() != 0:
        raise Failure("stop")
    firn(binary, "backup", repository, data, "--keep", "2")
    if len(firn(binary, "backup", repository, "--list", "--json").splitlines()) != 2:
        raise Failure("not pruned")
    firn(binary, "backup", repository, "--check")
    firn(binary, "restore", repository, data, code=1)  # It is not empty.
    os.rename(data, data + ".old")
    firn(binary, "restore", repository, data, "--id", first["id"], code=1)  # Pruned.
    firn(binary, "restore", repository, data, "--id", second["id"])
    server.start()
    if counts(server.port) != [70] * 5:
        raise Failure(f"restored: {counts(server.port)}")
    write(server.port, 70, 1)
    print("1 server, 3 backups, 1 restored: 350 samples")


if __name__ == "__main__":
    firn_process.run(test)
