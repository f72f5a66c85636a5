"""The true neighbours, from distances in double precision."""

import numpy as np

BLOCK_BYTES = 256 << 20
# The block product rounds; what it leaves this near the k-th distance, relative to the lengths,
# is compared again by `distances`.
ROUNDING = 1e-10
# Queries whose stored neighbours are compared before all are believed.
CHECKED = 20


def distances(metric, rows, query):
    """Of each row to the query, in double precision, lower is nearer.

    A row's distance depends on its values only, not on its place, so equal rows tie.
    """
    rows, query = rows.astype(np.float64), query.astype(np.float64)
    if metric == "l2":
        return np.square(rows - query).sum(axis=1)
    products = (rows * query).sum(axis=1)
    if metric == "ip":
        return -products
    lengths = np.sqrt(np.square(rows).sum(axis=1) * np.square(query).sum())
    return 1 - products / np.where(lengths == 0, 1, lengths)


class Truth:
    """The k nearest rows of each query among those that pass, ties to the smaller row."""

    def __init__(self, data, rows, filter=None):
        self.data, self.rows, self.filter = data, rows, filter

    def recall(self, found, k):
        """Two shares of what was to be found, over the first len(found) queries.

        The first counts each row that is not farther than the true k-th (so any of equal rows
        will do), the second only the very rows that the truth holds. No row counts twice.
        """
        k = min(k, self.rows.shape[1])
        near = same = 0
        for query, rows in enumerate(found):
            true = self.rows[query, :k]
            rows = np.unique(rows[:k])
            common = np.intersect1d(rows, true, assume_unique=True)
            same += len(common)
            near += len(common) + self.ties(query, true, np.setdiff1d(rows, true, assume_unique=True))
        return near / (k * len(found)), same / (k * len(found))

    def ties(self, query, true, others):
        """How many of the other rows are as near as the farthest true one."""
        if self.filter is not None:
            others = np.intersect1d(others, self.filter)
        others = others[(others >= 0) & (others < len(self.data.base))]
        if not len(others):
            return 0
        vector = self.data.queries[query]
        farthest = distances(self.data.metric, self.data.base[true], vector).max()
        return int((distances(self.data.metric, self.data.base[others], vector) <= farthest).sum())


def find(data, k, filter=None):
    """The truth, from the neighbours that came with the data where they are right for some queries."""
    if filter is None and data.neighbors is not None and data.neighbors.shape[1] >= k:
        some = data._replace(queries=data.queries[:CHECKED])
        if Truth(some, nearest(some, k)).recall(data.neighbors[:CHECKED], k)[0] == 1:
            return Truth(data, data.neighbors[:, :k])
    return Truth(data, nearest(data, min(k, len(data.base) if filter is None else len(filter)), filter), filter)


def nearest(data, k, filter=None):
    """The rows of the k nearest, of (queries, k), in blocks of queries."""
    rows = np.arange(len(data.base)) if filter is None else np.asarray(filter)
    base = data.base[rows].astype(np.float64)
    squares = np.square(base).sum(axis=1)
    if data.metric == "cosine":
        base /= np.sqrt(np.where(squares == 0, 1, squares))[:, None]
        squares = np.ones(len(base))
    largest = squares.max()
    found = np.empty((len(data.queries), k), dtype=np.int64)
    step = max(1, BLOCK_BYTES // (8 * len(base)))
    for begin in range(0, len(data.queries), step):
        queries = data.queries[begin:begin + step].astype(np.float64)
        scores = -(queries @ base.T)
        if data.metric == "l2":
            scores += squares / 2
        for at, row_scores in enumerate(scores, begin):
            found[at] = rows[nearest_of(data, rows, row_scores, at, k, largest)]
    return found


def nearest_of(data, rows, scores, query, k, largest):
    """Which k of the rows, by distance, then by row: all that may be among them, measured exactly."""
    vector = data.queries[query]
    slack = ROUNDING * (largest + np.square(vector.astype(np.float64)).sum())
    candidates = np.flatnonzero(scores <= np.partition(scores, k - 1)[k - 1] + slack)
    exact = distances(data.metric, data.base[rows[candidates]], vector)
    return candidates[np.lexsort((candidates, exact))[:k]]
