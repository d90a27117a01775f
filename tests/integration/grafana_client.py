"""Asks Firn as Grafana's data source does, and reads the answers as strictly as it does."""

import decimal
import gzip
import http.client
import json
import math
import re
import urllib.parse

from firn_process import HOST, Failure

FORM = "application/x-www-form-urlencoded"


def _object(pairs):
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise Failure(f"a JSON object names a key twice: {keys}")
    return dict(pairs)


def _constant(text):
    raise Failure(f"{text} is no JSON")


def _no_null(value, where="answer"):
    if value is None:
        raise Failure(f"null at {where}")
    if isinstance(value, dict):
        for key, inner in value.items():
            _no_null(inner, f"{where}.{key}")
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            _no_null(inner, f"{where}[{i}]")


def _require(condition, text):
    if not condition:
        raise Failure(text)


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.raw = body
        self.body = gzip.decompress(body) if headers["Content-Encoding"] == "gzip" else body

    @property
    def text(self):
        return self.body.decode("utf-8")

    def json(self):
        return json.loads(self.text, object_pairs_hook=_object, parse_float=decimal.Decimal,
                          parse_constant=_constant)

    def data(self):
        """`data` of a success, after a look at the envelope."""
        _require(self.status == 200, f"{self.status} {self.text[:300]}")
        _require("json" in self.headers["Content-Type"], self.headers["Content-Type"])
        _require(self.text.startswith('{"status":"success","data":'), self.text[:100])
        answer = self.json()
        _no_null(answer)
        _require(set(answer) <= {"status", "data", "warnings", "infos"}, str(list(answer)))
        for key in ("warnings", "infos"):
            if key in answer:
                texts = answer[key]
                _require(texts and all(isinstance(t, str) for t in texts), f"{key} {texts}")
        return answer["data"]

    def error(self, status, kind):
        """The message of an error of that status and type."""
        _require(self.status == status, f"{self.status}, not {status}: {self.text[:300]}")
        _require("json" in self.headers["Content-Type"], self.headers["Content-Type"])
        answer = self.json()
        _require(list(answer) == ["status", "errorType", "error"], self.text[:300])
        _require(answer["status"] == "error" and answer["errorType"] == kind, self.text[:300])
        _require(answer["error"] and isinstance(answer["error"], str), "no message")
        return answer["error"]

    def result(self, kind):
        """The result of a query, whose every element must be as the data source reads it."""
        data = self.data()
        _require(list(data)[:2] == ["resultType", "result"], f"order of keys {list(data)}")
        _require(data["resultType"] == kind, f"{data['resultType']}, not {kind}")
        result = data["result"]
        if kind in ("scalar", "string"):
            _check_pair(result, kind == "scalar")
            return result
        _require(isinstance(result, list), "result is no list")
        for series in result:
            _check_series(series, kind)
        if re.search(r'\d,"[^"]*\\', self.text):
            raise Failure("an escape inside a value")
        return result

    def values(self):
        """Of a matrix of one series: [(seconds, value)]."""
        result = self.result("matrix")
        _require(len(result) == 1, f"{len(result)} series, not 1")
        return [(float(t), v) for t, v in result[0]["values"]]


def _check_pair(pair, number=True):
    _require(isinstance(pair, list) and len(pair) == 2, f"pair {pair}")
    t, v = pair
    _require(isinstance(t, (int, decimal.Decimal)), f"time {t!r}")
    _require(isinstance(t, int) or t.as_tuple().exponent >= -3, f"time {t} is too exact")
    _require(isinstance(v, str), f"value {v!r}")
    if number:
        # 1e999 parses as infinity, which only words may say.
        _require(math.isfinite(float(v)) or v in ("NaN", "+Inf", "-Inf"), f"value {v!r}")


def _check_histogram(pair):
    _require(len(pair) == 2 and isinstance(pair[0], (int, decimal.Decimal)), f"pair {pair}")
    histogram = pair[1]
    float(histogram["count"]), float(histogram["sum"])
    for bucket in histogram.get("buckets", []):
        _require(len(bucket) == 4 and bucket[0] in (0, 1, 2, 3), f"bucket {bucket}")
        for text in bucket[1:]:
            _require(isinstance(text, str), f"bucket {bucket}")
            float(text)


def _check_series(series, kind):
    names = list(series["metric"])
    _require(names == sorted(names), f"labels in disorder: {names}")
    _require(all(isinstance(v, str) for v in series["metric"].values()), f"{series['metric']}")
    keys = {"vector": ("value", "histogram"), "matrix": ("values", "histograms")}[kind]
    own = set(series) - {"metric"}
    _require(own and own <= set(keys), f"keys of a series: {list(series)}")
    if kind == "vector":
        _require(len(own) == 1, f"keys of a series: {list(series)}")
        series = {key + "s": [series[key]] for key in own}
    for key in ("values", "histograms"):
        if key in series:
            _require(series[key], f"empty {key}")
            for pair in series[key]:
                (_check_pair if key == "values" else _check_histogram)(pair)


class Client:
    """Keeps one connection open, as Grafana's does, and says how often it had to be opened."""

    def __init__(self, port):
        self.port = port
        self._connection = http.client.HTTPConnection(HOST, port, timeout=60)
        self.connects = 0

    def close(self):
        self._connection.close()

    def send(self, method, target, body=None, headers=None):
        if self._connection.sock is None:
            self.connects += 1
        self._connection.request(method, target, body, headers or {})
        response = self._connection.getresponse()
        return Answer(response.status, response.headers, response.read())

    def get(self, path, **params):
        return self.send("GET", _target(path, params))

    def post(self, path, url=None, **form):
        """`url`: parameters that go to the URL; the others are the form."""
        return self.send("POST", _target(path, url or {}), _encode(form),
                         {"Content-Type": FORM})

    def post_empty(self, path, **url):
        """No body and no type of it, everything in the URL."""
        return self.send("POST", _target(path, url), None, {"Content-Length": "0"})


def _encode(params):
    # `match` stands for match[], which is no Python name.
    return urllib.parse.urlencode(
        {("match[]" if key == "match" else key): value for key, value in params.items()}, True)


def _target(path, params):
    return path + ("?" + _encode(params) if params else "")
