"""promtool 2.42 asks Firn, and checks what Firn tells of itself.

usage: promtool_test.py FIRN_BINARY
"""

import subprocess
import sys
import time

import firn_process
import remote_write
from firn_process import HOST, Failure, request


def promtool(*arguments, text=None):
    """Standard output; Failure unless promtool is content."""
    done = subprocess.run(["promtool", *arguments], input=text, capture_output=True, timeout=60)
    if done.returncode != 0:
        raise Failure(f"promtool {' '.join(arguments)}: {done.returncode} "
                      f"{done.stdout[:300]} {done.stderr[:300]}")
    return done.stdout.decode()


def equal(actual, expected):
    if actual != expected:
        raise Failure(f"{actual!r}, not {expected!r}")


def queries(url, first, last):
    m0, m1 = (f'm{{i="{i}", job="a"}}' for i in range(2))
    equal(promtool("query", "instant", f"--time={last}", url, "m"),
          f"{m0} => 10 @[{last}]\n{m1} => 110 @[{last}]\n")
    equal(promtool("query", "instant", f"--time={last}", url, "1 / 3"),
          f"scalar: 0.3333333333333333 @[{last}]\n")
    equal(promtool("query", "range", f"--start={first}", f"--end={first + 30}", "--step=15s", url,
                   "sum by (job) (m)"),
          f'{{job="a"}} =>\n100 @[{first}]\n102 @[{first + 15}]\n104 @[{first + 30}]\n')
    span = [f"--start={first}", f"--end={last}"]
    equal(promtool("query", "series", "--match=m", *span, url),
          '{__name__="m", i="0", job="a"}\n{__name__="m", i="1", job="a"}\n')
    equal(promtool("query", "labels", *span, url, "i"), "0\n1\n")
    equal(promtool("query", "labels", *span, "--match=nothing", url, "i"), "")
    failed = subprocess.run(["promtool", "query", "instant", url, "sum("], capture_output=True,
                            timeout=60)
    if failed.returncode == 0 or b"bad_data" not in failed.stderr:
        raise Failure(f"a bad query: {failed}")
    print("promtool query: 7 calls as expected")


def own_metrics(port):
    """Every linter's complaint counts: help, units, suffixes, duplicates."""
    status, _, body = request(port, "GET", "/metrics")
    equal(status, 200)
    equal(promtool("check", "metrics", text=body), "")
    print(f"promtool check metrics: no complaint about {body.count(b'# TYPE')} families")


def test(servers):
    firn = servers.add_firn(sys.argv[1], self_scrape_interval="0")
    firn.start()
    last = int(time.time())
    first = last - 10 * 15
    status, text = remote_write.write(firn.port, b"".join(
        remote_write.encode_series({"__name__": "m", "i": str(i), "job": "a"},
                                   [((first + 15 * n) * 1000, n + 100.0 * i) for n in range(11)])
        for i in range(2)))
    if status != 204:
        raise Failure(f"writing: {status} {text}")
    queries(f"http://{HOST}:{firn.port}", first, last)
    own_metrics(firn.port)


if __name__ == "__main__":
    firn_process.require("promtool")
    firn_process.run(test)
