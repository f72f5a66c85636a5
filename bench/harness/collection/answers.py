"""What the answers should be, by cosines in double precision."""

from functools import cache

import numpy as np

# Products of equal rows may differ by their rounding.
ROUNDING = 1e-13


class Answers:
    """The rows, and which pass each condition. A query or condition is told by its number, as the workers do."""

    def __init__(self, vectors, queries, metadata, conditions):
        self.vectors, self.queries, self.conditions = unit(vectors), unit(queries), conditions
        self.names, self.pages = np.array(metadata["file_name"]), np.array(metadata["page_num"])
        self.nearest = cache(self.nearest)

    def recall(self, scenario, first, found):
        """The share of what was to be found in the answers to the queries from number `first` on; -1 stands for none."""
        near = wanted = 0
        for number, ids in enumerate(found, first):
            right, k = self.nearest(scenario, number, len(ids))
            near += len(right.intersection(ids.tolist()))
            wanted += k
        return near / wanted

    def nearest(self, scenario, number, k):
        """All rows as near as the k-th of those that pass, and how many of them an answer has."""
        conditions = self.conditions[scenario]
        passing = self.passing(conditions[number % len(conditions)])
        products = self.vectors[passing] @ self.queries[number % len(self.queries)]
        k = min(k, len(passing))
        last = np.partition(products, len(products) - k)[len(products) - k]
        return frozenset(passing[products >= last - ROUNDING].tolist()), k

    def passing(self, condition):
        if condition is None:
            return np.arange(len(self.vectors))
        if isinstance(condition, str):
            return np.flatnonzero(self.names == condition)
        return np.flatnonzero((self.pages >= condition[0]) & (self.pages <= condition[1]))


def unit(rows):
    rows = rows.astype(np.float64)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)
