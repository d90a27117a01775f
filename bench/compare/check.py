"""Compares the answers of two servers to the same question."""
import json
import math

# Why an answer of VictoriaMetrics may differ from Prometheus' without being an accident.
KNOWN = {
    "rate": "rate, increase and what is made of them: no extrapolation to the window's edges, and "
            "the last sample before the window counts",
    "gaps": "range queries: points before the first and after the last sample of a series follow "
            "another rule of staleness",
    "names": "avg_over_time, max_over_time, quantile_over_time and others keep the metric name",
    "nan": "samples that are NaN are not stored",
    "ties": "which of equal series topk takes",
    "window": "functions over a range also see the last sample before it",
}


def series_of(body):
    """{labels: {time: value}} of an answer, or a text that says why there is none."""
    try:
        answer = json.loads(body)
    except ValueError:
        return "not JSON"
    if answer.get("status") != "success":
        return str(answer.get("error", "no success"))
    data = answer["data"]
    if data["resultType"] == "scalar":
        return {(): {data["result"][0]: float(data["result"][1])}}
    out = {}
    for one in data["result"]:
        labels = tuple(sorted(one["metric"].items()))
        points = one["values"] if "values" in one else [one["value"]]
        out[labels] = {round(t, 3): float(v) for t, v in points}
    return out


def difference(a, b):
    if a == b or (math.isnan(a) and math.isnan(b)):
        return 0.0
    if math.isnan(a) or math.isnan(b) or math.isinf(a) or math.isinf(b):
        return math.inf
    return abs(a - b) / max(abs(a), abs(b))


def compare(reference, other):
    """What differs: a dict with `same`, and counts and the largest and median difference."""
    if isinstance(reference, str) or isinstance(other, str):
        return {"same": False, "error": [x if isinstance(x, str) else "none"
                                         for x in (reference, other)]}
    missing = [k for k in reference if k not in other]
    extra = [k for k in other if k not in reference]
    differences, points = [], 0
    for labels in reference.keys() & other.keys():
        mine, theirs = reference[labels], other[labels]
        points += len(mine.keys() ^ theirs.keys())
        differences += [difference(mine[t], theirs[t]) for t in mine.keys() & theirs.keys()]
    differences.sort()
    worst = differences[-1] if differences else 0.0
    return {"same": not missing and not extra and points == 0 and worst < 1e-9,
            "series": len(reference), "missing_series": len(missing), "extra_series": len(extra),
            "unpaired_points": points, "largest_difference": worst if worst < math.inf else "inf",
            "median_difference": differences[len(differences) // 2] if differences else 0.0,
            "bit_equal": sum(d == 0 for d in differences), "points": len(differences)}


def judge(queries, answers, reference="prometheus"):
    """{server: {query: comparison}} against the reference server."""
    verdicts = {}
    parsed = {kind: [series_of(b) for b in bodies] for kind, bodies in answers.items()}
    for kind, bodies in parsed.items():
        if kind == reference or reference not in parsed:
            continue
        verdicts[kind] = {}
        for query, mine, theirs in zip(queries, parsed[reference], bodies):
            verdict = compare(mine, theirs)
            verdict["known"] = KNOWN.get(query.kin, "") if kind == "victoria-metrics" else ""
            verdicts[kind][query.name] = verdict
    return verdicts
