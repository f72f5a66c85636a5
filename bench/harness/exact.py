"""The exact suite: every scenario with every engine that searches exactly, side by side."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

import engines
from harness import contenders, truth
from harness.contenders import Contender
from harness.race import race
from harness.workers import WorkerFailure

LARGEST_K = 100
TUNED = " tuned"


class Side(NamedTuple):
    """One index of one contender: a column of the table."""

    label: str
    contender: Contender
    index: str
    built: dict
    tuned: tuple
    """Search parameters raced against each other; none: the library as installed."""

    def ways(self, filtered):
        """How to ask. With a filter every way to pass it, and no tuning: that is of matrix products."""
        if not filtered:
            return [{"index": self.index, "parameters": parameters} for parameters in self.tuned or ({},)]
        filters = () if self.tuned else engines.adapter(self.contender.engine).filters
        return [{"index": self.index, "how": how} for how in filters]

    def about(self):
        loaded = self.contender.loaded
        return {
            "version": loaded["version"], "kernels": loaded["kernels"], "environment": self.contender.settings,
            "convert_seconds": loaded["seconds"], "build_seconds": self.built["seconds"],
            "build_bytes": self.built["bytes"],
        }


class ExactSuite:
    """One data set in the hands of all contenders. `not_there` tells which engines are missing, and why."""

    def __init__(self, data, load, names, runs, seconds_at_least):
        self.data, self.runs, self.seconds_at_least = data, runs, seconds_at_least
        self.folder = Path(load["base"]).parent
        self.names = [name for name in names if engines.adapter(name).exact]
        self.ready, self.not_there = contenders.gather(self.names, load)
        self.absent = {
            label: {"not_there": reason}
            for name, reason in self.not_there.items() for label in engines.adapter(name).exact
        }
        self.sides = [side for contender in self.ready for side in self.sides_of(contender)]
        self.truths = {None: truth.find(data, LARGEST_K)}

    def sides_of(self, contender):
        """The engine as installed, and tuned: the latter in its last, fastest environment."""
        adapter = engines.adapter(contender.engine)
        last = [other for other in self.ready if other.engine == contender.engine][-1]
        for index, parameters in adapter.exact.items():
            try:
                built = contenders.build(contender, index, parameters)
            except WorkerFailure as failure:
                self.not_there[index] = failure.reason
                self.absent[index] = {"not_there": failure.reason}
                continue
            if not contender.settings:
                yield Side(index, contender, index, built, ())
            if adapter.tuned and contender is last:
                yield Side(index + TUNED, contender, index, built, adapter.tuned)

    def labels(self):
        """The columns in the order of the engines, of what is there and of what is not."""
        there = [side.label for side in self.sides]
        return [
            label for name in self.names for index in engines.adapter(name).exact
            for label in (index, index + TUNED) if label in there or label in self.absent
        ]

    def close(self):
        for contender in self.ready:
            contender.worker.close()

    def measure(self, scenario):
        """Label -> times and recall, or why it failed or is not there; no label where it has no such search."""
        search = scenario.search(len(self.data.queries))
        if scenario.percent:
            search["filter"] = self.filter(scenario.percent)
        results, entered = dict(self.absent), []
        for side in self.sides:
            for way in side.ways(scenario.percent):
                try:
                    recall = self.recall(side, {**search, **way}, scenario)
                    entered.append((side, {**search, **way}, recall))
                except WorkerFailure as failure:
                    results[side.label] = {"failed": failure.reason}
        times = race([(side.contender, search) for side, search, _ in entered], self.runs, self.seconds_at_least)
        for (side, search, recall), taken in zip(entered, times):
            result = {**taken, **recall, "how": search.get("how"), "parameters": search.get("parameters", {})}
            results[side.label] = merged(result, results.get(side.label))
        return results

    def recall(self, side, search, scenario):
        output = self.folder / "answers.npy"
        side.contender.worker.ask({"do": "answers", "output": str(output), **search})
        recall, same_rows = self.truths[scenario.percent].recall(np.load(output), scenario.k)
        return {"recall": recall, "same_rows": same_rows}

    def filter(self, percent):
        """The file with the rows that pass, the same ones for everybody."""
        path = self.folder / f"filter-{percent}.npy"
        if percent not in self.truths:
            rows = len(self.data.base)
            passing = np.random.default_rng(percent).choice(rows, max(1, rows * percent // 100), replace=False)
            np.save(path, np.sort(passing))
            self.truths[percent] = truth.find(self.data, LARGEST_K, np.sort(passing))
        return str(path)


def merged(result, other):
    """Of two ways to ask the same: the faster one's times and the worse one's recall, or the failure."""
    if other is None or "failed" in result:
        return result
    if "failed" in other:
        return other
    times = min(result, other, key=lambda way: way["seconds"])
    return {**times, **{share: min(result[share], other[share]) for share in ("recall", "same_rows")}}
