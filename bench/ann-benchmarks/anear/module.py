"""anear as an algorithm of ann-benchmarks: copy this folder into ann_benchmarks/algorithms/."""

import anear
import numpy

from ..base.module import BaseANN

METRICS = {"angular": "cosine", "euclidean": "l2", "ip": "ip"}


class Anear(BaseANN):
    """One index of any kind that anear builds; exact kinds take no query arguments.

    Single queries use one thread, as ann-benchmarks pins them to one processor; building and
    batches use all there are.
    """

    def __init__(self, metric, kind):
        if metric not in METRICS:
            raise NotImplementedError(f"anear has no metric {metric!r} here; there are {', '.join(METRICS)}")
        self.metric, self.kind, self.options = metric, kind, {}
        self.index = self.results = None

    def fit(self, X):
        self.index = anear.Index.build(single(X), metric=METRICS[self.metric], kind=self.kind)

    def set_query_arguments(self, effort):
        self.options = {"effort": effort}

    def query(self, q, n):
        _, rows = self.index.search(single(q)[None], n, threads=1, **self.options)
        return rows[0]

    def batch_query(self, X, n):
        _, self.results = self.index.search(single(X), n, **self.options)

    def get_batch_results(self):
        return self.results

    def __str__(self):
        options = "".join(f", {name}={value}" for name, value in self.options.items())
        return f"anear({self.kind}{options})"


def single(array):
    return numpy.ascontiguousarray(array, dtype=numpy.float32)
