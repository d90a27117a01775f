"""Import and export of text and lines of JSON, through a server and straight into a directory.

usage: move_test.py FIRN_BINARY
"""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time

import firn_process
from firn_process import HOST, Failure, get_json, request

START = (int(time.time()) - 5 * 86400) * 1000
STEP = 15_000
ROWS = 400


def firn(binary, *arguments, code=0, text=None):
    """Standard output and error of a run that must end with `code`."""
    done = subprocess.run([binary, *arguments], capture_output=True, text=True, timeout=60,
                          input=text)
    if done.returncode != code:
        raise Failure(f"firn {arguments}: ended with {done.returncode}, not {code}\n"
                      f"{done.stdout[-800:]}{done.stderr[-800:]}")
    return done.stdout, done.stderr


def report(binary, *arguments, code=0, text=None):
    return json.loads(firn(binary, *arguments, "--json", code=code, text=text)[0])


def equal(what, actual, expected):
    if actual != expected:
        lists = isinstance(actual, list) and isinstance(expected, list)
        first = lists and next((pair for pair in zip(actual, expected) if pair[0] != pair[1]), "")
        raise Failure(f"{what}: {str(actual)[:300]}, not {str(expected)[:300]}: "
                      f"{str(first)[:900]}")


def series(i, values, times):
    return json.dumps({"metric": {"__name__": f"m{i % 3}", "i": str(i), "päth": 'a"b\\c\n'},
                       "values": values, "timestamps": times}, separators=(",", ":"))


def sample_lines():
    """Floats of several days, the end of a series, and native histograms with both kinds of
    buckets."""
    times = [START + n * STEP for n in range(ROWS)]
    lines = [series(i, [i + n * 0.1 for n in range(ROWS)], times) for i in range(5)]
    days = [START + day * 86_400_000 for day in range(4)]
    lines.append(series(7, [1, "Infinity", None, "StaleNaN"], days))
    histogram = {"schema": 1, "reset_hint": 0, "count": 3, "sum": 1.5, "zero_count": 1,
                 "zero_threshold": 0.001, "positive_spans": [[0, 2]], "positive_buckets": [1, 1],
                 "negative_spans": [], "negative_buckets": [], "custom_values": []}
    custom = {**histogram, "schema": -53, "zero_count": 0, "zero_threshold": 0,
              "count": 2, "custom_values": [0.5, 1]}
    for name, h in (("native", histogram), ("custom", custom)):
        lines.append(json.dumps({"metric": {"__name__": name}, "timestamps": days[:2],
                                 "histograms": [h, {**h, "sum": 2.5}]}, separators=(",", ":")))
    return "\n".join(sorted(lines)) + "\n"


def sorted_lines(text):
    return sorted(json.dumps(json.loads(line, parse_int=float), sort_keys=True)
                  for line in text.splitlines())


def lines_survive(binary, servers, folder):
    """File, directory, file, server, file, directory: nothing is lost or changed on the way."""
    text = sample_lines()
    first = folder + "/first"
    counts = report(binary, "import", "jsonl", "-", "--data", first, "--verify", text=text)
    equal("counts", [counts[k] for k in ("read", "accepted", "rejected", "histograms", "missing")],
          [5 * ROWS + 8, 5 * ROWS + 8, 0, 4, []])
    exported = firn(binary, "export", "jsonl", "--data", first)[0]
    equal("export of a directory", sorted_lines(exported), sorted_lines(text))
    server = servers.add_firn(binary, self_scrape_interval="0", backfill=None)
    server.start()
    url = f"http://{HOST}:{server.port}"
    path = folder + "/exported.jsonl"
    with open(path, "w") as file:
        file.write(exported)
    counts = report(binary, "import", "jsonl", path, "--server", url, "--verify")
    equal("sent", [counts["accepted"], counts["rejected"], counts["missing"]],
          [5 * ROWS + 8, 0, []])
    again = firn(binary, "export", "jsonl", "--server", url)[0]
    equal("export of a server", sorted_lines(again), sorted_lines(text))
    some = firn(binary, "export", "jsonl", "--server", url, "--match", 'm0{i="0"}', "--match",
                '{__name__=~"m.*",i=~"0|3"}', "--end", str(START / 1000 + 60))[0]
    equal("selected series", [len(json.loads(line)["values"]) for line in some.splitlines()],
          [5, 5])
    print("lines of JSON: directory and server hold and export the same")
    return server, url


def text_survives(binary, servers, folder, url):
    path = folder + "/exported.om"
    _, notes = firn(binary, "export", "openmetrics", "--server", url, "--output", path)
    # One mark of an end and two native histograms; those with custom buckets become classic ones.
    equal("left out", notes.splitlines()[1].split(" ")[0], "3")
    if b"p\xc3\xa4th" not in open(path, "rb").read():
        raise Failure("the name of a label is lost")
    data = folder + "/from-text"
    counts = report(binary, "import", "openmetrics", path, "--data", data)
    equal("samples of text", counts["accepted"], 5 * ROWS + 3 + 2 * 5)
    lines = firn(binary, "export", "jsonl", "--data", data, "--match", "m0")[0]
    wanted = firn(binary, "export", "jsonl", "--server", url, "--match", "m0")[0]
    equal("through text", sorted_lines(lines), sorted_lines(wanted))
    print("OpenMetrics: the same came back")


def export_goes_on(binary, folder, form, place):
    """An export that is ended half-way goes on behind the last metric that is wholly written."""
    name = f"{folder}/{form}-{place[0].strip('-')}"
    whole, path, state = name + ".whole", name + ".part", name + ".state"
    firn(binary, "export", form, *place, "--output", whole)
    arguments = ["export", form, *place, "--output", path, "--state", state]
    # The first metrics take longer than it is between two notes in the state, the rest as long.
    slow = subprocess.Popen([binary, *arguments, "--rate", "600"], stderr=subprocess.DEVNULL)
    firn_process.wait_until("a metric is written", lambda: os.path.exists(state), 30)
    slow.send_signal(signal.SIGKILL)
    slow.wait()
    with open(state) as file:
        equal("finished", json.load(file)["finished"], False)
    with open(path, "ab") as file:
        file.write(b"half a li")
    notes = firn(binary, *arguments, "--match", "m0", code=1)[1]
    equal("another selection", "is of an export of" in notes, True)
    counts = json.loads(firn(binary, *arguments, "--json")[1].splitlines()[-1])
    with open(path, "rb") as part, open(whole, "rb") as straight:
        equal("file", part.read(), straight.read())
    equal("counts", [counts["samples"], counts["histograms"]], [5 * ROWS + 8, 4])
    equal("again", "done already" in firn(binary, *arguments)[1], True)
    os.remove(state)
    firn(binary, *arguments[:-2], "--end", "1970-01-02")
    equal("emptied", os.path.getsize(path) < 10, True)
    firn(binary, "export", form, *place, "--state", state, code=2)
    print(f"export of {form}, {place[0]}: goes on where it was interrupted")


def goes_on(binary, folder):
    """An import that is ended half-way goes on where it stopped."""
    path = folder + "/long.om"
    rows = 120_000
    with open(path, "w") as file:
        for n in range(rows):
            file.write(f'up{{job="a",instance="host-{n % 40:04}"}} {n} {START / 1000 + n // 40}\n')
        file.write("# EOF\n")
    data, state = folder + "/resumed", folder + "/state"
    arguments = ["import", "openmetrics", path, "--data", data, "--state", state, "--memory",
                 "200KiB"]
    slow = subprocess.Popen([binary, *arguments, "--rate", "40000"], stdout=subprocess.DEVNULL)
    firn_process.wait_until("a part is stored", lambda: os.path.exists(state), 30)
    slow.send_signal(signal.SIGKILL)
    slow.wait()
    position = json.load(open(state))
    if position["finished"] or not 0 < int(position["position"]) < os.path.getsize(path):
        raise Failure(f"state: {position}")
    counts = report(binary, *arguments)
    if not 0 < counts["read"] < rows:
        raise Failure(f"went on with {counts['read']} of {rows} samples")
    lines = firn(binary, "export", "jsonl", "--data", data)[0].splitlines()
    stored = sum(len(json.loads(line)["values"]) for line in lines)
    equal("samples after both runs", stored, rows)
    equal("a third run", report(binary, *arguments)["read"], 0)
    with open(path, "a") as file:
        file.write("\n")
    _, message = firn(binary, *arguments, code=1)
    if "may have changed" not in message:
        raise Failure(f"another file: {message}")
    print(f"went on behind {rows - counts['read']} of {rows} samples")


def mistakes(binary, folder, url):
    def fails(code, words, *arguments, text=""):
        output = "".join(firn(binary, *arguments, code=code, text=text))
        if words not in output:
            raise Failure(f"{arguments}: {words!r} is not in {output!r}")

    data = ("--data", folder + "/none")
    fails(1, "line 2", "import", "openmetrics", "-", *data, text="a 1 5\nb{ 2\n# EOF\n")
    fails(1, "no timestamp", "import", "openmetrics", "-", *data, text="a 1\n# EOF\n")
    fails(1, "does not end with # EOF", "import", "openmetrics", "-", *data, text="a 1 5\n")
    fails(2, "no such file", "import", "jsonl", folder + "/nothing", *data)
    fails(2, "either a directory", "import", "jsonl", "-")
    fails(3, "connecting", "import", "jsonl", "-", "--server", "http://127.0.0.1:1",
          "--retry", "0s", text=series(1, [1], [START]))
    fails(2, "--match", "export", "jsonl", *data, "--match", "{")
    equal("rejected", report(binary, "import", "jsonl", "-", *data, code=1,
                             text='{"metric":{"a":"b"},"values":[1],"timestamps":[5]}\n')["rejected"],
          1)
    # A server without `backfill` would refuse them all; this one refuses other values.
    text = series(1, [99, 1], [START + 10 * STEP, int(time.time() * 1000)]) + "\n"
    counts = report(binary, "import", "jsonl", "-", "--server", url, text=text)
    equal("accepted", counts["accepted"], 2)
    future = series(1, [1, 2, 3], [int(time.time() * 1000) + d for d in (1, 2, 10 ** 8)]) + "\n"
    counts = report(binary, "import", "jsonl", "-", "--server", url, code=1, text=future)
    equal("one of three refused", [counts["accepted"], counts["rejected"]], [2, 1])
    print("mistakes are told")


def csv_of(binary, *arguments):
    return list(csv.DictReader(io.StringIO(firn(binary, *arguments, "--csv")[0])))


def forms_agree(binary, data, found):
    """Tables, JSON and CSV hold the same lines; `found` is the cardinality."""
    for kind in (("windows",), ("pages",), ("journal",), ("series", 'm0')):
        command = ("inspect", kind[0], data, *kind[1:])
        as_json, as_csv = report(binary, *command), csv_of(binary, *command)
        for line in as_json:
            line.pop("labels", None)
        for line in as_csv:
            line.pop("labels", None)
        equal(f"{kind} as CSV", as_csv,
              [{key: str(value) for key, value in line.items()} for line in as_json])
        equal(f"{kind} as a table", len(firn(binary, *command)[0].splitlines()) > len(as_json), True)
    lines = csv_of(binary, "inspect", "cardinality", data)
    for key, kind in (("metrics", "metric"), ("labels", "label"), ("pairs", "pair")):
        equal(key, [(line["name"], int(line["samples"])) for line in lines if line["kind"] == kind],
              [(line["name"], line["samples"]) for line in found[key]])
    equal("days", [int(line["series"]) for line in lines if line["kind"] == "day"],
          [day["series"] for day in found["days"]])
    equal("tiers", [int(line["disk_bytes"]) for line in csv_of(binary, "inspect", "tiers", data)],
          [tier["disk_bytes"] for tier in found["tiers"]])
    storage = csv_of(binary, "capacity", "storage", "--data", data, "--retention", "raw=60d")
    equal("storage", [(line["row"], line["name"]) for line in storage if line["row"] != "metric"],
          [(row, tier) for row in ("present", "changed") for tier in ("raw", "1m", "1h")])
    equal("JSON and CSV", "exclude" in firn(binary, "inspect", "pages", data, "--json", "--csv",
                                            code=2)[1], True)
    # A directory goes before a server that the environment names, but not before one that is named.
    os.environ["FIRN_CLIENT_SERVER"] = "http://127.0.0.1:1"
    firn(binary, "inspect", "tiers", data)
    firn(binary, "export", "jsonl", "--data", data, "--match", "m0")
    firn(binary, "export", "jsonl", "--data", data, "--server", "http://127.0.0.1:2", code=2)
    del os.environ["FIRN_CLIENT_SERVER"]
    print("tables, JSON and CSV say the same")


def costs(binary, servers, server, url):
    """A server and its directory say the same of what is stored."""
    status, _, body = request(server.port, "POST", "/api/v1/admin/tsdb/compact?force=true")
    equal("compact", (status, body), (204, b""))
    asked = report(binary, "inspect", "cardinality", "--server", url)
    plan = report(binary, "capacity", "storage", "--server", url, "--retention", "raw=60d",
                  "--drop", '{__name__="m0"}')
    metrics = get_json(server.port, "/api/v1/status/tsdb", limit=100)["storedBytesByMetricName"]
    equal("metrics", {m["name"] for m in metrics}, {"m0", "m1", "m2", "native", "custom"})
    if server.stop() != 0:
        raise Failure("firn did not stop well")
    data = servers.directory + "/data"
    found = report(binary, "inspect", "cardinality", data)
    for key in ("series", "active_series", "tiers", "days", "metrics", "labels", "pairs"):
        equal(key, asked[key], found[key])
    equal("series", found["series"], 8)
    equal("samples", sum(m["samples"] for m in found["metrics"]), found["tiers"][0]["samples"])
    # Nothing is a minute long until two days before its samples go.
    equal("tiers", [t["resolution_ms"] for t in found["tiers"]], [0, 3_600_000])
    equal("retention", [t["retention_ms"] // 86_400_000 for t in plan["present"]["tiers"]],
          [30, 90, 730])
    before, after = (plan[key]["tiers"][0] for key in ("present", "changed"))
    if plan["selected_series"] != 2 or not before["full_bytes"] < after["full_bytes"]:
        raise Failure(f"capacity storage: {plan}")
    if not after["bytes_per_day"] < before["bytes_per_day"]:
        raise Failure(f"dropping saves nothing: {plan}")
    windows = report(binary, "inspect", "windows", data)
    equal("samples of windows", sum(w["float_samples"] + w["histogram_samples"] for w in windows
                                    if w["resolution_ms"] == 0), found["tiers"][0]["samples"])
    text = "".join(firn(binary, "capacity", "storage", "--data", data))
    for part in ("WHEN FULL", "write_relabel_configs:", "retention_rules:", "raw", "1m", "1h"):
        if part not in text:
            raise Failure(f"{part!r} is not in {text}")
    forms_agree(binary, data, found)
    firn(binary, "inspect", "series", data, "{", code=2)
    firn(binary, "inspect", "cardinality", "--server", "http://127.0.0.1:1", code=3)
    print("server and directory say the same of what is stored")


def test(servers):
    binary = os.path.abspath(sys.argv[1])
    server, url = lines_survive(binary, servers, servers.directory)
    text_survives(binary, servers, servers.directory, url)
    for form in ("jsonl", "openmetrics"):
        for place in (("--data", servers.directory + "/first"), ("--server", url)):
            export_goes_on(binary, servers.directory, form, place)
    mistakes(binary, servers.directory, url)
    costs(binary, servers, server, url)
    goes_on(binary, servers.directory)


if __name__ == "__main__":
    firn_process.run(test)
