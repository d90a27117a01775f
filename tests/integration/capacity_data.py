"""Five months of a platform's metrics: a web API, jobs on GPUs, a queue, Postgres, Redis.

Everything is made from a seed, so that outputs can be compared to the letter.
"""

import math
import random

import remote_write
from firn_process import Failure, request

STEP = 1800  # Seconds.
DAY = 86400
END = 1_790_812_800  # 2026-10-01T00:00:00Z, the present of all tests.
DAYS = 150
START = END - DAYS * DAY
GIB = 1 << 30
DISK_LEFT = 60 * GIB  # Of the database's disk at END.
DISK_FULL_DAYS = DISK_LEFT / ((390 * GIB - DISK_LEFT) / DAYS)  # The truth: 27 days.


def daily(t, peak_hour=14):
    """Between 0 at night and 1 in the afternoon."""
    return 0.5 + 0.5 * math.cos((t % DAY / 3600 - peak_hour) / 24 * 2 * math.pi)


def weekday(t):
    return 0.6 if (t // DAY + 3) % 7 >= 5 else 1.0  # 1970-01-01 was a Thursday.


def series(rng):
    """(labels, function of time) of every series; functions are called in the order of time."""
    def grown(first, last, noise):
        def value(t):
            part = (t - START) / (END - START)
            return first + (last - first) * part + rng.gauss(0, noise)
        return value

    def constant(v):
        return lambda t: v

    def wave(base, swing, growth, noise):
        def value(t):
            part = (t - START) / (END - START)
            return max(0.0, (base + swing * daily(t) * weekday(t)) * (1 + growth * part) + rng.gauss(0, noise))
        return value

    def counter(rate):
        total = 0.0

        def value(t):
            nonlocal total
            total += max(0.0, rate(t)) * STEP
            return total
        return value

    def sawtooth(period_days, top):
        return lambda t: top * ((t - START) / DAY % period_days) / period_days + rng.gauss(0, top / 200)

    disk = {"instance": "db1:9100", "mountpoint": "/var/lib/postgresql", "job": "node"}
    root = {"instance": "web1:9100", "mountpoint": "/", "job": "node"}
    yield {"__name__": "node_filesystem_size_bytes", **disk}, constant(500.0 * GIB)
    yield {"__name__": "node_filesystem_avail_bytes", **disk}, grown(390 * GIB, DISK_LEFT, 0.6 * GIB)
    yield {"__name__": "node_filesystem_size_bytes", **root}, constant(80.0 * GIB)
    yield {"__name__": "node_filesystem_avail_bytes", **root}, grown(60 * GIB, 59 * GIB, 0.4 * GIB)
    for instance, base, growth in (("web1:9100", 2.2, 0.5), ("web2:9100", 1.1, 0.0)):
        labels = {"__name__": "node_cpu_seconds_total", "instance": instance, "cpu": "0", "job": "node"}
        yield {**labels, "mode": "user"}, counter(wave(base, base, growth, 0.1))
    pod = {"namespace": "prod", "container": "web-api"}
    yield {"__name__": "container_memory_working_set_bytes", **pod}, wave(1.1 * GIB, 0.5 * GIB, 0.35, 0.02 * GIB)
    yield {"__name__": "container_spec_memory_limit_bytes", **pod}, constant(3.0 * GIB)
    for gpu, growth in (("0", 0.6), ("1", 0.1)):
        labels = {"gpu": gpu, "Hostname": "gpu1"}
        yield {"__name__": "DCGM_FI_DEV_FB_USED", **labels}, wave(21_000, 9_000, growth, 300)
    yield {"__name__": "generation_jobs_queued", "queue": "images"}, wave(10, 60, 2.0, 6)
    yield {"__name__": "pg_stat_activity_count", "datname": "app"}, wave(40, 50, 0.9, 3)
    yield {"__name__": "pg_settings_max_connections", "server": "db1:5432"}, constant(200.0)
    yield {"__name__": "redis_memory_used_bytes", "instance": "redis1:9121"}, sawtooth(7, 5.0 * GIB)
    yield {"__name__": "redis_memory_max_bytes", "instance": "redis1:9121"}, constant(6.0 * GIB)


def load(port):
    """Writes all of it and settles it into tiers; the server must take old samples."""
    rng = random.Random(7)
    for labels, value in series(rng):
        points = [(t * 1000, value(t)) for t in range(START, END + 1, STEP)]
        status, text = remote_write.write(port, remote_write.encode_series(labels, points))
        if status not in (200, 204):
            raise Failure(f"write of {labels}: {status} {text}")
    status, _, text = request(port, "POST", "/api/v1/admin/tsdb/compact?force=true", timeout=300)
    if status != 204:
        raise Failure(f"compact: {status} {text}")
