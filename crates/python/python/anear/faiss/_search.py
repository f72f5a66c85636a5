"""Searches over arrays, and over what searches found."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .._anear import distances
from ._constants import METRIC_L2
from ._flat import IndexFlat
from ._index import Floats, Labels


def _floats(x: Any) -> Floats:
    return np.ascontiguousarray(x, dtype="float32")


def knn(
    xq: Any, xb: Any, k: int, metric: int = METRIC_L2, metric_arg: float = 0.0
) -> tuple[Floats, Labels]:
    """Distances and numbers of the ``k`` nearest rows of ``xb`` to each row of ``xq``."""
    xq, xb = _floats(xq), _floats(xb)
    assert xq.shape[1] == xb.shape[1]
    index = IndexFlat(xb.shape[1], metric, metric_arg)
    index.add(xb)
    return index.search(xq, k)


def pairwise_distances(xq: Any, xb: Any, metric: int = METRIC_L2, metric_arg: float = 0.0) -> Floats:
    """The distance of each row of ``xq`` to each of ``xb``."""
    xq, xb = _floats(xq), _floats(xb)
    assert xq.shape[1] == xb.shape[1]
    return distances(xq, xb, int(metric), float(metric_arg))


def knn_hamming(
    xq: npt.NDArray[np.uint8], xb: npt.NDArray[np.uint8], k: int, variant: str = "hc"
) -> tuple[npt.NDArray[np.int32], Labels]:
    """The ``k`` rows of packed bits that differ in the fewest bits from each row of ``xq``."""
    from ._binary import IndexBinaryFlat

    index = IndexBinaryFlat(8 * xb.shape[1])
    index.add(xb)
    return index.search(xq, k)


def normalize_L2(x: Floats) -> None:
    """Makes the length of each row 1, in place; rows of zeros stay."""
    assert x.dtype == np.float32
    lengths = np.sqrt(np.einsum("ij,ij->i", x, x))
    np.divide(x, lengths[:, None], out=x, where=lengths[:, None] > 0)


def eval_intersection(I1: npt.ArrayLike, I2: npt.ArrayLike) -> int:
    """How many labels rows of two tables have in common."""
    table1, table2 = np.asarray(I1), np.asarray(I2)
    assert len(table1) == len(table2)
    return sum(len(np.intersect1d(row1, row2)) for row1, row2 in zip(table1, table2, strict=True))


def kmin(array: Any, k: int) -> tuple[Floats, Labels]:
    """The ``k`` smallest numbers of each row and their columns."""
    columns = np.argsort(array, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(array, columns, axis=1), columns.astype(np.int64)


def kmax(array: Any, k: int) -> tuple[Floats, Labels]:
    """The ``k`` largest numbers of each row and their columns."""
    columns = np.argsort(-array, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(array, columns, axis=1), columns.astype(np.int64)


def merge_knn_results(Dall: Any, Iall: Any, keep_max: bool = False) -> tuple[Floats, Labels]:
    """One table of the nearest of several tables, ``(shards, queries, k)``."""
    shards, queries, k = Dall.shape
    assert Iall.shape == Dall.shape
    heap = ResultHeap(queries, k, keep_max)
    for distances_of, labels in zip(Dall, Iall, strict=True):
        heap.add_result(distances_of, labels)
    heap.finalize()
    return heap.D, heap.I


class ResultHeap:
    """The ``k`` nearest for each of ``nq`` queries, of results that come one after the other."""

    def __init__(self, nq: int, k: int, keep_max: bool = False) -> None:
        self.nq, self.k, self.keep_max = nq, k, keep_max
        nowhere = np.finfo(np.float32)
        self.D: Floats = np.full((nq, k), nowhere.min if keep_max else nowhere.max, np.float32)
        self.I: Labels = np.full((nq, k), -1, np.int64)

    def add_result(self, D: Any, I: Any) -> None:  # noqa: E741
        """Takes results for all queries."""
        self.add_result_subset(np.arange(self.nq), D, I)

    def add_result_subset(self, subset: npt.ArrayLike, D: Any, I: Any) -> None:  # noqa: E741
        """Takes results for some of the queries."""
        of = np.asarray(subset)
        assert D.shape == I.shape and len(D) == len(of)
        usual = np.where(I >= 0, D, np.float32(np.nan)).astype(np.float32)
        distances_of = np.concatenate([self.D[of], usual], axis=1)
        labels = np.concatenate([self.I[of], I], axis=1)
        key = -distances_of if self.keep_max else distances_of
        best = np.argsort(key, axis=1, kind="stable")[:, : self.k]
        self.D[of] = np.take_along_axis(distances_of, best, axis=1)
        self.I[of] = np.take_along_axis(labels, best, axis=1)

    def finalize(self) -> None:
        """Brings results in order, which they are in already."""

