"""Indexes over bits."""

from __future__ import annotations

from ._constants import HAMMING
from ._fields import Numbers
from ._graphs import Graph
from ._index import IndexBinary
from ._lists import Lists


class IndexBinaryFlat(IndexBinary):
    """Rows of bits, all of them looked at."""

    use_heap = True
    query_batch_size = 32

    def __init__(self, d: int) -> None:
        self._begin_as("BFlat", d)

    xb = Numbers("codes", "The bytes of all rows.")


class IndexBinaryIVF(Lists, IndexBinary):
    """Rows of bits in lists."""

    use_heap = True
    per_invlist_search = False

    def __init__(self, quantizer: IndexBinary, d: int, nlist: int, own_invlists: bool = True) -> None:
        self._begin_with(f"BIVF{nlist}", quantizer, d, HAMMING)


class IndexBinaryHNSW(Graph, IndexBinary):
    """Rows of bits, found by way of a graph."""

    def __init__(self, d: int, M: int = 32) -> None:
        self._begin_as(f"BHNSW{M}", d)
