"""Measures cases on request: reads a JSON line {"case", "seconds"} and answers {"times"} or {"error"}."""

import json
import sys
import time

WARM_UP_SECONDS = 0.25
LEAST_SAMPLES, MOST_SAMPLES = 3, 60
SAMPLE_SECONDS = 1e-3  # shorter calls are timed several at once


def timed(call, repeats):
    start = time.perf_counter()
    for _ in range(repeats):
        call()
    return (time.perf_counter() - start) / repeats


def warm_up(call):
    """Call until caches are warm; returns how many calls make one sample."""
    took, best, calls = 0.0, float("inf"), 0
    while calls < 3 or (took < WARM_UP_SECONDS and calls < 200):
        seconds = timed(call, 1)
        took, best, calls = took + seconds, min(best, seconds), calls + 1
        if took > 3:
            break
    return max(1, round(SAMPLE_SECONDS / best))


def measure(call, repeats, budget):
    times, took = [], 0.0
    while len(times) < LEAST_SAMPLES or (took < budget and len(times) < MOST_SAMPLES):
        seconds = timed(call, repeats)
        times.append(seconds)
        took += seconds * repeats
        if took > 4 * budget:
            break
    return times


def main():
    # Results go to the real stdout; whatever the library prints goes to stderr.
    answers, sys.stdout = sys.stdout, sys.stderr
    import mlx.core as mx
    from cases import CASES

    table = {case.name: case for case in CASES}
    print(json.dumps({"device": str(mx.default_device())}), file=answers, flush=True)
    current, call, repeats = None, None, 1
    for line in sys.stdin:
        request = json.loads(line)
        try:
            case = table[request["case"]]
            if case.name != current:
                current, call = None, None  # release the last case's arrays before making new ones
                call = case.prepare(case.full)
                repeats = warm_up(call)
                current = case.name
            answer = {"times": [t / case.calls for t in measure(call, repeats, request["seconds"])]}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
