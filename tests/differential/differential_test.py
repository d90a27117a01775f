#!/usr/bin/env python3
"""Asks Prometheus and Firn the same random questions about the same random series.

Exit status: 0 all answers agree, 1 some differ, 77 there is no Prometheus to compare with."""

import argparse
import collections
import json
import random
import shutil
import sys
import tempfile
import time

import comparison
import dataset
import grammar
import remote_write
import servers

SKIPPED = 77


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--firn", required=True, help="the firn program")
    parser.add_argument("--prometheus", default="prometheus", help="the reference, 2.42")
    parser.add_argument("--queries", type=int, default=2000)
    parser.add_argument("--seed", type=int, help="default: from the clock")
    parser.add_argument("--failures-max", type=int, default=10, help="stop after so many")
    return parser.parse_args()


def random_times(rng):
    """Parameters of a query; times on half seconds, steps whole seconds."""
    second = rng.randrange(-600, dataset.SPAN_MS // 1000 + 900)
    start = dataset.START_MS // 1000 + second
    if rng.random() < 0.45:
        return "/api/v1/query", {"time": f"{start}.5"}
    step = rng.choice((1, 7, 15, 60, 300, 780))
    end = start + step * rng.randrange(0, 60)
    return "/api/v1/query_range", {"start": f"{start}.5", "end": f"{end}.5", "step": str(step)}


def for_firn(text):
    """The query in the words of Prometheus 3."""
    return text.replace("holt_winters(", "double_exponential_smoothing(")


def load(series, targets):
    samples = 0
    for batch in dataset.requests(series):
        body = remote_write.encode(batch)
        for target in targets:
            target.write(body)
        samples += sum(len(one[1]) for one in batch)
    print(f"{len(series)} series, {samples} samples")


def clip(answer, limit=1500):
    text = json.dumps(answer)
    return text if len(text) <= limit else text[:limit] + " …"


def report(number, args, query, path, times, why, answers):
    print(f"\nDIFFERENCE in query {number} of seed {args.seed}: {why}")
    print(f"  {path} {times}\n  {query.text}")
    print(f"  prometheus: {clip(answers[0])}\n  firn:       {clip(answers[1])}", flush=True)


def size_of(answer):
    if answer["status"] != "success":
        return "errors"
    return "answers" if answer["data"]["result"] else "empty answers"


def compare_all(args, rng, prometheus, firn):
    generator = grammar.Generator(rng)
    counts = collections.Counter()
    excused = collections.Counter()
    failures = 0
    for number in range(args.queries):
        query = generator.query()
        path, times = random_times(rng)
        mutant = rng.random() < 0.06
        if mutant:
            query.text = grammar.mutate(rng, query.text)
        answers = [
            prometheus.query(path, {"query": query.text, **times}),
            firn.query(path, {"query": for_firn(query.text), **times}),
        ]
        if mutant and answers[0]["status"] == "error":
            # The language has grown: a text that was refused may have a meaning now.
            counts["mutants refused by Prometheus"] += 1
            continue
        counts[size_of(answers[0])] += 1
        why, excuse = comparison.difference(query, *answers)
        if excuse:
            excused[excuse] += 1
        if not why:
            continue
        report(number, args, query, path, times, why, answers)
        failures += 1
        if failures == args.failures_max:
            print("giving up", flush=True)
            break
    for name, count in sorted(counts.items()):
        print(f"{name}: {count}")
    for name, count in sorted(excused.items()):
        print(f"excused: {name}: {count}")
    return failures


def main():
    args = parse_arguments()
    if args.seed is None:
        args.seed = time.time_ns() % 1_000_000
    print(f"seed {args.seed}, {args.queries} queries", flush=True)
    reference = shutil.which(args.prometheus)
    if reference is None:
        print(f"{args.prometheus}: no such program; nothing to compare with")
        return SKIPPED
    rng = random.Random(args.seed)
    series = dataset.generate(rng)
    with tempfile.TemporaryDirectory(prefix="firn_differential_") as folder:
        with servers.start_prometheus(reference, folder) as prometheus:
            with servers.start_firn(args.firn, folder) as firn:
                for server in (prometheus, firn):
                    server.await_ready()
                load(series, (prometheus, firn))
                failures = compare_all(args, rng, prometheus, firn)
    print(f"{failures} differences")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
