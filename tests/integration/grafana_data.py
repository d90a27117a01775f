"""The small data set that grafana_test.py writes and knows the answers for."""

import remote_write

STEP = 15  # Seconds between samples.
COUNT = 81  # Samples of a series; the last one is at the start of the test.

SPECIAL = {"nan": float("nan"), "inf": float("inf"), "ninf": float("-inf"), "zero": -0.0,
           "tiny": 5e-324, "small": 1e-7, "big": 1e21, "third": 1 / 3,
           "max": 1.7976931348623157e308}
SPECIAL_TEXT = {"nan": "NaN", "inf": "+Inf", "ninf": "-Inf", "zero": "-0", "tiny": "5e-324",
                "small": "1e-07", "big": "1e+21", "third": "0.3333333333333333",
                "max": "1.7976931348623157e+308"}
ODD_VALUE = 'a"b\\c\nd<e>&\u20ac\U0001f600'


class Data:
    """Times are whole seconds: `first`, `last`, and the value n at first + 15 n."""

    def __init__(self, now):
        self.last = int(now)
        self.first = self.last - (COUNT - 1) * STEP

    def message(self):
        times = [(self.first + n * STEP) * 1000 for n in range(COUNT)]

        def series(name, value, **labels):
            return remote_write.encode_series(
                {"__name__": name, **labels}, [(t, value(n)) for n, t in enumerate(times)])

        out = [series("m", lambda n, i=i: n + 100.0 * i, i=str(i), job="a") for i in range(3)]
        out += [series("requests_total", lambda n: 30.0 * n, job="a", code="200",
                       **{"http.route": "/x"}),
                series("requests_total", lambda n: 3.0 * n, job="b", code="500"),
                series("utf8.metric", lambda n: 1.0, under_score="1", **{"a.b": "1"}),
                series("recorded", lambda n: 1.0),
               series("odd", lambda n: 1.0, text=ODD_VALUE)]
        out += [series("special", lambda n, v=v: v, kind=kind) for kind, v in SPECIAL.items()]
        out += [series("latency_bucket", lambda n, c=c: c * n, le=le)
                for le, c in (("0.1", 1.0), ("1", 3.0), ("+Inf", 4.0))]
        # Only at the beginning, and with milliseconds.
        out.append(remote_write.encode_series({"__name__": "early", "job": "old"},
                                              [(times[0] + 123, 1.5)]))
        out.append(remote_write.encode_series(
            {"__name__": "native", "job": "a"}, [],
            histograms=[remote_write.encode_histogram(t, [n, 2 * n, n], 9.5 * n)
                        for n, t in enumerate(times)]))
        out.append(remote_write.encode_series(
            {"__name__": "traced_total", "job": "a"}, [(times[-1], 5.0)],
            exemplars=[(times[-1] - 7, 0.25, {"trace_id": "abc"}), (times[-1], 0.5, {})]))
        out += [remote_write.encode_metadata("requests_total", "counter", "Requests <served>."),
                remote_write.encode_metadata("latency", "histogram", "Latency.", "seconds"),
                remote_write.encode_metadata("m", "gauge", "")]
        return b"".join(out)


METRICS = sorted(["m", "requests_total", "utf8.metric", "odd", "special", "latency_bucket",
                  "early", "native", "traced_total", "recorded"])
LABELS = sorted(["__name__", "i", "job", "code", "http.route", "under_score", "a.b", "text",
                 "kind", "le"])
