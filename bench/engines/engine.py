"""What every adapter has."""

from typing import NamedTuple

import numpy as np


class Curve(NamedTuple):
    """One approximate index and the searches that make its curve, from coarse to fine."""

    label: str
    build: dict
    searches: list


class Engine:
    """One library over one data set.

    `base` and `queries` are float32 of (rows, dim), `metric` is l2, cosine or ip. An adapter
    turns them into what its library wants when it is made, which no search time includes. The
    order of calls: `build`, then for each kind of search `searcher`, then what that returned,
    again and again.
    """

    exact = {}
    """Label -> build parameters, of the indexes in the exact suite."""

    filters = ()
    """The ways to pass a filter that are raced against each other; none: it cannot filter."""

    environments = ({},)
    """Settings of the environment that may make it faster; the first is the library as installed."""

    tuned = ()
    """Search parameters that may make it faster without a change of the answers; none: as installed only."""

    def __init__(self, base, queries, metric):
        self.base, self.queries, self.metric = base, queries, metric

    @staticmethod
    def curves(rows):
        """The curves of the approximate suite for so many rows."""
        return []

    def build(self, threads, **parameters):
        """An index, made with that many threads."""
        raise NotImplementedError

    def searcher(self, index, k, threads, filter=None, how=None, **parameters):
        """A function from (n, dim) queries to (n, k) rows, nearest first; -1 where there is none.

        `filter` holds the rows that may be found, ascending; `how` is one of `filters`.
        """
        raise NotImplementedError

    def normalise_for_cosine(self):
        """For libraries without cosine: rows and queries of length 1, and the inner product."""
        if self.metric == "cosine":
            self.base, self.queries = unit(self.base), unit(self.queries)
            self.metric = "ip"


def unit(rows):
    """The rows at length 1; a row of zeros stays."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths == 0, 1, lengths)


def mask(rows, filter):
    """The filter as one bool a row."""
    passing = np.zeros(rows, dtype=bool)
    passing[filter] = True
    return passing
