"""Contenders taking turns, with a limit on the time that one of them may take of the others."""

import time
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from harness.race import SETTLE_SECONDS
from harness.workers import WorkerFailure

# Who has used up so much with one thing to try has no further turn at it.
SECONDS_AT_MOST = 60


class Try(NamedTuple):
    """One way to do what is timed: `turn` does it, given the number of the run, and returns a dictionary."""

    label: str
    about: dict
    turn: Callable


def race(tries, runs):
    """Label -> what its tries returned, each result with what it is about; or {"failed": why} when one failed.

    Each run begins with another one, so that nobody always follows the same one.
    """
    found, spent = {one.label: [] for one in tries}, Counter()
    for run in range(runs):
        for step in range(len(tries)):
            place = (run + step) % len(tries)
            one = tries[place]
            if failed(found[one.label]) or spent[place] > SECONDS_AT_MOST:
                continue
            time.sleep(SETTLE_SECONDS)
            begin = time.perf_counter()
            try:
                found[one.label].append({**one.about, **one.turn(run)})
            except WorkerFailure as failure:
                found[one.label] = {"failed": failure.reason}
            spent[place] += time.perf_counter() - begin
    return found


def failed(results):
    return "failed" in results


def best(results, name):
    """The result with the least of the named number."""
    return min(results, key=lambda result: result[name])
