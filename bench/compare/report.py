"""Medians, ratios, the table and the plot of a finished comparison."""
import math
import statistics

# key of a result, title, unit, whether more is better, and what is aimed at:
# Firn's share of VictoriaMetrics' and of Prometheus' figure.
FIGURES = [
    ("samples_per_second", "ingest", "samples/s", True, 1.8, 7),
    ("cpu_per_million", "server CPU", "s per M samples", False, 0.35, 0.09),
    ("ack_p50_ms", "acknowledged, median", "ms", False, None, None),
    ("ack_p99_ms", "acknowledged, 99th percentile", "ms", False, None, None),
    ("rss_peak_mib", "memory, peak", "MiB", False, 0.7, 0.35),
    ("rss_steady_mib", "memory, steady", "MiB", False, 0.7, 0.35),
    ("disk_running", "disk while running", "B/sample", False, None, None),
    ("disk_merged", "disk after merge", "B/sample", False, 0.5, 0.25),
    ("disk_raw", "the same without coarser tiers", "B/sample", False, None, None),
    ("written_per_sample", "written to disk", "B/sample", False, None, None),
    ("restart_s", "restart after kill -9", "s", False, None, None),
    ("lost_samples", "acknowledged, then lost by kill -9", "samples", False, None, None),
    ("warm_ms", "queries warm, geometric mean", "ms", False, 0.35, 0.25),
    ("merged_ms", "queries warm after merge, geometric mean", "ms", False, 0.35, 0.25),
    ("cold_ms", "queries cold, geometric mean", "ms", False, 0.5, 0.5),
    ("parallel_per_second", "8 parallel clients", "queries/s", True, 2.5, 3),
]
# Where other aims hold: a peer's own share of what does not grow with time is less over a day, its
# series are few, and over a year it is queries that tiers are for.
OTHER_AIMS = {
    "long": {"disk_merged": (0.75, 0.25), "rss_peak_mib": (None, None),
             "rss_steady_mib": (None, None)},
    "year": {key: (0.1, 0.1) if key in ("warm_ms", "merged_ms", "cold_ms") else (None, None)
             for key, *_ in FIGURES},
}
PEERS = ("victoria-metrics", "prometheus")


def geometric_mean(values):
    values = [max(v, 1e-3) for v in values]
    return math.exp(statistics.fmean(math.log(v) for v in values)) if values else math.nan


def medians(runs):
    """One result of the median of each figure, from results of repeats."""
    out = {}
    for key, *_ in FIGURES:
        values = [r[key] for r in runs if r.get(key) is not None]
        if values:
            out[key] = statistics.median(values)
    for state in ("warm", "merged", "cold"):
        names = runs[0].get(f"{state}_queries", {})
        out[f"{state}_queries"] = {
            n: statistics.median(r[f"{state}_queries"][n] for r in runs) for n in names}
    out["other_work"] = max(r["other_work"] for r in runs)
    return out


def text(value):
    if value is None:
        return "-"
    if value == 0:
        return "0"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def ratio(firn, peer):
    return firn / peer if firn is not None and peer else None


def verdict(value, aim, more):
    if value is None or aim is None:
        return ""
    return " ok" if (value >= aim if more else value <= aim) else " -"


def table(results, size):
    """Markdown of one workload: {kind: medians}."""
    kinds = list(results)
    peers = [p for p in PEERS if p in kinds]
    head = ["what", "unit", *kinds, *(f"firn/{p} (aim)" for p in peers)]
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    for key, title, unit, more, *aims in FIGURES:
        aims = OTHER_AIMS.get(size, {}).get(key, aims)
        cells = [title, unit, *(text(results[k].get(key)) for k in kinds)]
        for peer in peers:
            value = ratio(results["firn"].get(key), results[peer].get(key))
            aim = aims[PEERS.index(peer)]
            cells.append(text(value) + (f" ({'≥' if more else '≤'} {aim})" if aim else "") +
                         verdict(value, aim, more))
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def slower_queries(results):
    """Queries that Firn answers slower than a peer: (state, name, firn ms, peer, peer ms)."""
    rows = []
    for state in ("warm", "merged", "cold"):
        for peer in PEERS:
            theirs = results.get(peer, {}).get(f"{state}_queries", {})
            for name, ms in results["firn"].get(f"{state}_queries", {}).items():
                if name in theirs and ms > theirs[name]:
                    rows.append((state, name, ms, peer, theirs[name]))
    return sorted(rows, key=lambda r: -r[2] / max(r[4], 1e-3))


def plot(all_results, caption):
    """SVG: per workload and figure Firn's ratio to each peer on a logarithmic scale, turned so
    that right of the line is better."""
    rows = []
    for workload, results in all_results.items():
        rows.append((workload, None))
        for key, title, _, more, *_ in FIGURES:
            values = {}
            for peer in PEERS:
                value = ratio(results["firn"].get(key), results.get(peer, {}).get(key))
                if value:
                    values[peer] = value if more else 1 / value
            if values:
                rows.append((title, values))
    left, width, height, low, high = 300, 520, 22, 0.1, 100
    total = height * len(rows) + 90

    def x(value):
        share = math.log(min(max(value, low), high) / low) / math.log(high / low)
        return left + width * share

    colours = {"victoria-metrics": "#d1495b", "prometheus": "#30638e"}
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 60}" height="{total}" '
           'font-family="sans-serif" font-size="12">',
           f'<rect width="{left + width + 60}" height="{total}" fill="#ffffff"/>',
           f'<text x="10" y="18" font-size="13">{caption}</text>']
    bottom = 60 + height * len(rows)
    for tick in (0.1, 0.3, 1, 3, 10, 30, 100):
        colour, weight = ("#000000", 1.5) if tick == 1 else ("#cccccc", 0.7)
        out.append(f'<line x1="{x(tick):.1f}" y1="48" x2="{x(tick):.1f}" y2="{bottom}" '
                   f'stroke="{colour}" stroke-width="{weight}"/>')
        out.append(f'<text x="{x(tick):.1f}" y="44" text-anchor="middle">{tick:g}x</text>')
    for peer, at in zip(PEERS, (left, left + 170)):
        out.append(f'<circle cx="{at}" cy="{bottom + 16}" r="5" fill="{colours[peer]}"/>'
                   f'<text x="{at + 10}" y="{bottom + 20}">better than {peer}</text>')
    for n, (title, values) in enumerate(rows):
        y = 62 + height * n
        if values is None:
            out.append(f'<text x="10" y="{y + 4}" font-weight="bold">{title}</text>')
            continue
        out.append(f'<text x="{left - 12}" y="{y + 4}" text-anchor="end">{title}</text>')
        for peer, value in values.items():
            out.append(f'<circle cx="{x(value):.1f}" cy="{y}" r="5" fill="{colours[peer]}">'
                       f'<title>{peer}: {value:.2f}x</title></circle>')
    return "\n".join(out + ["</svg>", ""])
