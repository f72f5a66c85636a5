"""Annoy. It has no call for many queries, so two threads are two Python threads."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from engines.engine import Curve, Engine

TREES = 100
NODES = (100, 300, 1_000, 3_000, 10_000, 30_000, 100_000)
METRICS = {"l2": "euclidean", "cosine": "angular", "ip": "dot"}


class Annoy(Engine):
    def __init__(self, base, queries, metric):
        import annoy

        super().__init__(base, queries, metric)
        self.library = annoy

    @staticmethod
    def curves(rows):
        return [Curve(f"Annoy, {TREES} trees", {"trees": TREES}, [{"search_k": nodes} for nodes in NODES])]

    def build(self, threads, trees):
        index = self.library.AnnoyIndex(self.base.shape[1], METRICS[self.metric])
        index.set_seed(1)
        for row, vector in enumerate(self.base):
            index.add_item(row, vector)
        index.build(trees, n_jobs=threads)
        return index

    def searcher(self, index, k, threads, filter=None, how=None, search_k=-1):
        def one(query):
            found = index.get_nns_by_vector(query, k, search_k)
            return found + [-1] * (k - len(found))

        if threads == 1:
            return lambda queries: np.array([one(query) for query in queries])
        pool = ThreadPoolExecutor(threads)
        return lambda queries: np.array(list(pool.map(one, queries)))
