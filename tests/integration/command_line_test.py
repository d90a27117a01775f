"""What the command line prints and how it ends.

usage: command_line_test.py FIRN_BINARY
"""

import json
import os
import subprocess
import sys
import time

import firn_process
import remote_write
import terminal
from firn_process import HOST, Failure, get_json

START = int(time.time()) - 600


def firn(binary, *arguments, code=0):
    """Standard output and error of a run that must end with `code`."""
    done = subprocess.run([binary, *arguments], capture_output=True, text=True, timeout=60,
                          env={**os.environ, "COLUMNS": "80"})
    if done.returncode != code:
        raise Failure(f"firn {arguments}: ended with {done.returncode}, not {code}\n"
                      f"{done.stdout}{done.stderr}")
    return done.stdout, done.stderr


def expect(what, got, *parts):
    for part in parts:
        if part not in got:
            raise Failure(f"{what}: {part!r} is not in {got!r}")


def test_queries(binary, url):
    def query(*arguments, code=0):
        return firn(binary, "query", "--server", url, *arguments, code=code)

    at = ("--time", str(START + 60))
    expect("table", query("m", *at)[0], "SERIES", "VALUE", 'm{a="x"}', "60")
    expect("sum", query("sum(m)", *at)[0], "{}", "120")
    expect("csv", query("m", *at, "--format", "csv")[0], "a", ",60")
    answer = json.loads(query("m", *at, "--format", "json")[0])
    values = [sample["value"][1] for sample in answer["data"]["result"]]
    if values != ["60", "60"]:
        raise Failure(f"json: {answer}")
    spread = ("--start", str(START), "--end", str(START + 120), "--step", "60")
    lines = query('m{a="x"}', *spread, "--format", "csv")[0].splitlines()
    if len(lines) != 4:
        raise Failure(f"range as csv: {lines}")
    plot = query("m", *spread, "--format", "plot")[0]
    if not any(0x2800 < ord(c) < 0x2900 for c in plot):
        raise Failure(f"no dots in the plot:\n{plot}")
    if max(len(line) for line in plot.splitlines()) > 80:
        raise Failure(f"wider than 80 columns:\n{plot}")
    drawn = terminal.run([binary, "query", "m", "--server", url, *spread, "--plot"], columns=60)
    expect("colours", drawn, "\x1b[36m", "\x1b[33m")
    if max(len(line) for line in terminal.without_escapes(drawn).splitlines()) > 60:
        raise Failure(f"wider than the terminal:\n{drawn}")
    if query("m", *at, "--csv")[0] != query("m", *at, "--format", "csv")[0]:
        raise Failure("--csv is not --format csv")
    expect("mistake", query("m{", code=1)[1], "1:3: parse error: unexpected end of input")
    expect("format", query("m", "--format", "xml", code=2)[1], "xml")


def test_progress(binary, data):
    # On a terminal a bar comes and goes; in a pipe there is nothing but the answer.
    shown = terminal.run([binary, "verify", data])
    expect("bar", shown, "\r\x1b[K", " %\r")
    if not terminal.without_escapes(shown).rstrip("\n").endswith(firn(binary, "verify", data)[0].rstrip("\n")):
        raise Failure(f"the bar is left over: {shown!r}")
    if firn(binary, "verify", data)[1]:
        raise Failure("progress in a pipe")


def test_settings(binary, servers):
    # A flag that is only named is on and does not take what follows it.
    server = servers.add_firn(binary, self_scrape_interval="0", backfill=None, http_quit=None,
                              future_limit="5m")
    server.start()
    flags = get_json(server.port, "/api/v1/status/flags")
    if [flags[name] for name in ("backfill", "http-quit", "future-limit")] != ["true", "true", "5m"]:
        raise Failure(f"flags: {flags}")
    body = remote_write.encode_series({"__name__": "m", "a": "x"},
                                      [((START + s) * 1000, float(s)) for s in (0, 60, 120)])
    body += remote_write.encode_series({"__name__": "m", "a": "y"},
                                       [((START + s) * 1000, float(s)) for s in (0, 60, 120)])
    status, text = remote_write.write(server.port, body)
    if status != 204:
        raise Failure(f"write: {status} {text}")
    return server


def test(servers):
    binary = os.path.abspath(sys.argv[1])
    expect("help", firn(binary, "--help")[0], "serve", "query", "config", "backup", "restore", "verify", "repair")
    for command in ("serve", "query", "config", "backup", "restore", "verify", "repair"):
        expect(command, firn(binary, command, "--help")[0], "Usage: firn " + command)
    firn(binary, code=2)
    firn(binary, "query", code=2)
    expect("value", firn(binary, "serve", "--backfill=perhaps", code=2)[1], "--backfill", "perhaps")
    good, bad = (os.path.join(servers.directory, name) for name in ("good.yml", "bad.yml"))
    with open(good, "w") as file:
        file.write("retention: 7d\n")
    with open(bad, "w") as file:
        file.write("retention: 7d\nretentoin: 8d\n")
    firn(binary, "config", "check", good)
    expect("config", "".join(firn(binary, "config", "check", bad, code=1)), "bad.yml:2", "retentoin")
    expect("nobody", firn(binary, "query", "m", "--server", f"http://{HOST}:1", code=3)[1], HOST)
    server = test_settings(binary, servers)
    test_queries(binary, f"http://{HOST}:{server.port}")
    if server.stop() != 0:
        raise Failure("stop")
    test_progress(binary, os.path.join(servers.directory, "data"))


if __name__ == "__main__":
    firn_process.run(test)
