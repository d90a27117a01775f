"""What Firn acknowledged is still there after kill -9, and after a graceful stop.

usage: kill_test.py FIRN_BINARY [SEED]
Some threads write without a pause; after a random number of acknowledged requests the server
is killed, started again, and every acknowledged sample must be read back. A request whose
answer never came must be there wholly or not at all; its thread then repeats it.
"""

import http.client
import random
import sys
import threading
import time

import firn_process
import remote_write
from firn_process import HOST, Failure, get_json, request, wait_until

THREADS = 4
SERIES = 20  # Of each request,
SAMPLES = 5  # ... and of each of its series.
SAMPLE_MS = 100
BATCH_MS = SAMPLES * SAMPLE_MS
START_MS = int(time.time() * 1000) - 15 * 60_000
ACKED_MIN, ACKED_MAX = 100, 1000  # Per round.


def value(thread, series, t):
    """Unlike any other sample's value, and exact as a float."""
    return float((t * SERIES + series) * THREADS + thread)


def batch_times(batch):
    first = START_MS + batch * BATCH_MS
    return range(first, first + BATCH_MS, SAMPLE_MS)


def labels(thread, series):
    return {"__name__": "kill_test", "thread": str(thread), "series": str(series)}


def encode_batch(thread, batch):
    return remote_write.snappy(b"".join(
        remote_write.encode_series(
            labels(thread, series), [(t, value(thread, series, t)) for t in batch_times(batch)])
        for series in range(SERIES)))


class Sender(threading.Thread):
    """Writes batch after batch until the server goes away."""

    def __init__(self, port, number, first):
        super().__init__(daemon=True)
        self.number = number
        self.acknowledged = first  # Batches before it were answered with 204.
        self.interrupted = False
        self.refused = None
        self._port = port

    def run(self):
        connection = http.client.HTTPConnection(HOST, self._port, timeout=30)
        try:
            while self.refused is None:
                body = encode_batch(self.number, self.acknowledged)
                connection.request("POST", "/api/v1/write", body, remote_write.HEADERS)
                response = connection.getresponse()
                text = response.read()
                if response.status == 204:
                    self.acknowledged += 1
                elif response.status == 503:  # Shutting down: the batch counts as unanswered.
                    self.interrupted = True
                    return
                else:
                    self.refused = f"{response.status} {text!r}"
        except (OSError, http.client.HTTPException):
            self.interrupted = True
        finally:
            connection.close()


class Round:
    def __init__(self, firn, next_batches):
        self.firn = firn
        self.senders = [Sender(firn.port, n, first) for n, first in enumerate(next_batches)]
        self._before = sum(next_batches)

    def acknowledged(self):
        if refused := [s.refused for s in self.senders if s.refused]:
            raise Failure(f"a write was refused: {refused[0]}")
        return sum(s.acknowledged for s in self.senders) - self._before

    def start(self, wanted):
        """Returns once `wanted` requests of this round are acknowledged."""
        for sender in self.senders:
            sender.start()
        wait_until(f"{wanted} requests acknowledged", lambda: self.acknowledged() >= wanted, 60)

    def end(self):
        for sender in self.senders:
            sender.join(30)
            if sender.is_alive():
                raise Failure("a sender still waits for the server that ended")
        if not any(s.interrupted for s in self.senders):
            raise Failure("the server ended while nothing was written: nothing was tested")
        return self.acknowledged(), [s.acknowledged for s in self.senders]


def stored_samples(port, thread, until_ms):
    """Series number to {t: value} of all that is stored of a thread, read as raw samples."""
    data = get_json(port, "/api/v1/query", query=f'kill_test{{thread="{thread}"}}'
                    f"[{until_ms - START_MS + 1}ms]", time=f"{until_ms / 1000:.3f}")
    return {int(s["metric"]["series"]): {round(t * 1000): float(v) for t, v in s["values"]}
            for s in data["result"]}


def verify(port, next_batches):
    """Checks all that was ever acknowledged; returns samples and unanswered batches found."""
    samples = survived = 0
    for thread, batches in enumerate(next_batches):
        stored = stored_samples(port, thread, START_MS + (batches + 1) * BATCH_MS)
        whole = [t for b in range(batches) for t in batch_times(b)]
        unanswered = list(batch_times(batches))
        kept = {any(t in stored.get(s, {}) for t in unanswered) for s in range(SERIES)}
        if len(kept) == 2:
            raise Failure(f"thread {thread}: an unanswered request was kept in part")
        if kept == {True}:
            whole += unanswered
            survived += 1
        for series in range(SERIES):
            found = stored.get(series, {})
            if lost := [t for t in whole if t not in found]:
                raise Failure(f"{labels(thread, series)}: {len(lost)} of {len(whole)} samples "
                              f"are lost, the first at {lost[0]} ({lost[0] - START_MS} ms)")
            if len(found) != len(whole):
                raise Failure(f"{labels(thread, series)}: {len(found)} samples, "
                              f"{len(whole)} were written")
            if wrong := [t for t in whole if found[t] != value(thread, series, t)]:
                raise Failure(f"{labels(thread, series)}: wrong value at {wrong[0]}")
            samples += len(whole)
    return samples, survived


def seal(port):
    status, _, body = request(port, "POST", "/api/v1/admin/tsdb/seal")
    if status != 204:
        raise Failure(f"sealing: {status} {body!r}")


def seal_until_killed(port):
    """Seals again and again, so that the kill meets a seal."""
    def loop():
        try:
            while True:
                seal(port)
        except (OSError, http.client.HTTPException, Failure):
            pass
    thread = threading.Thread(target=loop, daemon=True)
    thread.start()
    return thread


ROUNDS = ["kill", "kill", "seal, then kill", "kill while sealing", "kill while sealing",
          "graceful stop", "kill", "graceful stop"]


def play(firn, kind, next_batches, rng):
    this = Round(firn, next_batches)
    sealing = seal_until_killed(firn.port) if kind == "kill while sealing" else None
    wanted = rng.randint(ACKED_MIN, ACKED_MAX)
    this.start(wanted)
    if kind == "seal, then kill":
        seal(firn.port)
        more = this.acknowledged() + rng.randint(20, 100)
        wait_until("writes after sealing", lambda: this.acknowledged() >= more, 60)
    if kind == "graceful stop":
        code = firn.stop()
        if code != 0:
            raise Failure(f"firn ended with {code} after SIGTERM")
    else:
        firn.kill()
    count, next_batches = this.end()
    if sealing:
        sealing.join(30)
    restarted = time.monotonic()
    firn.start()
    restarted = time.monotonic() - restarted
    samples, survived = verify(firn.port, next_batches)
    print(f"{kind}: {count} requests acknowledged, up again after {restarted:.2f} s, all "
          f"{samples} samples there, {survived} unanswered requests kept whole", flush=True)
    return next_batches


def test(servers):
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 32)
    print(f"seed {seed}", flush=True)
    rng = random.Random(seed)
    # Small windows, so that some are sealed and merged on the way.
    firn = servers.add_firn(sys.argv[1], self_scrape_interval="0", head_window="1m",
                            out_of_order_window="10s")
    firn.start()
    next_batches = [0] * THREADS
    for kind in ROUNDS:
        next_batches = play(firn, kind, next_batches, rng)
    # One more start without a write in between.
    firn.kill()
    firn.start()
    samples, _ = verify(firn.port, next_batches)
    print(f"{len(ROUNDS)} of {len(ROUNDS)} rounds passed, {samples} samples verified")


if __name__ == "__main__":
    firn_process.run(test)
