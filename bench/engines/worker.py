"""The process of one engine: `python -P -m engines.worker faiss`, then JSON requests.

    {"do": "load", "base": PATH, "queries": PATH, "metric": "l2"}
    {"do": "build", "index": NAME, "threads": 2, "parameters": {..}}
    {"do": "forget", "index": NAME}
    {"do": "answers", ..a search.., "output": PATH}            all rows found, outside of any time
    {"do": "measure", ..a search.., "seconds_at_least": 0.02}  seconds a query

A search names "index", "queries" (how many of them, from the first), "batch", "k", "threads",
and may name "filter" (a file with rows) with "how", and "parameters".
"""

import ctypes
import gc
import sys
import time
from importlib.metadata import version

import numpy as np
from threadpoolctl import threadpool_info

import engines
from harness.serve import serve


class Process:
    def __init__(self, name):
        self.adapter = engines.adapter(name)
        self.package = engines.ENGINES[name].package
        self.engine = None
        self.indexes = {}

    def answer(self, request):
        return getattr(self, "do_" + request["do"])(request)

    def do_load(self, request):
        base, queries = np.load(request["base"]), np.load(request["queries"])
        begin = time.perf_counter()
        self.engine = self.adapter(base, queries, request["metric"])
        seconds = time.perf_counter() - begin
        self.engine.queries = np.ascontiguousarray(self.engine.queries)
        return {"seconds": seconds, "version": version(self.package), "kernels": kernels()}

    def do_build(self, request):
        before = resident_bytes()
        begin = time.perf_counter()
        index = self.engine.build(request["threads"], **request["parameters"])
        seconds = time.perf_counter() - begin
        self.indexes[request["index"]] = index
        return {"seconds": seconds, "bytes": max(0, resident_bytes() - before)}

    def do_forget(self, request):
        del self.indexes[request["index"]]
        return {}

    def do_answers(self, request):
        search = self.searcher(request)
        np.save(request["output"], np.concatenate([search(part) for part in self.parts(request)]).astype(np.int64))
        return {}

    def do_measure(self, request):
        search, parts = self.searcher(request), self.parts(request)
        search(parts[-1])
        return {"seconds": seconds_a_query(search, parts, request["seconds_at_least"])}

    def searcher(self, request):
        rows = np.load(request["filter"]) if request.get("filter") else None
        return self.engine.searcher(
            self.indexes[request["index"]], request["k"], request["threads"], filter=rows,
            how=request.get("how"), **request.get("parameters", {}))

    def parts(self, request):
        queries, batch = self.engine.queries[:request["queries"]], request["batch"]
        return [queries[at:at + batch] for at in range(0, len(queries), batch)]


def seconds_a_query(search, parts, seconds_at_least):
    """The mean over whole passes through the queries, as many as last long enough."""
    spent, queries = 0.0, 0
    gc.disable()
    while spent < seconds_at_least:
        for part in parts:
            begin = time.perf_counter()
            search(part)
            spent += time.perf_counter() - begin
            queries += len(part)
    gc.enable()
    return spent / queries


def resident_bytes():
    """What the process has in memory, after giving back what it freed."""
    gc.collect()
    try:
        ctypes.CDLL(None).malloc_trim(0)
        with open("/proc/self/status", encoding="utf-8") as lines:
            return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))
    except (OSError, AttributeError):  # only Linux with glibc tells
        return 0


def kernels():
    """Which processor's kernels each BLAS in the process uses."""
    libraries = [library for library in threadpool_info() if library["user_api"] == "blas"]
    return {f"{library['prefix']} {library['version']}": library.get("architecture", "unknown") for library in libraries}


if __name__ == "__main__":
    serve(Process(sys.argv[1]).answer)
