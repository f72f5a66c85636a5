"""Runs of several searches in turns."""

import math
import statistics
import time

from harness.workers import WorkerFailure, take_turns

# OpenBLAS keeps its threads spinning for 2^26 cycles after a call; the next contender's time
# begins after that.
SETTLE_SECONDS = 0.04
# A round of turns that takes longer is repeated a few times only.
LONG_ROUND_SECONDS = 4
LONG_ROUND_RUNS = 3


def race(entries, runs, seconds_at_least):
    """For each (contender, search): the best and the median seconds a query, or why it failed."""
    failures = [None] * len(entries)

    def turn(place):
        contender, search = entries[place]
        if failures[place] is None:
            try:
                time.sleep(SETTLE_SECONDS)
                return contender.worker.seconds({"do": "measure", "seconds_at_least": seconds_at_least, **search})
            except WorkerFailure as failure:
                failures[place] = failure.reason
        return math.inf

    turns = [lambda place=place: turn(place) for place in range(len(entries))]
    begin = time.perf_counter()
    once = take_turns(turns, 1)
    if time.perf_counter() - begin > LONG_ROUND_SECONDS:
        runs = min(runs, LONG_ROUND_RUNS)
    seconds = [one + more for one, more in zip(once, take_turns(turns, runs - 1, first=1))]
    return [
        {"failed": failure} if failure
        else {"seconds": min(taken), "median_seconds": statistics.median(taken), "runs": len(taken)}
        for failure, taken in zip(failures, seconds)
    ]
