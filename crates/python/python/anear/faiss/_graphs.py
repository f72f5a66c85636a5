"""Rows found by way of a graph (HNSW)."""

from __future__ import annotations

from typing import Any

from ._codecs import scalar_name
from ._codes import Index2Layer
from ._constants import METRIC_L2, Float32, is_similarity_metric
from ._fields import Field, Setting
from ._index import AnyIndex, Index
from ._vectors import Vector


class HNSW:
    """The graph of an index."""

    def __init__(self, index: Graph) -> None:
        self._index = index
        self._field, self._set_field = index._field, index._set_field

    efSearch = Setting("efSearch", int, "How many rows are looked at in a search.")

    efConstruction = Setting("efConstruction", int, "How many rows are looked at for a new row's neighbours.")

    entry_point = Field("entry_point", int, "The row that searches begin at.")

    max_level = Field("max_level", int, "The highest level.")

    @property
    def is_similarity(self) -> bool:
        """Whether larger numbers are nearer."""
        return is_similarity_metric(self._index._tree.metric(self._index._at))

    def nb_neighbors(self, level: int) -> int:
        """How many neighbours a row has room for on a level."""
        counts = self.cum_nneighbor_per_level
        return int(counts[level + 1] - counts[level])

    def __getattr__(self, name: str) -> Vector:
        return self._index._array(f"hnsw.{name}")


class Graph(AnyIndex):
    """What graphs over numbers and over bits have in common."""

    @property
    def hnsw(self) -> HNSW:
        """The graph."""
        return HNSW(self)

    @property
    def storage(self) -> Any:
        """The rows; ``None`` if the graph was written without them. An index that holds them may be put here, or an
        empty one that they are added to before the graph is searched."""
        return self._inside("storage")

    @storage.setter
    def storage(self, index: AnyIndex) -> None:
        if index.d != self.d:
            raise RuntimeError(f"rows of dimension {index.d} for a graph over rows of dimension {self.d}")
        if index.ntotal not in (0, self.ntotal):
            raise RuntimeError(f"{index.ntotal} rows for a graph over {self.ntotal} rows")
        self._tree.put(f"{self._at}/storage".strip("/"), index._alone())
        self._place.take_in(index, "storage")


class IndexHNSW(Graph, Index):
    """Rows of another index, found by way of a graph: of the given index, or of one over rows as they are."""

    def __init__(self, d: int | Index = 0, M: int = 32, metric: int = METRIC_L2) -> None:
        if not isinstance(d, Index):
            self._begin_as(f"HNSW{M},Flat", d, metric)
            return
        if d.ntotal:
            raise RuntimeError(f"the index holds {d.ntotal} rows, which would not be in the graph")
        self._begin_as(f"HNSW{M},Flat", d.d, d.metric_type, d.metric_arg)
        self.storage = d
        self.is_trained = d.is_trained


class IndexHNSWFlat(IndexHNSW):
    """Rows as they are, found by way of a graph."""

    def __init__(self, d: int, M: int = 32, metric: int = METRIC_L2) -> None:
        self._begin_as(f"HNSW{M},Flat", d, metric)


class IndexHNSWSQ(IndexHNSW):
    """A number of few bits for each component, found by way of a graph."""

    def __init__(self, d: int, qtype: int, M: int = 32, metric: int = METRIC_L2) -> None:
        self._begin_as(f"HNSW{M},{scalar_name(qtype)}", d, metric)


class IndexHNSWPQ(IndexHNSW):
    """Product codes, found by way of a graph."""

    def __init__(self, d: int, pq_m: int, M: int = 32, pq_nbits: int = 8, metric: int = METRIC_L2) -> None:
        self._begin_as(f"HNSW{M},PQ{pq_m}x{pq_nbits}np", d, metric)


class IndexHNSW2Level(IndexHNSW):
    """Codes of two levels, found by way of a graph."""

    def __init__(self, quantizer: Index, nlist: int, m_pq: int, M: int) -> None:
        super().__init__(Index2Layer(quantizer, nlist, m_pq), M)

    def train(self, x: Any, numeric_type: int = Float32) -> None:
        """Learns what the storage needs to take rows from such as these."""
        self._place.inside("storage").train(x, numeric_type)
        self.is_trained = True
