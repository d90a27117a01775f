"""What Grafana's Prometheus data source needs from a server, checked on the wire.

usage: grafana_test.py FIRN_BINARY
"""

import http.client
import json
import socket
import sys
import threading
import time

import firn_process
import remote_write
from firn_process import HOST, Failure, wait_until
from grafana_client import FORM, Client
from grafana_data import (COUNT, LABELS, METRICS, ODD_VALUE, SPECIAL_TEXT, STEP, Data)

CHECKS = []
EVERYTHING = '{__name__!=""}'
# A query that runs for minutes if nothing ends it.
ENDLESS = "sum(sum_over_time(sum(m)[20m:1ms]))"


def check(function):
    CHECKS.append(function)
    return function


def equal(actual, expected, what=""):
    if actual != expected:
        raise Failure(f"{what}: {str(actual)[:400]}, not {str(expected)[:400]}")


def read_endpoints(data):
    """Path and parameters of every endpoint that Grafana reads."""
    span = {"start": data.first, "end": data.last + 60}
    grid = {"start": data.first, "end": data.last, "step": "15"}
    return [
        ("/api/v1/query", {"query": "sum(m) + 1", "time": data.last}),
        ("/api/v1/query_range", {"query": 'm{i="1"}', **grid}),
        ("/api/v1/query_exemplars", {"query": "traced_total", **span}),
        ("/api/v1/labels", {"limit": 40000, **span, "match": ["m"]}),
        ("/api/v1/label/job/values", {"limit": 40000, **span, "match": ["m", "early"]}),
        ("/api/v1/series", {"match": ['m{job="a"}'], **span}),
        ("/api/v1/metadata", {"limit": 40000}),
        ("/api/v1/rules", {}),
        ("/api/v1/alerts", {}),
        ("/api/v1/status/buildinfo", {}),
    ]


@check
def save_and_test_passes(client, data):
    body = b'{"status":"success","data":{"resultType":"scalar","result":[4,"2"]}}'
    head = {"Content-Type": FORM}
    for answer in (client.send("POST", "/api/v1/query", "query=1%2B1&time=4", head),
                   client.send("POST", "/api/v1/query", "time=4&query=1+%2B+1", head),
                   client.send("GET", "/api/v1/query?query=1%2B1&time=4"),
                   client.post_empty("/api/v1/query", query="1+1", time=4)):
        equal((answer.status, answer.body), (200, body))


@check
def every_read_endpoint_takes_get_and_every_kind_of_post(client, data):
    for path, params in read_endpoints(data):
        expected = client.get(path, **params)
        expected.data()
        for how, answer in (
                ("form", client.post(path, **params)),
                ("empty body", client.post_empty(path, **params)),
                ("mixed", client.post(path, url=dict(list(params.items())[:1]),
                                      **dict(list(params.items())[1:]))),
                ("charset", client.send("POST", path + "?" + http_query(params), "",
                                        {"Content-Type": FORM + "; charset=UTF-8"}))):
            equal((answer.status, answer.body), (200, expected.body), f"{path} {how}")


def http_query(params):
    return "&".join(f"{'match[]' if k == 'match' else k}={http_quote(str(each))}"
                    for k, v in params.items() for each in (v if isinstance(v, list) else [v]))


def http_quote(text):
    """Escapes whatever can be, as no client does but all may."""
    return "".join(f"%{byte:02X}" for byte in text.encode())


@check
def unknown_and_repeated_parameters_are_accepted(client, data):
    extra = {"max_samples_processed_warning_threshold": "1", "custom": ["a", "b"], "x": ""}
    for path, params in read_endpoints(data):
        expected = client.get(path, **params).body
        equal(client.get(path, **params, **extra).body, expected, path)
        equal(client.post(path, url={**params, **extra}, **params, **extra).body, expected, path)


@check
def timeouts_are_taken_as_typed(client, data):
    for text in ("60s", "1m", "2.5", "1m30s"):
        client.post("/api/v1/query", query="1", timeout=text).result("scalar")
        client.post("/api/v1/query_range", url={"timeout": text}, query="1", start=0, end=1,
                    step=1).result("matrix")


@check
def times_are_floats_or_rfc_3339(client, data):
    t = data.first + 30
    rfc = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(t))
    for text in (str(t), f"{t}.0", f"{t}.000", rfc + "Z", rfc + ".000Z", rfc + "+00:00"):
        result = client.get("/api/v1/query", query='m{i="0"}', time=text).result("vector")
        equal(result[0]["value"], [t, "2"], text)
    answer = client.get("/api/v1/query", query="time()", time=f"{t}.1239")
    equal(answer.text.count(f'[{t}.124,"{t}.124"]'), 1, answer.text)
    client.get("/api/v1/query", query="1", time="yesterday").error(400, "bad_data")


@check
def a_query_without_time_is_about_now(client, data):
    result = client.post_empty("/api/v1/query", query="count(m)").result("vector")
    equal(result[0]["value"][1], "3")
    now = float(result[0]["value"][0])
    equal(abs(now - time.time()) < 5, True, f"now is {now}")


@check
def all_result_types_have_their_shape(client, data):
    def result(query, kind):
        return client.post("/api/v1/query", query=query, time=data.last).result(kind)

    equal(result("2 * 3", "scalar"), [data.last, "6"])
    equal(result('"a\\"b"', "string"), [data.last, 'a"b'])
    equal([s["value"] for s in result("m", "vector")],
          [[data.last, str(COUNT - 1 + 100 * i)] for i in range(3)])
    equal(result('m{i="0"}[20s]', "matrix")[0]["values"],
          [[data.last - STEP, str(COUNT - 2)], [data.last, str(COUNT - 1)]])
    equal(result("early[1h]", "matrix")[0]["values"][0][1], "1.5")
    equal(float(result("early[1h]", "matrix")[0]["values"][0][0]), data.first + 0.123)
    answer = client.get("/api/v1/query_range", query="5", start=1, end=2, step=1)
    equal(answer.result("matrix"), [{"metric": {}, "values": [[1, "5"], [2, "5"]]}])


@check
def empty_results_are_empty_lists(client, data):
    span = {"start": data.first, "end": data.last}
    for path, params in (
            ("/api/v1/query", {"query": "nothing"}),
            ("/api/v1/query", {"query": "nothing[5m]"}),
            ("/api/v1/query", {"query": "m > 1e9"}),
            ("/api/v1/query_range", {"query": "nothing", "step": 15, **span}),
            ("/api/v1/query_range", {"query": "m > 1e9", "step": 15, **span})):
        equal(client.post(path, **params).data()["result"], [], f"{path} {params}")
    for path, params in (("/api/v1/labels", {"match": ["nothing"]}),
                         ("/api/v1/label/nothing/values", {}),
                         ("/api/v1/label/job/values", {"match": ["nothing"]}),
                         ("/api/v1/series", {"match": ["nothing"]}),
                         ("/api/v1/query_exemplars", {"query": "nothing"})):
        equal(client.get(path, **params).data(), [], path)
    equal(client.get("/api/v1/metadata", metric="nothing").data(), {})


@check
def values_are_strings_without_escapes(client, data):
    result = client.get("/api/v1/query", query="special", time=data.last).result("vector")
    equal({s["metric"]["kind"]: s["value"][1] for s in result}, SPECIAL_TEXT)
    for kind, text in SPECIAL_TEXT.items():
        answer = client.get("/api/v1/query_range", query=f'special{{kind="{kind}"}}',
                            start=data.last, end=data.last, step=1)
        equal(answer.values(), [(data.last, text)], kind)


@check
def any_text_in_labels_comes_back(client, data):
    result = client.post("/api/v1/query", query="odd", time=data.last).result("vector")
    equal(result[0]["metric"], {"__name__": "odd", "text": ODD_VALUE})
    equal(client.get("/api/v1/label/text/values").data(), [ODD_VALUE])
    equal(client.get("/api/v1/series", match="odd").data()[0]["text"], ODD_VALUE)
    escaped = ODD_VALUE.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    result = client.post("/api/v1/query", query=f'odd{{text="{escaped}"}}').result("vector")
    equal(len(result), 1)


@check
def series_are_sorted_by_labels_unless_asked_otherwise(client, data):
    span = {"start": data.last - 60, "end": data.last, "step": 15}
    matrix = client.get("/api/v1/query_range", query=EVERYTHING, **span).result("matrix")
    order = [sorted(s["metric"].items()) for s in matrix]
    equal(order, sorted(order))
    result = client.get("/api/v1/query", query="sort_desc(m)", time=data.last).result("vector")
    equal([s["metric"]["i"] for s in result], ["2", "1", "0"])


@check
def range_answers_lie_on_the_asked_grid(client, data):
    first = data.first
    for start, end, step in ((first + 0.5, first + 40.25, 0.25), (first + 7, first + 100, 15),
                             (first + 0.001, first + 0.05, 0.001), (first, first, 86400),
                             (first - 3600.5, data.last + 3600, 97), (first, first, 31536000),
                             (first // 60 * 60 + 30, data.last, 60)):
        answer = client.post("/api/v1/query_range", query="time()", start=start, end=end,
                             step=step)
        start_ms, end_ms, step_ms = (round(x * 1000) for x in (start, end, step))
        times = [t / 1000 for t in range(start_ms, end_ms + 1, step_ms)]
        equal([t for t, _ in answer.values()], times, f"{start} {end} {step}")
        equal([float(v) for _, v in answer.values()], times)
    answer = client.get("/api/v1/query_range", query='m{i="0"}', start=first + 20,
                        end=first + 50, step="15")
    equal(answer.values(), [(first + 20, "1"), (first + 35, "2"), (first + 50, "3")])


@check
def eleven_thousand_steps_are_allowed(client, data):
    params = {"query": "1", "start": 0, "step": 1}
    equal(len(client.get("/api/v1/query_range", end=11000, **params).values()), 11001)
    message = client.get("/api/v1/query_range", end=11001, **params).error(400, "bad_data")
    equal("exceeded maximum resolution of 11,000 points" in message, True, message)
    for bad in ({"step": 0}, {"step": -1}, {"step": ""}, {"step": "x"}):
        client.get("/api/v1/query_range", query="1", start=0, end=1, **bad).error(400, "bad_data")
    client.get("/api/v1/query_range", query="1", start=1, end=0, step=1).error(400, "bad_data")


@check
def selectors_of_the_editors_parse(client, data):
    for selector, count in (
            ('m{job="a"}', 3), ('{__name__="m",job="a"}', 3), ('{__name__=~"m|early"}', 4),
            ('{__name__=~".*quests.*tot.*",job="a"}', 1), ('{__name__=~"(?i).*QUESTS.*"}', 2),
            ('{__name__=~".+",}', 23), (EVERYTHING, 23), ('{__name__="m",job="a",job!=""}', 3),
            ('{__name__=~"m",__name__!=""}', 3), ('{"requests_total","http.route"="/x"}', 1),
            ('{job="a","http.route"!=""}', 1), ('{"utf8.metric", __ignore_usage__="", }', 1),
            ("m{i='1'}", 1), ("m{i=`1`}", 1), ('m{i=~"(0|2\\\\.x|2)"}', 2), ('m{x!="foo"}', 3),
            ('m{x=~".*",x=""}', 3), ('m{x=~".+"}', 0), ('m{i=~"."}', 3), ('{i=~"[01]"}', 2),
            ('odd{text=~"a\\"b\\\\\\\\c\\n.*"}', 1), ('odd{text!="\\x1f\\a\\v"}', 1),
            ('special{kind=~"(?i)NAN|.*inf"}', 3)):
        found = client.post("/api/v1/series", match=selector).data()
        equal(len(found), count, selector)
        matrix = client.get("/api/v1/query_range", query=selector, start=data.first,
                            end=data.last, step=60).result("matrix")
        equal(len(matrix), count, selector)


@check
def durations_of_the_variables_parse(client, data):
    for text in ("15s", "1m", "2h", "3d", "1y", "1ms", "1m0s", "2m15s", "1h0m0s", "15m30s",
                 "400ms", "3600s", "1h30m"):
        for query in (f"rate(requests_total[{text}])", f"m offset {text}",
                      f"max_over_time(m[{text}:1m])"):
            client.post("/api/v1/query", query=query, time=data.last).result("vector")


@check
def queries_that_grafana_writes_run(client, data):
    ask = lambda query: client.post("/api/v1/query", query=query,
                                    time=data.last).result("vector")
    equal(ask("sum by (le) (rate(latency_bucket[1m0s]))")[0]["value"][1], "0.2666666666666666")
    quantile = ask("histogram_quantile(0.5, sum by (le) (rate(latency_bucket[1m0s])))")
    equal(round(float(quantile[0]["value"][1]), 9), 0.55)
    equal(ask('sum by ("http.route") (rate(requests_total{job="a"}[2m15s]))'),
          [{"metric": {"http.route": "/x"}, "value": [data.last, "2"]}])
    equal(len(ask('m{job="a",__ignore_usage__=""} and m{job="a",__ignore_usage__=""} > -Inf')), 3)
    equal(ask('max(time()-avg(m{i="0"}))')[0]["value"][1], str(data.last - COUNT + 1))
    equal(ask("quantile(0.99, m)")[0]["metric"], {})
    equal(float(ask("histogram_quantile(0.5, sum(rate(native[1m0s])))")[0]["value"][1]) > 2, True)
    recent = ask('group by (__name__) ({__name__!="",}) unless '
                 '(group by (__name__) ({__name__!="",} offset 3h))')
    equal([s["metric"]["__name__"] for s in recent], [m for m in METRICS if m != "early"])


@check
def label_calls_honour_match_times_and_limit(client, data):
    span = {"start": data.first, "end": data.last + 3600}
    old = {"start": data.first, "end": data.first + 60}
    future = {"start": data.last + 1800, "end": data.last + 3600}
    get = lambda path, **params: client.get("/api/v1/" + path, **params).data()
    equal(get("labels", limit=40000, **span), LABELS)
    equal(get("labels", match="m", **span), ["__name__", "i", "job"])
    equal(get("labels", match=["m", "special"], **span), ["__name__", "i", "job", "kind"])
    equal(get("labels", limit=2), LABELS[:2])
    equal(get("labels", limit=0), LABELS)
    equal(get("labels", match="{}"), LABELS)
    equal(get("labels", **future), [])
    equal(get("label/__name__/values", limit=40000, **span), METRICS)
    equal(get("label/job/values", **span), ["a", "b", "old"])
    equal(get("label/job/values", match="requests_total", **span), ["a", "b"])
    equal(get("label/job/values", match=["early", 'm{i="0"}'], **span), ["a", "old"])
    equal(get("label/job/values", limit=1, **span), ["a"])
    equal(get("label/job/values", limit=0), ["a", "b", "old"])
    equal(get("label/job/values", **future), [])
    equal(get("label/job/values", match="early", **old), ["old"])
    equal(get("series", match="m", limit=2, **span),
          [{"__name__": "m", "i": i, "job": "a"} for i in "01"])
    equal(len(get("series", match="m", **span)), 3)
    equal(len(get("series", match=["m", '{job="a"}', "early"], **span)), 7)
    equal(get("series", match="m", **future), [])
    client.get("/api/v1/series").error(400, "bad_data")
    client.get("/api/v1/labels", limit="x").error(400, "bad_data")


@check
def escaped_and_raw_label_names_are_understood(client, data):
    for name in ("U__http_2e_route", "http.route", "http%2Eroute"):
        equal(client.get(f"/api/v1/label/{name}/values").data(), ["/x"], name)
        equal(client.post_empty(f"/api/v1/label/{name}/values", match=["requests_total", "m"],
                                start=data.first, end=data.last).data(), ["/x"], name)
    equal(client.get("/api/v1/label/U__a_2e_b/values").data(), ["1"])
    equal(client.get("/api/v1/label/under_score/values").data(), ["1"])
    equal(client.get("/api/v1/label/U__under__score/values").data(), ["1"])


@check
def metadata_is_filtered_and_typed(client, data):
    everything = client.get("/api/v1/metadata", limit=40000).data()
    equal(everything["requests_total"],
          [{"type": "counter", "unit": "", "help": "Requests <served>."}])
    equal(everything["latency"], [{"type": "histogram", "unit": "seconds", "help": "Latency."}])
    for metric, entries in everything.items():
        equal(bool(entries) and all(e["type"] for e in entries), True, metric)
    equal(list(client.get("/api/v1/metadata", metric="m").data()), ["m"])
    equal(len(client.get("/api/v1/metadata", limit=1).data()), 1)


@check
def exemplars_are_probed_and_read(client, data):
    probe = {"query": "test", "start": data.first * 1000, "end": data.last * 1000}
    for answer in (client.post("/api/v1/query_exemplars", **probe),
                   client.get("/api/v1/query_exemplars", **probe)):
        equal((answer.status, answer.body), (200, b'{"status":"success","data":[]}'))
    found = client.get("/api/v1/query_exemplars", query="rate(traced_total[1m])",
                       start=data.first, end=data.last).data()
    equal(found, [{"seriesLabels": {"__name__": "traced_total", "job": "a"},
                   "exemplars": [
                       {"labels": {"trace_id": "abc"}, "value": "0.25",
                        "timestamp": data.last - 1 + type(found[0]["exemplars"][0]["timestamp"])(
                            "0.993")},
                       {"labels": {}, "value": "0.5", "timestamp": data.last}]}])


@check
def native_histograms_have_buckets(client, data):
    vector = client.get("/api/v1/query", query="native", time=data.first + 2 * STEP)
    series = vector.result("vector")[0]
    equal(series["histogram"], [data.first + 2 * STEP, {
        "count": "8", "sum": "19",
        "buckets": [[0, "1", "2", "2"], [0, "2", "4", "4"], [0, "4", "8", "2"]]}])
    matrix = client.get("/api/v1/query_range", query="native", start=data.first, end=data.last,
                        step=60).result("matrix")
    equal((len(matrix), "values" in matrix[0], len(matrix[0]["histograms"])),
          (1, False, COUNT // 4 + 1))
    floats = client.get("/api/v1/query_range", query="m", start=data.first, end=data.last,
                        step=60)
    equal("histogram" in floats.text, False)


@check
def build_information_shows_a_prometheus(client, data):
    info = client.post("/api/v1/status/buildinfo").data()
    equal(info["application"], "Firn")
    equal([len(part) > 0 and part.isdigit() for part in info["version"].split(".")], [True] * 3)
    equal("features" in info, False)
    equal({"revision", "branch", "buildUser", "buildDate", "goVersion"} <= set(info), True)


@check
def alerting_pages_find_no_rules(client, data):
    for params in ({}, {"group_limit": 40, "exclude_alerts": "true"},
                   {"file": "a", "file[]": "a", "rule_group": "b", "rule_group[]": "b",
                    "rule_name": "c", "rule_name[]": "c"}):
        answer = client.get("/api/v1/rules", **params)
        equal(answer.body, b'{"status":"success","data":{"groups":[]}}')
        equal("json" in answer.headers["Content-Type"], True)
    answer = client.get("/api/v1/alerts")
    equal(answer.body, b'{"status":"success","data":{"alerts":[]}}')
    equal("json" in answer.headers["Content-Type"], True)


@check
def names_are_searched(client, data):
    """An editor asks with these parameters; every line but the last holds results."""
    asked = {"start": data.first, "end": data.last, "limit": 1000, "batch_size": 100,
             "sort_by": "score", "fuzz_threshold": 80, "fuzz_alg": "jarowinkler",
             "case_sensitive": "false"}
    answer = client.get("/api/v1/search/metric_names", **{"search[]": "REQUESTS"}, **asked)
    equal((answer.status, answer.headers["Content-Type"]), (200, "application/x-ndjson"))
    results, trailer = answer.text.splitlines()
    equal(json.loads(results)["results"][0]["name"], "requests_total")
    equal(json.loads(trailer), {"status": "success", "has_more": False})


@check
def unknown_paths_are_json_404_and_never_redirects(client, data):
    for path in ("/api/v1/search/nothing", "/api/v1/search/label_valuez?label=x",
                 "/api/v1/nothing", "/api/v1/query/", "/api/v1/labels/", "/api/v1//query",
                 "/api/v1/label/job", "/api/v1/rules/x"):
        for method in ("GET", "POST"):
            client.send(method, path).error(404, "not_found")
    for path in ("/rules/test/test", "/config/v1/rules/x/y"):
        answer = client.get(path)
        equal((answer.status, "page not found" in answer.text), (404, True), path)


@check
def errors_have_the_codes_of_prometheus(client, data):
    def error(query, status, kind, **params):
        message = client.post("/api/v1/query", query=query, **params).error(status, kind)
        again = client.get("/api/v1/query_range", query=query, start=data.first, end=data.last,
                           step=15, **params).error(status, kind)
        return message, again

    for query in ("sum(", "m{", "rate(m)", "m[5m", "nothing()", "", "m offset x", "1 +"):
        for message in error(query, 400, "bad_data"):
            equal(message.startswith('invalid parameter "query": '), True, message)
    error("m", 400, "bad_data", timeout="soon")
    error("m * on (job) m", 422, "execution")
    error('label_replace(m, "a", "$1", "i", "(")', 422, "execution")
    error('sum by (job) (m) * on (job) group_left () m', 422, "execution")
    client.post("/api/v1/query", query=ENDLESS, timeout="1ms").error(503, "timeout")
    client.get("/api/v1/query_range", query="1").error(400, "bad_data")
    client.get("/api/v1/label/a%ff/values").error(400, "bad_data")
    client.get("/api/v1/series", match="m{").error(400, "bad_data")
    client.get("/api/v1/labels", start="x").error(400, "bad_data")
    client.send("DELETE", "/api/v1/query").error(405, "bad_data")


@check
def warnings_and_infos_are_lists_of_texts(client, data):
    answer = client.get("/api/v1/query", query="rate(m[1m])", time=data.last)
    equal(len(answer.result("vector")), 3)
    equal(len(answer.json()["infos"]) > 0, True)
    answer = client.get("/api/v1/query", query="histogram_quantile(2, latency_bucket)",
                        time=data.last)
    equal(len(answer.json()["warnings"]) > 0, True)
    equal(set(client.get("/api/v1/query", query="m").json()), {"status", "data"})


@check
def statistics_are_given_on_demand(client, data):
    answer = client.post("/api/v1/query", url={"stats": "all"}, query="m", time=data.last)
    equal(answer.data()["stats"]["samples"]["totalQueryableSamples"], 3)
    answer = client.post("/api/v1/query_range", url={"stats": "all"}, query='m{i="0"}',
                         start=data.first, end=data.last, step=15)
    equal(answer.data()["stats"]["samples"]["totalQueryableSamples"], COUNT)
    equal("stats" in client.post("/api/v1/query", query="m").data(), False)


@check
def answers_are_gzip_or_plain(client, data):
    path = f"/api/v1/query_range?query=m&start={data.first}&end={data.last}&step=15"
    plain = client.send("GET", path)
    equal(plain.headers["Content-Encoding"], None)
    equal(len(plain.result("matrix")), 3)
    for accepted, packed in (("gzip", True), ("gzip, deflate, br, zstd", True),
                             ("br, zstd, deflate", False), ("deflate", False), ("zstd", False),
                             ("identity", False), ("gzip;q=0", False), ("GZIP", True),
                             ("br;q=1.0, gzip;q=0.8", True)):
        answer = client.send("GET", path, headers={"Accept-Encoding": accepted})
        equal(answer.headers["Content-Encoding"], "gzip" if packed else None, accepted)
        equal(answer.body, plain.body, accepted)
        equal(len(answer.raw) < len(plain.raw), packed, accepted)


@check
def long_answers_come_whole(client, data):
    path = f"/api/v1/query_range?query=m&start={data.first}&end={data.last}&step=0.12"
    plain = client.send("GET", path)
    steps = (data.last - data.first) * 1000 // 120 + 1
    equal([len(s["values"]) for s in plain.result("matrix")], [steps] * 3)
    packed = client.send("GET", path, headers={"Accept-Encoding": "gzip"})
    equal((packed.body == plain.body, len(packed.raw) < len(plain.raw)), (True, True))
    equal(client.connects, 1, "connections")


@check
def a_connection_stays_open(client, data):
    before = client.connects
    for _ in range(20):
        client.get("/api/v1/query", query="m")
        client.post("/api/v1/query", query="sum(").error(400, "bad_data")
        client.send("GET", "/api/v1/nothing").error(404, "not_found")
        client.post_empty("/api/v1/labels")
        client.send("POST", "/api/v1/rules", "a=b", {"Content-Type": FORM})
        client.get("/api/v1/query", query="m * on (job) m").error(422, "execution")
    equal(client.connects, max(before, 1), "connections")
    config = client.get("/api/v1/status/config").data()["yaml"]
    idle = [line for line in config.splitlines() if line.startswith("idle_timeout:")]
    equal(idle, ["idle_timeout: 3m"], "above the 90 s of Grafana")


@check
def headers_of_grafana_are_accepted(client, data):
    headers = {"User-Agent": "Grafana/13.0.0", "X-Grafana-Org-Id": "1", "X-Grafana-User": "admin",
               "X-Dashboard-Title": "a%20b", "X-Query-Group-Id": "1", "X-Cache-Skip": "true",
               "FromAlert": "true", "Authorization": "Bearer " + "x" * 4000, "X-Id-Token": "y",
               "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
               "Cookie": "a=" + "b" * 8000, "Accept": "application/json, text/plain, */*",
               "Content-Type": FORM}
    equal(client.send("POST", "/api/v1/query", "query=1%2B1&time=4", headers).result("scalar"),
          [4, "2"])


@check
def ten_queries_run_side_by_side(client, data):
    results = [None] * 10

    def ask(n, port):
        own = Client(port)
        try:
            results[n] = own.post("/api/v1/query_range", query=f"sum(m) + {n}", start=data.first,
                                  end=data.last, step=15).values()[0][1]
        finally:
            own.close()

    threads = [threading.Thread(target=ask, args=(n, client.port)) for n in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    equal(results, [str(300 + n) for n in range(10)])


@check
def a_closed_connection_cancels_its_query(client, data):
    running = lambda: client.get("/api/v1/status/active_queries").data()
    equal(running(), [])
    with socket.create_connection((HOST, client.port)) as s:
        body = "query=" + http_quote(f"{ENDLESS} + {ENDLESS}")
        body += f"&start={data.first}&end={data.last}&step=0.2"
        s.sendall(f"POST /api/v1/query_range HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\n"
                  f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
        wait_until("the query runs", running, 10)
    wait_until("the query is cancelled", lambda: not running(), 10)


@check
def recording_rules_of_grafana_can_be_written(client, data):
    def write(value, path="/api/v1/push"):
        series = remote_write.encode_series({"__name__": "recorded"}, [(data.last * 1000, value)])
        return client.send("POST", path, remote_write.snappy(series),
                           {**remote_write.HEADERS, "User-Agent": "grafana-recording-rule"})

    for path in ("/api/v1/push", "/api/v1/write"):
        equal(write(1.0, path).status, 204, "a sample that is already there")
    answer = write(2.0)  # Another replica of Grafana; it looks for this text.
    equal((answer.status, "duplicate sample for timestamp" in answer.text), (400, True),
          answer.text)


def run_checks(label, port, data):
    failed = 0
    for function in CHECKS:
        client = Client(port)
        try:
            function(client, data)
        except (Failure, ValueError, KeyError, IndexError, TypeError, OSError,
                http.client.HTTPException) as error:
            failed += 1
            print(f"FAIL {label}: {function.__name__}: {type(error).__name__}: {error}")
        finally:
            client.close()
    print(f"{label}: {len(CHECKS) - failed} of {len(CHECKS)} checks passed", flush=True)
    return failed


def test(servers):
    firn = servers.add_firn(sys.argv[1], self_scrape_interval="0")
    firn.start()
    data = Data(time.time())
    status, text = remote_write.write(firn.port, data.message())
    equal((status, text), (204, ""), "writing the data")
    failed = run_checks("in memory", firn.port, data)
    equal(firn_process.request(firn.port, "POST", "/api/v1/admin/tsdb/seal")[0], 204, "sealing")
    failed += run_checks("sealed", firn.port, data)
    equal(firn.stop(), 0, "exit code")
    firn.start()
    failed += run_checks("restarted", firn.port, data)
    if failed:
        raise Failure(f"{failed} checks failed")


if __name__ == "__main__":
    firn_process.run(test)
