"""ScaNN: a tree, four-bit codes and exact reordering."""

import math

import numpy as np

from engines.engine import Curve, Engine

REORDERED = 100
LEAVES = (1, 2, 4, 8, 16, 32, 64, 128)


class Scann(Engine):
    def __init__(self, base, queries, metric):
        import scann

        super().__init__(base, queries, metric)
        self.normalise_for_cosine()
        self.library = scann.scann_ops_pybind

    @staticmethod
    def curves(rows):
        leaves = max(1, round(math.sqrt(rows)))
        searches = [{"leaves_to_search": searched} for searched in LEAVES if searched <= leaves]
        return [Curve(f"ScaNN, {leaves} leaves", {"leaves": leaves}, searches)]

    def build(self, threads, leaves):
        distance = "squared_l2" if self.metric == "l2" else "dot_product"
        builder = self.library.builder(self.base, REORDERED, distance).set_n_training_threads(threads)
        builder = builder.tree(leaves, 1, training_sample_size=len(self.base))
        coarse = builder.score_ah(2, anisotropic_quantization_threshold=0.2 if distance == "dot_product" else math.nan)
        return coarse.reorder(REORDERED).build()

    def searcher(self, index, k, threads, filter=None, how=None, leaves_to_search=None):
        options = {
            "final_num_neighbors": k,
            "pre_reorder_num_neighbors": max(REORDERED, k),
            "leaves_to_search": leaves_to_search,
        }
        index.set_num_threads(threads)

        def search(queries):
            if len(queries) == 1:
                return index.search(queries[0], **options)[0][None]
            if threads == 1:
                return index.search_batched(queries, **options)[0]
            return index.search_batched_parallel(queries, **options)[0]

        return lambda queries: padded(search(queries), k)


def padded(rows, k):
    """Always k columns; the unsigned rows of ScaNN as signed ones."""
    rows = rows.astype(np.int64)
    return rows if rows.shape[1] == k else np.pad(rows, ((0, 0), (0, k - rows.shape[1])), constant_values=-1)
