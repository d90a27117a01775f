"""The text that python3-prometheus-client writes is imported, and it parses what Firn exposes.

usage: text_client_test.py FIRN_BINARY
"""

import gzip
import math
import os
import subprocess
import sys
import time

import firn_process
from firn_process import Failure, get_json, request

ODD = 'a"b\\c\nd\u20ac'


def equal(actual, expected, what):
    if actual != expected:
        raise Failure(f"{what}: {str(actual)[:300]}, not {str(expected)[:300]}")


def registry(client):
    """One metric of each kind, with values that are hard to write."""
    out = client.CollectorRegistry()
    counter = client.Counter("requests", "Served <requests> \\ and \n more.", ["path"], registry=out)
    counter.labels(ODD).inc(1.5)
    counter.labels("").inc(2**60)
    client.Gauge("temperature_celsius", "", registry=out).set(-273.15)
    special = client.Gauge("special", "Not finite.", ["kind"], registry=out)
    for kind in ("nan", "inf", "-inf"):
        special.labels(kind).set(float(kind))
    histogram = client.Histogram("latency_seconds", "Time.", buckets=(0.1, 1, 10), registry=out)
    for v in (0.05, 0.5, 5, 50):
        histogram.observe(v, {"trace_id": f"t{v}"})
    client.Summary("size_bytes", "Sizes.", registry=out).observe(4096)
    client.Info("build", "What it is.", registry=out).info({"version": "1.2"})
    client.Enum("state", "Which.", states=["up", "down"], registry=out).state("down")
    return out


def samples(families):
    """(name, labels): value, apart from NaN, which equals nothing."""
    return {(s.name, tuple(sorted(s.labels.items()))): "NaN" if math.isnan(s.value) else s.value
            for family in families for s in family.samples}


def imported(port, job):
    """All samples of one import, as Firn answers them."""
    result = get_json(port, "/api/v1/query", query=f'{{job="{job}"}}')["result"]
    out = {}
    for series in result:
        labels = dict(series["metric"])
        name = labels.pop("__name__")
        equal(labels.pop("job"), job, "job")
        value = float(series["value"][1])
        out[(name, tuple(sorted(labels.items())))] = "NaN" if math.isnan(value) else value
    return out


def without_empty(expected):
    """A label with an empty value is no label."""
    return {(name, tuple((n, v) for n, v in labels if v)): value
            for (name, labels), value in expected.items()}


def imports(port, client):
    from prometheus_client import openmetrics, parser
    from prometheus_client.openmetrics import exposition, parser as openmetrics_parser
    known = registry(client)
    text = client.generate_latest(known)
    open_text = exposition.generate_latest(known)
    cases = (
        ("text", text, {"Content-Type": client.CONTENT_TYPE_LATEST},
         parser.text_string_to_metric_families(text.decode())),
        ("openmetrics", open_text, {"Content-Type": exposition.CONTENT_TYPE_LATEST},
         openmetrics_parser.text_string_to_metric_families(open_text.decode())),
        ("gzip", gzip.compress(text), {"Content-Encoding": "gzip"},
         parser.text_string_to_metric_families(text.decode())))
    for job, body, headers, families in cases:
        status, _, answer = request(port, "POST",
                                    f"/api/v1/import/prometheus?extra_label=job={job}", body,
                                    headers)
        equal((status, answer), (204, b""), job)
        expected = without_empty(samples(families))
        equal(imported(port, job), expected, job)
        print(f"{job}: {len(expected)} samples equal")
    for name, kind, unit in (("temperature_celsius", "gauge", ""), ("requests", "counter", ""),
                             ("latency_seconds", "histogram", ""), ("build", "info", ""),
                             ("state", "stateset", "")):
        found = get_json(port, "/api/v1/metadata", metric=name).get(name)
        equal(found and (found[0]["type"], found[0]["unit"]), (kind, unit), f"metadata of {name}")
    now = int(time.time())
    found = get_json(port, "/api/v1/query_exemplars", query='latency_seconds_bucket{le="1.0"}',
                     start=now - 60, end=now + 60)
    equal([e["labels"] for s in found for e in s["exemplars"]], [{"trace_id": "t0.5"}],
          "exemplars")


def exposes(port):
    """Strict parsers read what Firn exposes; names and values are those of the imports."""
    from prometheus_client import parser
    from prometheus_client.openmetrics import parser as openmetrics_parser
    expected = imported(port, "text")

    def of_text_job(families):
        found = samples(families)
        return {(name, tuple(l for l in labels if l not in (("job", "text"), ("instance", "")))): v
                for (name, labels), v in found.items() if ("job", "text") in labels}

    path = "/federate?match[]=%7Bjob%3D%22text%22%7D"
    status, headers, body = request(port, "GET", path)
    equal(status, 200, path)
    equal(of_text_job(parser.text_string_to_metric_families(body.decode())), expected, "federate")
    accept = {"Accept": "application/openmetrics-text; version=1.0.0"}
    status, headers, body = request(port, "GET", path, headers=accept)
    equal(headers["Content-Type"].split(";")[0], "application/openmetrics-text", "Content-Type")
    equal(of_text_job(openmetrics_parser.text_string_to_metric_families(body.decode())), expected,
          "federate as OpenMetrics")
    _, _, body = request(port, "GET", "/metrics")
    own = list(parser.text_string_to_metric_families(body.decode()))
    bare = [family.name for family in own if not family.documentation or family.type == "unknown"]
    equal(bare, [], "own metrics without help or type")
    print(f"federate in two formats and {len(own)} families of /metrics parse")


def exports(binary, port):
    """What is exported as OpenMetrics passes a strict parser, with the types that it can have."""
    from prometheus_client.openmetrics import parser as openmetrics_parser
    done = subprocess.run([binary, "export", "openmetrics", "--server",
                           f"http://{firn_process.HOST}:{port}", "--match", '{job="openmetrics"}'],
                          capture_output=True, text=True, timeout=60, check=True)
    families = list(openmetrics_parser.text_string_to_metric_families(done.stdout))
    expected = imported(port, "openmetrics")
    found = {(name, tuple(label for label in labels if label != ("job", "openmetrics"))): v
             for (name, labels), v in samples(families).items()}
    equal(found, expected, "export")
    kinds = {f.name: (f.type, f.documentation) for f in families}
    help_text = "Served <requests> \\ and \n more."
    # The client also writes requests_created, which a counter of that name would own; an info is a
    # gauge in its older form of text, which was imported too; nothing is known to be a state set.
    for name, kind in (("temperature_celsius", ("gauge", "")), ("special", ("gauge", "Not finite.")),
                       ("requests_total", ("unknown", help_text)), ("build_info", ("gauge", "What it is.")),
                       ("latency_seconds_bucket", ("unknown", "")), ("state", ("unknown", "Which."))):
        equal(kinds.get(name), kind, f"type and help of {name}")
    done = subprocess.run([binary, "export", "openmetrics", "--server",
                           f"http://{firn_process.HOST}:{port}", "--match",
                           '{job="openmetrics",__name__!="requests_created"}'],
                          capture_output=True, text=True, timeout=60, check=True)
    families = list(openmetrics_parser.text_string_to_metric_families(done.stdout))
    kinds = {f.name: (f.type, f.documentation) for f in families}
    equal(kinds.get("requests"), ("counter", help_text), "type and help of a counter")
    print(f"export: {len(families)} families parse")


def test(servers):
    import prometheus_client
    firn = servers.add_firn(sys.argv[1], self_scrape_interval="0")
    firn.start()
    imports(firn.port, prometheus_client)
    exposes(firn.port)
    exports(os.path.abspath(sys.argv[1]), firn.port)


if __name__ == "__main__":
    try:
        import prometheus_client  # noqa: F401
    except ImportError:
        print("SKIPPED: python3-prometheus-client is not installed (tools/install-deps --test)")
        sys.exit(firn_process.SKIPPED)
    firn_process.run(test)
