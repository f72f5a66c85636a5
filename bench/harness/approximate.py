"""The approximate suite: recall against queries a second of every engine's indexes."""

from itertools import zip_longest
from pathlib import Path

import numpy as np

import engines
from harness import contenders, truth
from harness.race import race
from harness.workers import WorkerFailure

K = 10
# One query a call on one thread, and all queries in one call on two.
QUERIES = 1_000
MODES = ("single", "batch")


class ApproximateSuite:
    """One data set in the hands of all contenders, every index of every curve built."""

    def __init__(self, data, load, names, runs, seconds_at_least, quick):
        self.data = data._replace(queries=data.queries[:QUERIES])
        self.runs, self.seconds_at_least, self.quick = runs, seconds_at_least, quick
        self.output = Path(load["base"]).with_name("answers.npy")
        self.ready, self.not_there = contenders.gather(names, load)
        self.ready = fastest_of_each(self.ready)
        self.truth = truth.find(self.data, K)

    def close(self):
        for contender in self.ready:
            contender.worker.close()

    def build(self, only):
        """Builds each index whose label contains the text; yields (contender, curve, what it took)."""
        for contender in self.ready:
            curves = engines.adapter(contender.engine).curves(len(self.data.base))
            curves = [curve for curve in curves if only in curve.label]
            for curve in curves[:2] if self.quick else curves:
                try:
                    yield contender, curve, contenders.build(contender, curve.label, curve.build)
                except WorkerFailure as failure:
                    self.not_there[curve.label] = failure.reason

    def rounds(self, built):
        """The points of the curves side by side: the first of each, the second of each, and so on."""
        searches = [curve.searches[::4] if self.quick else curve.searches for _, curve, _ in built]
        for points in zip_longest(*searches):
            yield [(contender, curve, point) for (contender, curve, _), point in zip(built, points) if point is not None]

    def measure(self, points):
        """For each point of a round: its recall and its seconds a query in both modes."""
        entries, results = [], []
        for contender, curve, parameters in points:
            search = {"index": curve.label, "k": K, "parameters": parameters, "queries": len(self.data.queries)}
            single, batch = {**search, "batch": 1, "threads": 1}, {**search, "batch": search["queries"], "threads": 2}
            results.append({"label": curve.label, "parameters": parameters, **self.recall(contender, batch)})
            entries += [(contender, single), (contender, batch)]
        times = race(entries, self.runs, self.seconds_at_least)
        for at, result in enumerate(results):
            result.update(zip(MODES, times[2 * at:]))
        return results

    def recall(self, contender, search):
        try:
            contender.worker.ask({"do": "answers", "output": str(self.output), **search})
        except WorkerFailure as failure:
            return {"failed": failure.reason}
        recall, same_rows = self.truth.recall(np.load(self.output), K)
        return {"recall": recall, "same_rows": same_rows}


def fastest_of_each(ready):
    """The last of each engine's contenders: the tuned one, where there is one."""
    chosen = {contender.engine: contender for contender in ready}
    for contender in ready:
        if contender is not chosen[contender.engine]:
            contender.worker.close()
    return list(chosen.values())
