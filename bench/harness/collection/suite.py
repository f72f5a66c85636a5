"""What is measured, side by side: adds, searches, opening and bytes.

Each measurement is label -> what was found, or {"failed": why}. Their order is that of the
methods: what is searched and opened is what the bulk add has stored.
"""

import numpy as np

from harness.collection import contenders, disk
from harness.collection.turns import Try, best, failed, race
from harness.workers import WorkerFailure

K = 10
# Single adds of a run, or fewer where there are less than twenty times as many rows.
SINGLES = 1_000
# A run asks so many queries, each with a condition that no other run has; others check the answers.
QUERIES = 150
CHECKED = 100
# Ways to search that find less than this do not count, unless the store has no better one.
RECALL_AT_LEAST = 0.99


class Suite:
    """All contenders with the data. `not_there` tells which are missing, and why."""

    def __init__(self, names, folder, loads, answers, runs):
        self.folder, self.answers, self.runs = folder, answers, runs
        load, self.load_to_ask = loads
        self.ready, self.not_there = contenders.gather(names, load, folder)
        self.singles = min(SINGLES, len(answers.vectors) // 20)
        conditions = len(answers.conditions["all"])
        self.checked = min(CHECKED, conditions // 4)
        # The last ones check the answers, and as many before them as there are runs are the first after opening.
        self.first_checked = conditions - self.checked
        self.queries = min(QUERIES, (self.first_checked - runs) // runs)

    def close(self):
        for contender in self.ready:
            contender.worker.close()

    def add_many(self):
        """Of one add of all rows: seconds as installed, seconds synced with the best setting, and bytes."""

        def turn(contender, setting):
            return lambda _: contender.ask("bulk", setting=setting, folder=disk.fresh(contender.filled(setting)))

        results = race([
            Try(contender.label, {"setting": setting}, turn(contender, setting))
            for contender in self.ready for setting in contender.adapter.settings
        ], self.runs)
        measured = self.each(results, lambda contender, found: {
            "seconds": as_installed(contender, found)["seconds"],
            "synced_seconds": best(found, "synced_seconds")["synced_seconds"],
            "setting": best(found, "synced_seconds")["setting"],
            **disk.size(contender.filled(contender.adapter.settings[0])),
        })
        self.retire(contender for contender in self.ready if failed(measured[contender.label]))
        return measured

    def retire(self, contenders):
        """Those take no further part."""
        for contender in list(contenders):
            contender.worker.close()
            self.ready.remove(contender)

    def add_singles(self):
        """Of adds of one row: seconds each as installed, seconds each synced with the best setting, closing, bytes."""

        def turn(contender, setting, synced):
            def run(_):
                folder = disk.copied(contender.filled(setting), contender.folder / "singles")
                done = contender.ask("singles", setting=setting, synced=synced, count=self.singles, folder=folder)
                return {**done, **disk.size(folder)}

            return run

        results = race([
            Try(contender.label, {"setting": setting, "synced": synced}, turn(contender, setting, synced))
            for contender in self.ready for setting in contender.adapter.settings
            for synced in ((True,) if "single" in contender.adapter.syncs else (False, True))
        ], self.runs)

        def summary(contender, found):
            installed = as_installed(contender, found)
            synced = best([result for result in found if result["synced"]], "seconds")
            return {
                "seconds": installed["seconds"], "synced_seconds": synced["seconds"], "setting": synced["setting"],
                "close_seconds": best(found, "close_seconds")["close_seconds"],
                "bytes": installed["bytes"], "allocated_bytes": installed["allocated_bytes"],
            }

        return self.each(results, summary)

    def build_indexes(self):
        """Opens what was stored as installed and builds its indexes: the seconds, and the bytes with them."""
        found = {}
        for contender in self.ready:
            folder = contender.filled(contender.adapter.settings[0])
            try:
                contender.ask("open", folder=str(folder))
                found[contender.label] = {**contender.ask("index"), **disk.size(folder)}
            except WorkerFailure as failure:
                found[contender.label] = {"failed": failure.reason}
        return found

    def search(self, scenario):
        """Of the fastest way that finds nearly all: seconds a query, recall, and the way."""
        tries, broken = [], {}
        for contender in self.ready:
            try:
                tries += self.good_ways(contender, scenario)
            except WorkerFailure as failure:
                broken[contender.label] = {"failed": failure.reason}
        results = race(tries, self.runs)
        return broken | self.each(results, lambda _, found: best(found, "seconds"))

    def good_ways(self, contender, scenario):
        """A try for each way that finds nearly all; where none does, for the one that finds most."""
        ways = contender.ask("ways", scenario=scenario)["ways"]
        recalls = [self.recall(contender, scenario, way) for way in ways]

        def turn(way):
            return lambda run: contender.ask(
                "measure", scenario=scenario, way=way, k=K, first=run * self.queries, count=self.queries)

        return [
            Try(contender.label, {"way": way, "recall": recall}, turn(way))
            for way, recall in zip(ways, recalls) if recall >= min(RECALL_AT_LEAST, max(recalls))
        ]

    def recall(self, contender, scenario, way):
        output = self.folder / "answers.npy"
        contender.ask(
            "answers", scenario=scenario, way=way, k=K, first=self.first_checked, count=self.checked, output=str(output))
        return self.answers.recall(scenario, self.first_checked, np.load(output))

    def open_again(self, scenario, searches):
        """Of a new process with the files in the page cache: seconds until opened, and until the first answer."""
        searched = [contender for contender in self.ready if "way" in searches.get(contender.label, {})]
        for contender in searched:
            contender.ask("close")

        def turn(contender):
            way, folder = searches[contender.label]["way"], contender.filled(contender.adapter.settings[0])

            def run(number):
                worker, _ = contenders.start(contender.name, self.load_to_ask)
                fresh = contender._replace(worker=worker)
                try:
                    return fresh.ask(
                        "first", folder=str(folder), scenario=scenario, way=way, k=K,
                        first=self.first_checked - 1 - number)
                finally:
                    worker.close()

            return run

        results = race([Try(contender.label, {}, turn(contender)) for contender in searched], self.runs)
        return self.each(results, lambda _, found: {
            name: best(found, name)[name] for name in ("seconds", "answer_seconds")})

    def each(self, results, summary):
        """The summary of each contender's results; a failure stays what it is."""
        return {
            contender.label: found if failed(found) else summary(contender, found)
            for contender in self.ready if (found := results.get(contender.label))
        }


def as_installed(contender, found):
    """The best of the results with the first setting and nothing synced for it."""
    plain = [result for result in found if result["setting"] == contender.adapter.settings[0]]
    unsynced = [result for result in plain if not result.get("synced")]
    return best(unsynced or plain, "seconds")
