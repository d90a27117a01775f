"""A disk that fills up under a server: writes get 503, queries go on, and nothing acknowledged is lost.

Needs the right to mount a file system in memory; skipped without.

usage: full_disk_test.py FIRN_BINARY
"""

import os
import subprocess
import sys
import time

import firn_process
import remote_write
from firn_process import Failure, get_json, request, wait_until

DISK_BYTES = 96 << 20
KEPT_BYTES = 16 << 20
START_MS = int(time.time() * 1000) - 10 * 60_000


class Writer:
    """One sample of each of 5 series per batch; remembers what was acknowledged."""

    def __init__(self):
        self.acknowledged = set()
        self._next = 0

    def write(self, port):
        i = self._next
        self._next += 1
        series = [({"__name__": "disk_test", "n": str(n)}, [(START_MS + i * 10, float(i))])
                  for n in range(5)]
        body = remote_write.snappy(b"".join(remote_write.encode_series(*s) for s in series))
        status, headers, text = request(port, "POST", "/api/v1/write", body,
                                        {"Content-Encoding": "snappy"})
        if status == 204:
            self.acknowledged.add(i)
        elif status != 503 or headers.get("Retry-After") is None:
            raise Failure(f"write: {status} {headers} {text!r}")
        return status

    def check(self, port):
        result = get_json(port, "/api/v1/query", query="disk_test[1h]")["result"]
        for series in result:
            missing = self.acknowledged - {int(float(v)) for _, v in series["values"]}
            if missing:
                raise Failure(f"{len(missing)} acknowledged samples are missing: {sorted(missing)[:9]}")
        if self.acknowledged and len(result) != 5:
            raise Failure(f"{len(result)} series")


def free_bytes(path):
    stats = os.statvfs(path)
    return stats.f_bavail * stats.f_frsize


def fill(disk, left):
    """Takes space until `left` bytes are free."""
    with open(os.path.join(disk, "ballast"), "ab", buffering=0) as out:
        while free_bytes(disk) > left:
            size = min(1 << 20, free_bytes(disk) - left)
            try:
                if out.write(b"x" * size) < size:
                    return
            except OSError:
                return


def run_on(disk, servers):
    binary = os.path.abspath(sys.argv[1])
    server = servers.add_firn(binary, min_free_disk=KEPT_BYTES, self_scrape_interval=0)
    server.start()
    writer = Writer()
    for _ in range(50):
        if writer.write(server.port) != 204:
            raise Failure("refused with an empty disk")
    ballast = os.path.join(disk, "ballast")

    fill(disk, KEPT_BYTES // 2)
    wait_until("writes are refused", lambda: writer.write(server.port) == 503, 20)
    ready = request(server.port, "GET", "/-/ready")
    if ready[0] != 200 or b"free" not in ready[2]:
        raise Failure(f"ready: {ready}")
    writer.check(server.port)
    os.remove(ballast)
    begin = time.monotonic()
    wait_until("writes are taken again", lambda: writer.write(server.port) == 204, 10)
    resumed = time.monotonic() - begin

    # Full to the last byte while writes come in, then kill -9.
    fill(disk, 0)
    wait_until("a full disk is refused", lambda: writer.write(server.port) == 503, 20)
    refused = 1 + sum(writer.write(server.port) == 503 for _ in range(100))
    writer.check(server.port)
    server.kill()
    fill(disk, 0)
    try:
        server.start()
    except Failure as failure:
        with open(server.log_path, errors="replace") as log:
            text = log.read()
        if "the disk is full" not in text:
            raise Failure(f"{failure}, and the log does not say why") from None
        started = "refused to start on the full disk, saying why"
    else:
        started = "started on the full disk"
        writer.check(server.port)
        server.kill()
    os.remove(ballast)
    server.start()
    writer.check(server.port)
    wait_until("writes are taken after the restart", lambda: writer.write(server.port) == 204, 10)
    writer.check(server.port)
    if server.stop() != 0:
        raise Failure("stop")
    data = os.path.join(servers.directory, "data")
    verified = subprocess.run([binary, "verify", data], capture_output=True, text=True, timeout=60)
    if verified.returncode != 0:
        raise Failure(f"verify: {verified.stdout}{verified.stderr}")
    print(f"{len(writer.acknowledged)} acknowledged, {refused} of 101 refused when full, writes came "
          f"back after {resumed:.1f} s; {started}")


def test(servers):
    disk = os.path.join(servers.directory, "data")
    os.mkdir(disk)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", disk],
                             capture_output=True, check=False)
    if mounted.returncode != 0:
        print("SKIPPED: needs the right to mount")
        sys.exit(firn_process.SKIPPED)
    try:
        run_on(disk, servers)
    except Failure:
        for server in servers.servers:
            server.print_log()
        raise
    finally:
        for server in servers.servers:
            server.close()
        subprocess.run(["umount", disk], check=True)


if __name__ == "__main__":
    firn_process.run(test)
