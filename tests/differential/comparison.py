"""Whether two answers of the HTTP API say the same, and why not."""

import math
import re
from collections import Counter

EXACT = 1e-12
APPROXIMATE = 1e-9

# Where Prometheus 3.14, which Firn follows, fails and 2.42 does not: part of the error text,
# and what changed.
FAILS_SINCE = {
    "multiple matches for labels": "the check for several matches now comes before the filter",
    "Parameter value is NaN": "a NaN parameter of topk and bottomk is now refused",
}

# Expressions that 2.42 answers otherwise than 3.14: a pattern, and what changed. Only an answer
# that differs is excused.
CHANGED_SINCE = (
    (r"\batan2\b", "atan2 now drops metric names, as the other operators do"),
    (r"\bstd(dev|var)\b", "stddev and stdvar of one NaN or infinity are now NaN, not 0"),
    (r"\bpredict_linear\(.*@", "predict_linear of what is pinned now follows the steps"),
    (r"\b(topk|bottomk|quantile)\b.*@", "a parameter now follows the steps if only the rest is pinned"),
    (r"\bcount_values by \(|\bcount_values\b.*\) by \(", "labels of `by` beside the new one are now kept"),
    (r"\btimestamp\(.*@", "timestamp of a pinned selector now follows the pin and its offset"),
    (r"\bcount_values\b.*(\b(a?(sin|cos|tan)h?|atan2|exp|ln|log2|log10)\b|_over_time|avg|sum|\^)",
     "a value differs in its last bit, and is a label here"),
    (r"(\^|\bavg\b).*%", "a power or an average differs in its last bit, and the remainder grows that"),
    (r"\b(ln|log2|log10)\(.*(huge|=~)", "Go 1.19 took wrong logarithms of subnormal numbers"),
)


def difference(query, expected, got):
    """(difference or "", name of an excused difference or "")."""
    why, excuse = _difference(query, expected, got)
    if why:
        for pattern, change in CHANGED_SINCE:
            if re.search(pattern, query.text):
                return "", change
    return why, excuse


def _difference(query, expected, got):
    if expected["status"] != got["status"]:
        return _status_difference(expected, got)
    if expected["status"] == "error":
        if expected["errorType"] != got["errorType"]:
            return f"error types {expected['errorType']} and {got['errorType']}", ""
        return "", ""
    left, right = expected["data"], got["data"]
    if left["resultType"] != right["resultType"]:
        return f"types {left['resultType']} and {right['resultType']}", ""
    if left["resultType"] == "scalar":
        return _points_difference(query, [left["result"]], [right["result"]]), ""
    if left["resultType"] == "string":
        return ("" if left["result"] == right["result"] else "strings differ"), ""
    if query.values_only:
        return _values_difference(query, left["result"], right["result"]), ""
    return _series_difference(query, left["result"], right["result"]), ""


def _status_difference(expected, got):
    if got["status"] == "error":
        for text, why in FAILS_SINCE.items():
            if text in got["error"]:
                return "", why
    return f"status {expected['status']} and {got['status']}", ""


def _points(series):
    return series["values"] if "values" in series else [series["value"]]


def _series_difference(query, left, right):
    if query.ordered and "value" in (left or [{}])[0]:
        order = [_key(one) for one in left], [_key(one) for one in right]
        if order[0] != order[1]:
            return "the order differs"
    by_labels = [{_key(one): one for one in side} for side in (left, right)]
    if len(by_labels[1]) != len(right):
        return "a label set occurs twice"
    missing = by_labels[0].keys() - by_labels[1].keys()
    if missing:
        return f"missing: {dict(min(missing))}"
    extra = by_labels[1].keys() - by_labels[0].keys()
    if extra:
        return f"too much: {dict(min(extra))}"
    for key, one in by_labels[0].items():
        why = _points_difference(query, _points(one), _points(by_labels[1][key]))
        if why:
            return f"{dict(key)}: {why}"
    return ""


def _key(series):
    return tuple(sorted(series["metric"].items()))


def _points_difference(query, left, right):
    if [p[0] for p in left] != [p[0] for p in right]:
        return f"times differ, {len(left)} points and {len(right)}"
    for (t, a), (_, b) in zip(left, right):
        if not _equal(query, a, b):
            return f"at {t}: {a} and {b}"
    return ""


def _equal(query, a, b):
    if a == b:
        return True
    x, y = float(a), float(b)
    if x == y or (math.isnan(x) and math.isnan(y)):
        return True
    if not (math.isfinite(x) and math.isfinite(y)):
        return False
    tolerance = APPROXIMATE if query.approximate else EXACT
    if query.approximate and abs(x - y) < 1e-8:
        return True
    return abs(x - y) <= tolerance * max(abs(x), abs(y))


def _values_difference(query, left, right):
    """Compares how often each value occurs at each time."""
    counts = [Counter((t, v) for one in side for t, v in _points(one)) for side in (left, right)]
    if counts[0] == counts[1]:
        return ""
    sides = [sorted((t, float(v)) for t, v in c.elements()) for c in counts]
    if len(sides[0]) == len(sides[1]) and all(
        a[0] == b[0] and _equal(query, a[1], b[1]) for a, b in zip(*sides)
    ):
        return ""
    return "other values were chosen"
