"""Seeded random series. No sample lies on a whole or half second, so that no window edge of
the generated queries (which are on those) coincides with a sample: Prometheus 2 counts a
sample at the left edge of a window, Prometheus 3 does not."""

import math
from dataclasses import dataclass

from remote_write import NAN_BITS, STALE_BITS, bits_of

START_MS = 1_700_000_000_000
SPAN_MS = 7_200_000
END_MS = START_MS + SPAN_MS

JOBS = ("api", "web", "db")
INSTANCES = ("a:9090", "b:9090", "c:9091")
CODES = ("200", "404", "500")
METHODS = ("GET", "POST")
ROOMS = ("attic", "cellar")
BOUNDS = ("0.005", "0.05", "0.25", "1", "5", "+Inf")


@dataclass
class Series:
    labels: dict
    samples: list  # (t_ms, bits)


def _times(rng):
    """Scrape times of one target: a phase, an interval, jitter, and now and then a gap."""
    interval = rng.choice((15_000, 15_000, 30_000, 60_000))
    t = START_MS + rng.randrange(1, interval)
    if rng.random() < 0.15:
        t += rng.randrange(0, SPAN_MS // 2)
    end = END_MS if rng.random() < 0.8 else END_MS - rng.randrange(0, SPAN_MS // 2)
    jitter = rng.choice((0, 3, 40, 700))
    out = []
    while t < end:
        at = t + rng.randint(-jitter, jitter)
        at = max(at, out[-1][0] + 1) if out else at
        at += at % 500 == 0
        gap = rng.random() < 0.01
        out.append((at, gap))
        t += interval * rng.randrange(2, 40) if gap else interval
    return out


def _with_stale(rng, points):
    """Marks the series' end before some of its gaps, as a scraper does."""
    out = []
    for at, gap, value in points:
        out.append((at, bits_of(value)))
        if gap and rng.random() < 0.6:
            stale_at = at + 5_000
            out.append((stale_at + (stale_at % 500 == 0), STALE_BITS))
    return out


def _counter(rng, times):
    # Large after a gap: Prometheus 2 and 3 extrapolate to zero differently there.
    step = rng.choice((1, 7, 0.125, 1000))
    value = step * rng.randrange(2000, 9000)
    out = []
    since_reset = 0
    for i, (at, gap) in enumerate(times):
        near_gap = any(g for _, g in times[max(0, i - 2) : i + 120])
        since_reset += 1
        if not near_gap and since_reset > 100 and rng.random() < 0.03:
            value, since_reset = step * rng.randrange(0, 3), 0
        elif rng.random() < 0.8:
            value += step * rng.randrange(0, 12)
        out.append((at, gap, value))
    return _with_stale(rng, out)


def _gauge(rng, times):
    value = rng.uniform(-40, 40)
    out = []
    for at, gap in times:
        value += rng.gauss(0, 3)
        out.append((at, gap, value))
    return _with_stale(rng, out)


def _small_integers(rng, times):
    return _with_stale(rng, [(at, gap, float(rng.randrange(-2, 4))) for at, gap in times])


def _constant(rng, times):
    return _with_stale(rng, [(at, gap, 1.0) for at, gap in times])


def _special(rng, times):
    odd = (NAN_BITS, bits_of(math.inf), bits_of(-math.inf), bits_of(-0.0), bits_of(0.0))
    calm = rng.choice((0.3, 0.9, 0.97))
    out = []
    for at, _ in times:
        bits = rng.choice(odd) if rng.random() > calm else bits_of(float(rng.randrange(-50, 50)))
        out.append((at, bits))
    return out


def _huge(rng, times):
    pool = (1.7976931348623157e308, -1e300, 5e-324, 1e-300, 2.5e-310, 123456789012345680.0, 0.1)
    return [(at, bits_of(rng.choice(pool))) for at, _ in times]


def _histogram(rng, labels, times, name, bounds):
    """Cumulative counters, one for each bound, with their count and sum."""
    per_bucket = [rng.randrange(500, 4000) for _ in bounds]
    speeds = [rng.randrange(0, 9) for _ in bounds]
    total = float(sum(per_bucket))
    columns = {bound: [] for bound in bounds}
    counts, sums = [], []
    for at, gap in times:
        for i, speed in enumerate(speeds):
            per_bucket[i] += rng.randrange(0, speed + 1)
        total += sum(speeds) / 8
        running = 0
        for i, bound in enumerate(bounds):
            running += per_bucket[i]
            columns[bound].append((at, gap, float(running)))
        counts.append((at, gap, float(running)))
        sums.append((at, gap, total))
    ends = rng.getrandbits(64)
    out = []
    for suffix, extra, points in [("_bucket", {"le": b}, columns[b]) for b in bounds] + [
        ("_count", {}, counts),
        ("_sum", {}, sums),
    ]:
        # All series of one histogram go stale together.
        samples = _with_stale(type(rng)(ends), points)
        out.append(Series({"__name__": name + suffix, **labels, **extra}, samples))
    return out


def generate(rng):
    out = []

    def add(name, labels, make, times=None):
        samples = make(rng, times or _times(rng))
        out.append(Series({"__name__": name, **labels}, samples))

    for job in JOBS:
        for instance in INSTANCES[: rng.randrange(2, 4)]:
            target = {"job": job, "instance": instance}
            if job == "web":
                target["zone"] = rng.choice(("eu", "us"))
            times = _times(rng)
            add("up", target, _constant, times)
            add("build_info", {**target, "version": rng.choice(("v1", "v2"))}, _constant, times)
            add("memory_bytes", target, _gauge, times)
            add("queue_length", target, _small_integers, times)
            add("errors_total", target, _counter, times)
            add("special", target, _special)
            for code in CODES:
                for method in METHODS[: rng.randrange(1, 3)]:
                    labels = {**target, "code": code, "method": method}
                    add("requests_total", labels, _counter, times)
            for room in ROOMS:
                add("temperature", {**target, "room": room}, _gauge)
            out.extend(_histogram(rng, target, times, "latency_seconds", BOUNDS))
        add("quota", {"job": job}, _small_integers)
        add("huge", {"job": job}, _huge)
    odd = {"job": "odd"}
    times = _times(rng)
    out.extend(_histogram(rng, odd, times, "negative", ("-5", "-1", "0", "2", "+Inf")))
    out.extend(_histogram(rng, odd, times, "unbounded", ("1", "2", "4")))
    out.extend(_histogram(rng, odd, times, "lonely", ("+Inf",)))
    out.extend(_histogram(rng, odd, times, "doubled", ("1", "1.0", "2e0", "+Inf")))
    return out


def requests(series, slice_ms=600_000):
    """The data set in order of time, as lists for remote_write.encode."""
    for start in range(START_MS - 60_000, END_MS + 60_000, slice_ms):
        batch = []
        for one in series:
            samples = [s for s in one.samples if start <= s[0] < start + slice_ms]
            if samples:
                batch.append((one.labels, samples))
        if batch:
            yield batch
