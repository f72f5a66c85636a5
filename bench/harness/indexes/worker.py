"""The process of one library: `python -P -m harness.indexes.worker faiss`, then JSON requests.

    {"do": "load", "base": PATH, "queries": PATH}
    {"do": "make", "factory": "IVF256,Flat", "path": PATH}  trains, fills and writes an index
    {"do": "open", "path": PATH, "set": {"nprobe": 8}}
    {"do": "answers", "k": K}                               all distances and labels, outside of any time
    {"do": "measure", "k": K, "threads": T, "one": false, "seconds_at_least": S}   seconds a query
    {"do": "kmeans", "centroids": N, "threads": T}          seconds for 10 iterations
"""

import gc
import importlib
import os
import sys
import time
from importlib.metadata import version

import numpy as np

from harness.serve import serve

MODULES = {"faiss": "faiss", "anear": "anear.faiss"}
PACKAGES = {"faiss": "faiss-cpu", "anear": "anear"}
TRAINING_ROWS = 20_000
SINGLE_QUERIES = 100


class Process:
    def __init__(self, name):
        self.name = name
        self.library = importlib.import_module(MODULES[name])

    def answer(self, request):
        return getattr(self, "do_" + request["do"])(request)

    def do_load(self, request):
        self.base, self.queries = np.load(request["base"]), np.load(request["queries"])
        return {"version": version(PACKAGES[self.name])}

    def do_make(self, request):
        self.library.omp_set_num_threads(os.cpu_count())
        if request["factory"].startswith("B"):
            index = self.library.index_binary_factory(self.bits(self.base).shape[1] * 8, request["factory"])
            rows = self.bits(self.base)
        else:
            index = self.library.index_factory(self.base.shape[1], request["factory"])
            rows = self.base
        index.train(rows[:TRAINING_ROWS])
        index.add(rows)
        write = self.library.write_index_binary if request["factory"].startswith("B") else self.library.write_index
        write(index, request["path"])
        return {}

    def do_open(self, request):
        self.is_binary = request["path"].endswith(".bin")
        self.index = (self.library.read_index_binary if self.is_binary else self.library.read_index)(request["path"])
        self.given = self.bits(self.queries) if self.is_binary else self.queries
        for name, value in request["set"].items():
            if name == "nprobe" and not self.is_binary:
                self.library.ParameterSpace().set_index_parameter(self.index, name, value)
                continue
            place = self.index
            *path, name = name.split(".")
            for step in path:
                place = getattr(place, step)
            setattr(place, name, value)
        return {}

    def do_answers(self, request):
        distances, labels = self.index.search(self.given, request["k"])
        return {"distances": distances.astype(float).tolist(), "labels": labels.tolist()}

    def do_measure(self, request):
        self.library.omp_set_num_threads(request["threads"])
        given = [self.given]
        if request["one"]:
            given = [self.given[at:at + 1] for at in range(min(SINGLE_QUERIES, len(self.given)))]
        spent, queries = 0.0, 0
        gc.disable()
        while spent < request["seconds_at_least"]:
            begin = time.perf_counter()
            for some in given:
                self.index.search(some, request["k"])
            spent += time.perf_counter() - begin
            queries += sum(map(len, given))
        gc.enable()
        return {"seconds": spent / queries}

    def do_kmeans(self, request):
        self.library.omp_set_num_threads(request["threads"])
        kmeans = self.library.Kmeans(
            self.base.shape[1], request["centroids"], niter=10, seed=1, max_points_per_centroid=1_000_000)
        begin = time.perf_counter()
        kmeans.train(self.base[:TRAINING_ROWS])
        return {"seconds": time.perf_counter() - begin, "objective": float(kmeans.obj[-1])}

    def bits(self, rows):
        """A bit a component, as many as fill whole 8-byte words."""
        return np.packbits(rows[:, :rows.shape[1] // 64 * 64 or 8] > rows.mean(), axis=1, bitorder="little")


if __name__ == "__main__":
    serve(Process(sys.argv[1]).answer)
