"""NumPy: one matrix product, then argpartition."""

import numpy as np

from engines.engine import Engine

BLOCK_BYTES = 256 << 20


class Numpy(Engine):
    exact = {"NumPy": {}}
    filters = ("rows",)

    def __init__(self, base, queries, metric):
        super().__init__(base, queries, metric)
        self.normalise_for_cosine()

    def build(self, threads):
        """Half the squared length of each row, or zero: what to subtract from the inner product."""
        if self.metric == "l2":
            return np.einsum("ij,ij->i", self.base, self.base) / 2
        return None

    def searcher(self, index, k, threads, filter=None, how=None):
        from threadpoolctl import threadpool_limits

        threadpool_limits(threads)
        if filter is None:
            return lambda queries: in_blocks(self.base, index, queries, k)

        def search(queries):
            halves = None if index is None else index[filter]
            return filter[in_blocks(self.base[filter], halves, queries, k)]

        return search


def in_blocks(base, halves, queries, k):
    """The nearest rows, so many queries at a time that their scores fit BLOCK_BYTES."""
    step = max(1, BLOCK_BYTES // (4 * len(base)))
    parts = [nearest(base, halves, queries[at:at + step], k) for at in range(0, len(queries), step)]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def nearest(base, halves, queries, k):
    scores = (base @ queries[0])[None] if len(queries) == 1 else queries @ base.T
    if halves is not None:
        scores -= halves
    k = min(k, len(base))
    found = np.argpartition(scores, len(base) - k, axis=1)[:, len(base) - k:]
    order = np.argsort(-np.take_along_axis(scores, found, axis=1), axis=1)
    return np.take_along_axis(found, order, axis=1)
