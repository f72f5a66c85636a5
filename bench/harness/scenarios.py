"""What the exact suite measures, and how many times as fast as FAISS anear is wanted to be."""

from typing import NamedTuple

BATCHES = (1, 8, 32, 128, 1_000, 10_000)
FILTERED_BATCHES = (1, 128)
# Of queries asked one by one, or in small batches, at least so many different ones.
QUERIES_AT_LEAST = 100
PLAIN, PREFILTER = "anear plain", "anear prefilter"
# Of the gain at k = 10, what must be left at k = 100.
KEPT_AT_100 = 0.8


class Scenario(NamedTuple):
    batch: int
    threads: int
    k: int
    percent: int | None = None
    """Of the rows, how many pass the filter; None: no filter."""

    @property
    def name(self):
        asked = "1 query" if self.batch == 1 else f"{self.batch} queries"
        filtered = f", {self.percent} % pass" if self.percent else ""
        return f"{asked}, {self.threads} thread{'s' * (self.threads > 1)}, k={self.k}{filtered}"

    def search(self, available):
        """The worker's request, with as many of the available queries as take part: whole batches."""
        batches = min(-(-QUERIES_AT_LEAST // self.batch), available // self.batch)
        return {
            "queries": self.batch * batches, "batch": self.batch, "k": self.k, "threads": self.threads,
        }

    def wanted(self, gains_at_10):
        """Label of ours -> the ratio of FAISS's time to ours that we aim for.

        `gains_at_10` are the ratios reached in the same scenario with k = 10.
        """
        if self.k != 10:
            return {label: KEPT_AT_100 * gain for label, gain in gains_at_10.items()}
        if self.percent:
            return {PREFILTER: 4}
        if self.threads == 1:
            return {PLAIN: 1.1, PREFILTER: 3} if self.batch == 1 else {}
        if self.batch <= 8:
            return {PREFILTER: 4}
        return {PREFILTER: 8} if self.batch <= 128 else {PLAIN: 1.3, PREFILTER: 2}


def every(queries):
    """All that a data set with so many queries allows."""
    batches = [batch for batch in BATCHES if batch <= queries]
    for k in (10, 100):
        for batch in batches:
            for threads in (1, 2):
                yield Scenario(batch, threads, k)
    for percent in (1, 10):
        for batch in FILTERED_BATCHES:
            if batch <= queries:
                for threads in (1, 2):
                    yield Scenario(batch, threads, 10, percent)


def few(queries):
    """For a smoke run."""
    some = [Scenario(1, 1, 10), Scenario(32, 2, 10), Scenario(1, 1, 100), Scenario(1, 1, 10, 10)]
    return [scenario for scenario in some if scenario.batch <= queries]
