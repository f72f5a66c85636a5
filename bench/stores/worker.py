"""The process of one store: `python -P -m stores.worker lancedb`, then JSON requests.

    {"do": "load", "vectors": PATH, "queries": PATH, "metadata": PATH, "conditions": PATH}
        an opening process is given no vectors and no metadata
    {"do": "bulk", "folder": F, "setting": {..}}
        seconds until the add returned, and until all of it is on the disk
    {"do": "singles", "folder": F, "setting": {..}, "count": 1000, "synced": true}
        seconds an add, and those of closing afterwards
    {"do": "open", "folder": F} then {"do": "index"}, any searches, {"do": "close"}
    {"do": "answers", ..a search.., "output": PATH}   the ids found, the metadata checked
    {"do": "measure", ..a search..}                   seconds a query
    {"do": "first", "folder": F, ..a search..}        seconds until opened, and until the first answer

A search names "scenario" (a list in the file of conditions), "way", "k", and the queries: from
number "first" on "count" of them.
"""

import gc
import json
import os
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np

import stores
from harness.serve import serve
from stores.store import COLUMNS, condition

THREADS = 2
# A pass of a slow searcher ends early, once it has answered some and taken so long.
QUERIES_AT_LEAST = 10
SECONDS_AT_MOST = 3
# File systems stamp files with the time of the last tick.
TICK_NS = 10_000_000


class Process:
    def __init__(self, name):
        self.entry = stores.STORES[name]
        self.store = stores.adapter(name)(THREADS)

    def answer(self, request):
        return getattr(self, "do_" + request["do"])(request)

    def do_load(self, request):
        self.queries = np.load(request["queries"])
        self.conditions = {
            scenario: [condition(given) for given in conditions]
            for scenario, conditions in read(request["conditions"]).items()
        }
        if "vectors" in request:
            self.vectors, self.metadata = np.load(request["vectors"]), read(request["metadata"])
        return {"version": version(self.entry.packages[0])}

    def do_bulk(self, request):
        folder, store = request["folder"], self.store
        store.create(folder, self.vectors.shape[1], **request["setting"])
        ids = list(range(len(self.vectors)))
        clock = Clock()
        with clock:
            store.add(self.vectors, ids, self.metadata)
        added = clock.seconds
        if "bulk" not in store.syncs:
            with clock:
                sync(changed(folder, 0))
        store.close()
        return {"seconds": added, "synced_seconds": clock.seconds}

    def do_singles(self, request):
        folder, store = request["folder"], self.store
        store.open(folder, **request["setting"])
        values = list(zip(*(self.metadata[name] for name in COLUMNS)))
        clock = Clock()
        to_sync = request["synced"] and "single" not in store.syncs
        for at in range(request["count"]):
            row, before = at % len(values), time.time_ns()
            with clock:
                store.add_one(self.vectors[row], len(values) + at, values[row])
            if to_sync:
                files = changed(folder, before)
                with clock:
                    sync(files)
        closing = Clock()
        with closing:
            store.close()
        return {"seconds": clock.seconds / request["count"], "close_seconds": closing.seconds}

    def do_open(self, request):
        self.store.open(request["folder"])
        return {}

    def do_index(self, _request):
        clock = Clock()
        if self.store.build_indexes:
            with clock:
                self.store.build_indexes()
        return {"seconds": clock.seconds}

    def do_close(self, _request):
        self.store.close()
        return {}

    def do_ways(self, request):
        """What may be named as a "way" in searches of the scenario."""
        return {"ways": self.store.ways(self.conditions[request["scenario"]][0])}

    def do_answers(self, request):
        search = self.store.searcher(request["k"], **request["way"])
        found = np.full((request["count"], request["k"]), -1)
        for at, asked in enumerate(self.asked(request)):
            rows = self.store.rows(search(*asked))
            for id, *values in rows:
                true = [self.metadata[name][id] for name in COLUMNS]
                if values != true:
                    raise ValueError(f"row {id} came with {values} and was given {true}")
            found[at, :len(rows)] = [row[0] for row in rows]
        np.save(request["output"], found)
        return {}

    def do_measure(self, request):
        search = self.store.searcher(request["k"], **request["way"])
        clock, done = Clock(), 0
        gc.disable()
        for query, where in self.asked(request):
            with clock:
                search(query, where)
            done += 1
            if done >= QUERIES_AT_LEAST and clock.seconds > SECONDS_AT_MOST:
                break
        gc.enable()
        return {"seconds": clock.seconds / done, "queries": done}

    def do_first(self, request):
        (asked,) = self.asked({**request, "count": 1})
        clock = Clock()
        with clock:
            self.store.open(request["folder"])
        opened = clock.seconds
        with clock:
            self.store.searcher(request["k"], **request["way"])(*asked)
        return {"seconds": opened, "answer_seconds": clock.seconds}

    def asked(self, request):
        """(query, condition) of each number; there are fewer queries than conditions, so those come round."""
        conditions = self.conditions[request["scenario"]]
        for number in range(request["first"], request["first"] + request["count"]):
            yield self.queries[number % len(self.queries)], conditions[number % len(conditions)]


class Clock:
    """Adds up what the blocks under it take."""

    def __init__(self):
        self.seconds = 0.0

    def __enter__(self):
        self.begin = time.perf_counter()

    def __exit__(self, *_):
        self.seconds += time.perf_counter() - self.begin


def read(path):
    return json.loads(Path(path).read_text(encoding="utf-8"))


def changed(folder, since_ns):
    """Files and folders below the folder, and itself, that changed since then."""
    found = []
    for inner, _, files in os.walk(folder):
        for path in (inner, *(os.path.join(inner, name) for name in files)):
            if os.stat(path).st_mtime_ns >= since_ns - TICK_NS:
                found.append(path)
    return found


def sync(paths):
    for path in paths:
        file = os.open(path, os.O_RDONLY)
        try:
            os.fsync(file)
        finally:
            os.close(file)


if __name__ == "__main__":
    serve(Process(sys.argv[1]).answer)
