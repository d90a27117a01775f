"""`firn capacity` over five months of a platform, from a server and from its directory.

usage: capacity_test.py FIRN_BINARY

The report is also opened in Chromium, if that is installed; a screenshot stays in $FIRN_ARTIFACTS.
"""

import csv
import html.parser
import io
import json
import os
import shutil
import subprocess
import sys
import time

import capacity_data
import firn_process
import terminal
from firn_process import HOST, Failure

NOW = "2026-10-01"
EXAMPLE = os.path.join(os.path.dirname(__file__), "..", "..", "docs", "examples", "capacity-platform.yml")
DISKS = "node_filesystem_size_bytes - node_filesystem_avail_bytes"
DATABASE = {"instance": "db1:9100", "job": "node", "mountpoint": "/var/lib/postgresql"}


def expect(what, text, *parts):
    for part in parts:
        if part not in text:
            raise Failure(f"{what}: {part!r} is not in\n{text}")


class Capacity:
    """Runs `firn capacity` with arguments that say where the history is."""

    def __init__(self, binary, *source):
        self._binary = binary
        self._source = source

    def command(self, name, *arguments):
        return [self._binary, "capacity", name, *arguments, *self._source, "--at", NOW]

    def run(self, name, *arguments, code=0):
        done = subprocess.run(self.command(name, *arguments), capture_output=True, text=True, timeout=120)
        if done.returncode != code:
            raise Failure(f"{name} {arguments}: ended with {done.returncode}, not {code}\n"
                          f"{done.stdout}{done.stderr}")
        return done.stdout, done.stderr

    def json(self, name, *arguments, code=0):
        return json.loads(self.run(name, *arguments, "--json", code=code)[0])


def days_until(rfc3339):
    at = time.strptime(rfc3339, "%Y-%m-%dT%H:%M:%SZ")
    return (time.mktime(at) - time.timezone - capacity_data.END) / capacity_data.DAY


def test_forecast(capacity):
    answer = capacity.json("forecast", DISKS, "--limit", "node_filesystem_size_bytes")
    if answer["now"] != "2026-10-01T00:00:00Z" or len(answer["series"]) != 2:
        raise Failure(f"answer: {answer}")
    disk = next(s for s in answer["series"] if s["labels"] == DATABASE)
    lower, median, upper = (days_until(disk["crossing"][k]) for k in ("lower", "median", "upper"))
    # The interval is that of one disk; four days are its error in the worst of cases.
    if not lower <= median <= upper or abs(median - capacity_data.DISK_FULL_DAYS) > 4:
        raise Failure(f"full in {lower} to {upper}, median {median}, not {capacity_data.DISK_FULL_DAYS}")
    other = next(s for s in answer["series"] if s["labels"] != DATABASE)
    if other["crossing"]["probability"] > 0.2 or other["urgency"] not in ("not expected", "possible"):
        raise Failure(f"a disk that does not fill: {other}")
    if "future" in disk:
        raise Failure("points that nobody asked for")
    points = capacity.json("forecast", DISKS, "--limit", "node_filesystem_size_bytes", "--points")
    future = points["series"][0]["future"]
    if not len(future["median"]) == len(future["lower"]) == len(future["limit"]) > 80:
        raise Failure(f"points: {[len(v) for v in future.values()]}")

    left = capacity.json("forecast", "node_filesystem_avail_bytes", "--limit", "0")["series"][0]
    if left["direction"] != "falling" or abs(days_until(left["crossing"]["median"]) - median) > 2:
        raise Failure(f"what is left: {left}")
    cores = capacity.json("forecast", "rate(node_cpu_seconds_total[1h])", "--by", "instance",
                          "--limit", "8", "--history", "60d")
    if [s["labels"] for s in cores["series"]] != [{"instance": "web1:9100"}, {"instance": "web2:9100"}]:
        raise Failure(f"by instance: {cores}")
    rows = list(csv.DictReader(io.StringIO(
        capacity.run("forecast", "DCGM_FI_DEV_FB_USED", "--limit", "45000", "--csv")[0])))
    if len(rows) != 2 or float(rows[0]["limit"]) != 45000 or "gpu1" not in rows[0]["series"]:
        raise Failure(f"csv: {rows}")
    # More points than a server gives at once.
    many = capacity.json("forecast", "redis_memory_used_bytes", "--limit", "6GiB", "--history", "100d",
                         "--step", "5m")
    if many["history_step_seconds"] != 300 or len(many["series"]) != 1:
        raise Failure(f"in slices: {many}")
    return answer, many


def test_in_terminal(capacity):
    command = capacity.command("forecast", DISKS, "--limit", "node_filesystem_size_bytes", "--plot")
    shown = terminal.run(command, columns=80)
    text = terminal.without_escapes(shown)
    expect("in words", text, "SERIES", "in 2", " days, 90 %: ", "back-test: MASE", "500 GiB ┤", "90 % interval")
    too_long = [line for line in text.splitlines() if len(line.rsplit("\r", 1)[-1]) > 80]
    if too_long:
        raise Failure(f"wider than the terminal: {too_long}")
    expect("colours", shown, "\x1b[36m", "\x1b[33m")
    if "\x1b[3" in terminal.run(command, columns=80, NO_COLOR="1"):
        raise Failure("colours in spite of NO_COLOR")
    command.remove("--plot")
    wide = terminal.without_escapes(terminal.run(command, columns=160))
    expect("wide", wide, "CHANCE  SEASONS", "MASE  COVERS")


def test_what_if(capacity):
    arguments = ("what-if", DISKS + " > 100e9", "--limit", "node_filesystem_size_bytes")
    answer = capacity.json(*arguments, "--add-capacity", "100GiB", "--scale", "1.05@2026-10-10")
    series = answer["series"][0]
    names = [s["name"] for s in series["scenarios"]]
    if names != ["load x 1.05 from 2026-10-10", "capacity +100 GiB", "all of it"]:
        raise Failure(f"scenarios: {names}")
    expected = days_until(series["crossing"]["median"])
    sooner, later, both = (days_until(s["crossing"]["median"]) for s in series["scenarios"])
    rate = (390 * capacity_data.GIB - capacity_data.DISK_LEFT) / capacity_data.DAYS
    if not sooner < expected < both < later or abs(later - expected - 100 * capacity_data.GIB / rate) > 4:
        raise Failure(f"dates: {expected}, {sooner}, {later}, {both}")
    text = capacity.run(*arguments, "--add-capacity", "100GiB")[0]
    expect("in words", text, "PLAN", "as it goes", "capacity +100 GiB", " days later")


def test_report(capacity, directory):
    answer = capacity.json("report", EXAMPLE)
    failed = [r for r in answer["resources"] if "error" in r]
    if failed or len(answer["resources"]) != 7 or len(answer["order"]) != 10:
        raise Failure(f"report: {failed} {answer['order']}")
    urgency = [answer["resources"][row["resource"]]["answer"]["series"][row["series"]]["urgency"]
               for row in answer["order"]]
    order = ["reached", "likely", "possible", "not expected", "unknown"]
    if urgency != sorted(urgency, key=order.index) or "likely" not in urgency:
        raise Failure(f"not the most urgent first: {urgency}")
    text, errors = capacity.run("report", EXAMPLE, "--fail-within", "30d", code=4)
    expect("table", text, "Capacity of the platform", "RESOURCE", "Postgres connections")
    expect("why", errors, "Disks", "runs out within 30 days")
    capacity.run("report", EXAMPLE, "--fail-within", "1h")
    expect("markdown", capacity.run("report", EXAMPLE, "--markdown")[0], "# Capacity of the platform\n",
           "| Resource | Now |", "### GPU memory", "| as it goes |")
    page = os.path.join(directory, "report.html")
    capacity.run("report", EXAMPLE, "--html", "--output", page)
    return page


def test_mistakes(binary, capacity, directory):
    def error(*arguments, code):
        return capacity.run(*arguments, code=code)[1]

    expect("horizon", error("forecast", "up", "--horizon", "soon", code=2), "--horizon")
    expect("nothing", error("forecast", "no_such_metric", code=1), "no_such_metric has no value between 2026-04",
           "firn query")
    expect("promql", error("forecast", "sum(", code=1), "1:5: parse error")
    expect("many", error("forecast", '{__name__=~".+"}', "--series-max", "5", code=1), "more than 5", "--by")
    expect("no change", error("what-if", "up", "--limit", "1", code=2), "--scale")
    expect("no amount", error("what-if", "generation_jobs_queued", "--limit", "400", "--scale", "lots", code=2),
           '"lots" is no amount')
    bad = os.path.join(directory, "bad.yml")
    with open(bad, "w") as file:
        file.write("resources:\n  - name: a\n    expresion: up\n    limit: 1\n")
    expect("file", error("report", bad, code=2), "bad.yml:3", '"expresion"')
    with open(bad, "w") as file:
        file.write("resources:\n  - {name: good, expression: generation_jobs_queued, limit: 400}\n"
                   "  - {name: gone, expression: no_such_metric, limit: 400}\n")
    text, errors = capacity.run("report", bad, code=1)
    expect("the rest", text, "good", "gone: no_such_metric has no value")
    expect("reason", errors, "gone: no_such_metric has no value")
    nobody = Capacity(binary, "--server", f"http://{HOST}:1")
    expect("nobody", nobody.run("forecast", "up", code=3)[1], "is `firn serve` running there?")


class Page(html.parser.HTMLParser):
    """Counts what the page has, and finds what it must not have."""

    def __init__(self):
        super().__init__()
        self.counts = {}
        self.ids = []
        self.links = []

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.counts[tag] = self.counts.get(tag, 0) + 1
        if "id" in attributes:
            self.ids.append(attributes["id"])
        if tag == "a":
            self.links.append(attributes["href"])
        if tag in ("script", "img", "link", "iframe") or any(a.startswith("on") for a in attributes):
            raise Failure(f"the page has <{tag} {attributes}>")


def check_page(text):
    page = Page()
    page.feed(text)
    if page.counts.get("svg") != 10 or page.counts.get("article") != 10 or page.counts.get("h1") != 1:
        raise Failure(f"page: {page.counts}")
    if len(set(page.ids)) != len(page.ids):
        raise Failure("ids that are not unique")
    if not page.links or not {link[1:] for link in page.links} <= set(page.ids):
        raise Failure(f"links to nowhere: {page.links}")


def test_browser(page, directory):
    with open(page) as file:
        check_page(file.read())
    browser = shutil.which("chromium")
    if browser is None:
        print("chromium is not installed: the report was not opened in a browser")
        return
    artifacts = os.environ.get("FIRN_ARTIFACTS", directory)
    os.makedirs(artifacts, exist_ok=True)
    # Its sandbox does not work for root and in containers.
    common = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
              f"--user-data-dir={directory}/browser", "--window-size=1100,5200"]
    screenshot = os.path.join(artifacts, "capacity_report.png")
    subprocess.run(common + [f"--screenshot={screenshot}", "file://" + page], check=True, timeout=120,
                   capture_output=True)
    with open(screenshot, "rb") as file:
        if file.read(8) != b"\x89PNG\r\n\x1a\n" or os.path.getsize(screenshot) < 50_000:
            raise Failure("the screenshot is empty")
    dom = subprocess.run(common + ["--dump-dom", "file://" + page], check=True, timeout=120,
                         capture_output=True, text=True).stdout
    check_page(dom)
    print(f"screenshot: {screenshot}")


def test(servers):
    binary = os.path.abspath(sys.argv[1])
    server = servers.add_firn(binary, self_scrape_interval="0", backfill=None, head_window="1d",
                              retention="0", tiers="1m:0,1h:0")
    server.start()
    capacity_data.load(server.port)
    capacity = Capacity(binary, "--server", f"http://{HOST}:{server.port}")
    over_http = test_forecast(capacity)
    test_in_terminal(capacity)
    test_what_if(capacity)
    page = test_report(capacity, servers.directory)
    test_mistakes(binary, capacity, servers.directory)
    test_browser(page, servers.directory)

    data = os.path.join(servers.directory, "data")
    at_rest = Capacity(binary, "--data", data)
    expect("in use", at_rest.run("forecast", "up", code=3)[1], "--server")
    if server.stop() != 0:
        raise Failure("stop")
    os.environ["FIRN_CLIENT_SERVER"] = f"http://{HOST}:1"  # Is of no concern to --data.
    if test_forecast(at_rest) != over_http:
        raise Failure("the directory says something else than the server did")
    expect("no directory", Capacity(binary, "--data", data + "x").run("forecast", "up", code=1)[1], "datax")


if __name__ == "__main__":
    firn_process.run(test)
