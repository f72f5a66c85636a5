"""Several indexes as one: each with a part of the rows (shards), or each with all of them (replicas).

Such an index is no file, and no part of another one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ._constants import is_similarity_metric
from ._index import AnyIndex, Labels
from ._parameters import SearchParameters
from ._search import ResultHeap


class _Several:
    """Indexes of the same dimension and metric. They are searched one after the other, each by all threads, whether
    they are said to be ``threaded`` or not."""

    _word = ""
    verbose = False
    own_indices = False

    def __init__(self, d: int = 0, threaded: bool | None = None) -> None:
        self._d = 0 if isinstance(d, bool) else int(d)
        self._indexes: list[Any] = []

    @property
    def d(self) -> int:
        """Components in a row; bits for rows of bits."""
        return self._d

    @property
    def metric_type(self) -> int:
        """How nearness is measured."""
        return int(self._first().metric_type)

    def _first(self) -> Any:
        if not self._indexes:
            raise RuntimeError(f"no {self._word} was added")
        return self._indexes[0]

    def addIndex(self, index: AnyIndex) -> None:
        """Adds an index."""
        if self._d not in (0, index.d):
            raise RuntimeError(f"a {self._word} of dimension {index.d} for rows of dimension {self._d}")
        self._d = index.d
        self._indexes.append(index)

    def removeIndex(self, index: AnyIndex) -> None:
        """Takes an index out."""
        kept = [other for other in self._indexes if other is not index]
        if len(kept) == len(self._indexes):
            raise RuntimeError(f"the {self._word} was not added")
        self._indexes = kept

    def count(self) -> int:
        """How many indexes there are."""
        return len(self._indexes)

    def at(self, number: int) -> Any:
        """One of the indexes."""
        return self._indexes[number]

    @property
    def is_trained(self) -> bool:
        """Whether all have learned what they need to take rows."""
        return bool(self._indexes) and all(index.is_trained for index in self._indexes)

    def train(self, x: Any) -> None:
        """Lets each index learn from the rows."""
        for index in self._indexes:
            index.train(x)

    def reset(self) -> None:
        """Lets go of all rows."""
        for index in self._indexes:
            index.reset()


class IndexShards(_Several):
    """Indexes with a part of the rows each.

    Parameters
    ----------
    d
        Components in a row; what the first index has, if it is not given.
    threaded
        Taken, and of no effect: searches use all threads.
    successive_ids
        Whether the rows of an index are numbered on from those of the one before; else each has ids of its own for
        its rows.
    """

    _word = "shard"

    def __init__(self, d: int = 0, threaded: bool | None = None, successive_ids: bool = True) -> None:
        super().__init__(d)
        if isinstance(d, bool):  # then it says whether there are threads, and what follows is about ids
            successive_ids = threaded is None or threaded
        self.successive_ids = bool(successive_ids)

    def add_shard(self, index: AnyIndex) -> None:
        """Adds an index."""
        self.addIndex(index)

    def remove_shard(self, index: AnyIndex) -> None:
        """Takes an index out."""
        self.removeIndex(index)

    @property
    def ntotal(self) -> int:
        """How many rows there are."""
        return sum(index.ntotal for index in self._indexes)

    def add(self, x: Any) -> None:
        """Adds rows, to each index a part of them."""
        self._first()
        if self.successive_ids and self.ntotal:
            raise RuntimeError("rows with successive ids are added once")
        if self.successive_ids:
            for index, part in self._parts(x):
                index.add(x[part])
        else:
            self.add_with_ids(x, np.arange(self.ntotal, self.ntotal + len(x)))

    def add_with_ids(self, x: Any, ids: npt.ArrayLike) -> None:
        """Adds rows under these ids, to each index a part of them."""
        if self.successive_ids:
            raise RuntimeError("rows with successive ids have no ids of their own")
        numbers = np.ascontiguousarray(ids, dtype="int64")
        assert numbers.shape == (len(x),), "not same nb of vectors as ids"
        for index, part in self._parts(x):
            index.add_with_ids(x[part], numbers[part])

    def _parts(self, x: Any) -> Sequence[tuple[Any, slice]]:
        count = self.count()
        ends = [number * len(x) // count for number in range(count + 1)]
        parts = [slice(start, end) for start, end in zip(ends, ends[1:], strict=False)]
        return list(zip(self._indexes, parts, strict=True))

    def search(
        self, x: Any, k: int, *, params: SearchParameters | None = None
    ) -> tuple[npt.NDArray[Any], Labels]:
        """Distances and labels of the ``k`` nearest rows of all indexes, -1 where there are no more."""
        assert k > 0
        heap, before = ResultHeap(len(x), k, is_similarity_metric(self.metric_type)), 0
        kind: Any = np.float32
        for index in self._indexes:
            distances, labels = index.search(x, k, params=params)
            heap.add_result(distances, np.where(labels >= 0, labels + before, -1))
            before += index.ntotal if self.successive_ids else 0
            kind = distances.dtype
        if kind == np.float32:
            return heap.D, heap.I
        whole = np.where(heap.I >= 0, heap.D, 0.0).astype(kind)
        whole[heap.I < 0] = np.iinfo(kind).max
        return whole, heap.I


class IndexReplicas(_Several):
    """Indexes with all rows each, which share the queries."""

    _word = "replica"

    def addIndex(self, index: AnyIndex) -> None:
        """Adds an index."""
        if self._indexes and index.ntotal != self.ntotal:
            raise RuntimeError(f"a replica of {index.ntotal} rows beside others of {self.ntotal}")
        super().addIndex(index)

    def add_replica(self, index: AnyIndex) -> None:
        """Adds an index."""
        self.addIndex(index)

    def remove_replica(self, index: AnyIndex) -> None:
        """Takes an index out."""
        self.removeIndex(index)

    @property
    def ntotal(self) -> int:
        """How many rows there are."""
        return int(self._indexes[0].ntotal) if self._indexes else 0

    def add(self, x: Any) -> None:
        """Adds rows to each index."""
        for index in self._indexes:
            index.add(x)

    def reconstruct(self, key: int) -> npt.NDArray[Any]:
        """The row with an id."""
        row: npt.NDArray[Any] = self._first().reconstruct(key)
        return row

    def search(
        self, x: Any, k: int, *, params: SearchParameters | None = None
    ) -> tuple[npt.NDArray[Any], Labels]:
        """Distances and labels of the ``k`` nearest rows to each query, -1 where there are no more."""
        self._first()
        parts = zip(self._indexes, np.array_split(np.asarray(x), self.count()), strict=True)
        found = [index.search(queries, k, params=params) for index, queries in parts]
        distances, labels = (np.concatenate(answers) for answers in zip(*found, strict=True))
        return distances, labels


class _OverBits(_Several):
    @property
    def code_size(self) -> int:
        """Bytes of a row."""
        return self._d // 8


class IndexBinaryShards(_OverBits, IndexShards):
    """Indexes over bits with a part of the rows each."""


class IndexBinaryReplicas(_OverBits, IndexReplicas):
    """Indexes over bits with all rows each, which share the queries."""
