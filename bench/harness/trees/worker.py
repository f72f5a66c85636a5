"""The process of one library: `python -P -m harness.trees.worker annoy`, then JSON requests.

    {"do": "load", "base": PATH, "queries": PATH, "metric": "angular"}
    {"do": "add"}                                           seconds to add all rows
    {"do": "build", "trees": 20, "jobs": 1, "output": PATH} seconds to build; saved outside of them
    {"do": "open", "path": PATH}                            seconds to load, and until the first answer
    {"do": "large", "path": PATH, "bytes": N}               makes a file of so many bytes
    {"do": "answers", ..a search..}                         all answers, outside of any time
    {"do": "measure", ..a search.., "seconds_at_least": S}  seconds a query

A search names "how" (list, array, item or batch), "k" and "search_k", for the index opened last.
"""

import gc
import importlib
import sys
import time
from importlib.metadata import version

import numpy as np

from harness.serve import serve

MODULES = {"annoy": "annoy", "anear": "anear.annoy"}


class Process:
    def __init__(self, name):
        self.name = name
        self.library = importlib.import_module(MODULES[name])

    def answer(self, request):
        return getattr(self, "do_" + request["do"])(request)

    def do_load(self, request):
        self.base, self.queries = np.load(request["base"]), np.load(request["queries"])
        self.metric = request["metric"]
        self.given = {
            "list": self.queries.tolist(),
            "array": list(self.queries),
            "item": list(range(min(len(self.queries), len(self.base)))),
            "batch": self.queries,
        }
        return {"version": version(self.name)}

    def empty(self):
        return self.library.AnnoyIndex(self.queries.shape[1], self.metric)

    def filled(self):
        index = self.empty()
        for item, vector in enumerate(self.base):
            index.add_item(item, vector)
        return index

    def do_add(self, request):
        begin = time.perf_counter()
        self.filled()
        return {"seconds": time.perf_counter() - begin}

    def do_build(self, request):
        index = self.filled()
        begin = time.perf_counter()
        index.build(request["trees"], n_jobs=request["jobs"])
        seconds = time.perf_counter() - begin
        index.save(request["output"])
        return {"seconds": seconds}

    def do_large(self, request):
        index, node_bytes = self.empty(), 4 * (self.queries.shape[1] + 3)
        index.add_item(request["bytes"] // node_bytes, self.queries[0])
        index.build(1, n_jobs=1)
        index.save(request["path"])
        return {}

    def do_open(self, request):
        self.index = self.empty()
        before = resident_bytes()
        begin = time.perf_counter()
        self.index.load(request["path"])
        opened = time.perf_counter()
        self.index.get_nns_by_vector(self.given["list"][0], 10)
        answered = time.perf_counter()
        return {"seconds": opened - begin, "answer_seconds": answered - begin,
                "bytes": max(0, resident_bytes() - before)}

    def do_answers(self, request):
        items, distances = [], []
        for query in self.given[request["how"]]:
            one = self.search(request["how"])(query, request["k"], request["search_k"], True)
            items.append(one[0])
            distances.append(one[1])
        return {"items": items, "distances": distances}

    def do_measure(self, request):
        how, k, search_k = request["how"], request["k"], request["search_k"]
        given, one = self.given[how], self.search(how)
        spent, passes = 0.0, 0
        gc.disable()
        while spent < request["seconds_at_least"]:
            begin = time.perf_counter()
            if how == "batch" and self.name == "anear":
                self.index.get_nns_by_vectors(given, k, search_k, threads=1)
            else:
                for query in given:
                    one(query, k, search_k)
            spent += time.perf_counter() - begin
            passes += 1
        gc.enable()
        return {"seconds": spent / passes / len(given)}

    def search(self, how):
        return self.index.get_nns_by_item if how == "item" else self.index.get_nns_by_vector


def resident_bytes():
    """What the process has in memory, files included; 0 where the system does not tell."""
    try:
        with open("/proc/self/status", encoding="utf-8") as lines:
            return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))
    except OSError:
        return 0


if __name__ == "__main__":
    serve(Process(sys.argv[1]).answer)
