"""Rows as codes, all of them looked at."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from ._clustering import Clustering, ClusteringParameters
from ._codecs import ProductQuantizer, RaBitQuantizer, ScalarQuantizer, scalar_tree
from ._constants import METRIC_INNER_PRODUCT, METRIC_L2, Float32, omp_get_max_threads
from ._fields import Codec, Field, Numbers, Remembered, Setting
from ._flat import IndexFlatCodes
from ._index import Index
from ._packing import CodePacker, CodePackerPQ4
from ._parameters import SearchParameters, SearchParametersPQ
from ._place import Place


#: How ``implem`` says that codes in blocks are compared by distances that are not rounded. Source: FAISS 1.15,
#: ``IndexPQFastScan.h``.
_UNROUNDED = 2


class IndexScalarQuantizer(IndexFlatCodes):
    """A number of few bits for each component."""

    def __init__(self, d: int = 0, qtype: int = 0, metric: int = METRIC_L2) -> None:
        self._begin(Place(scalar_tree(d, qtype, metric)))

    sq = Codec(ScalarQuantizer)


class IndexPQ(IndexFlatCodes):
    """For each part of a row the number of a centroid."""

    _parameters = (SearchParametersPQ,)
    ST_PQ, ST_HE, ST_generalized_HE, ST_SDC, ST_polysemous, ST_polysemous_generalize = range(6)

    def __init__(self, d: int = 0, M: int = 1, nbits: int = 8, metric: int = METRIC_L2) -> None:
        self._begin_as(f"PQ{M}x{nbits}np", d, metric)

    pq = Codec(ProductQuantizer)

    def _how(self, params: SearchParameters) -> dict[str, Any]:
        if params.sel is not None:
            raise RuntimeError("a selector given to a search of product codes, which takes none")
        return super()._how(params)


class IndexPQFastScan(Index):
    """Product codes of 4 bits in blocks of 32, looked up by rounded tables."""

    _parameters = ()

    implem = Remembered("implem", int, "How codes are scanned; 2 is by distances that are not rounded.")
    qbs = Setting("qbs", int, "How many queries are looked up together; answers are the same.")

    def __init__(
        self, d: int | IndexPQ = 0, M: int = 1, nbits: int = 4, metric: int = METRIC_L2, bbs: int = 32
    ) -> None:
        if isinstance(d, IndexPQ):  # then what follows is the number of rows in a block
            self._begin(Place(d._alone().in_blocks(M if M > 1 else bbs)))
            return
        if nbits != 4:
            raise RuntimeError(f"fast scan is over codes of 4 bits, not {nbits}")
        self._begin_as(f"PQ{M}x4fs" + ("" if bbs == 32 else f"_{bbs}"), d, metric)

    pq = Codec(ProductQuantizer)

    codes = Numbers("codes", "The bytes of all blocks.")

    bbs = Field("bbs", int, "Rows in a block.")

    def get_CodePacker(self) -> CodePacker:
        """What takes single codes out of :attr:`codes`."""
        return CodePackerPQ4(self.code_size, self.bbs)

    def _searched(
        self, rows: npt.NDArray[Any], k: int, settings: dict[str, Any] | None, lists: Any = None
    ) -> tuple[npt.NDArray[Any], Any]:
        if self.implem == _UNROUNDED:
            return self._alone().in_a_row().search("", rows, k, (settings, omp_get_max_threads()), lists)
        return super()._searched(rows, k, settings, lists)


class IndexLSH(IndexFlatCodes):
    """A bit for each of some directions: on which side of a threshold a row lies."""

    _parameters = ()

    def __init__(
        self, d: int = 0, nbits: int = 0, rotate_data: bool = True, train_thresholds: bool = False
    ) -> None:
        self._begin_as(f"LSH{nbits}" + ("r" if rotate_data else "") + ("t" if train_thresholds else ""), d, METRIC_L2)

    nbits = Field("nbits", int, "Bits of a code.")

    rotate_data = Field("rotate_data", bool, "Whether rows are rotated first.")

    train_thresholds = Field("train_thresholds", bool, "Whether thresholds are learned.")

    thresholds = Numbers("thresholds", "The threshold of each bit.")


def _check_rabitq(metric: int) -> None:
    if metric not in (METRIC_L2, METRIC_INNER_PRODUCT):
        raise RuntimeError(f"codes of RaBitQ are for METRIC_L2 and METRIC_INNER_PRODUCT, not for the metric {metric}")


class IndexRaBitQ(IndexFlatCodes):
    """A bit or more for each component as seen from a center, and corrections."""

    def __init__(self, d: int = 0, metric: int = METRIC_L2, nb_bits: int = 1) -> None:
        _check_rabitq(metric)
        self._begin_as("RaBitQ" if nb_bits == 1 else f"RaBitQ{nb_bits}", d, metric)

    qb = Setting("qb", int, "Bits that components of a query are rounded to; 0 for not at all.")

    centered = Setting("centered", bool, "Whether the steps that they are rounded to lie about zero.")
    center = Numbers("center", "What rows are seen from.")
    rabitq = Codec(RaBitQuantizer)


class IndexRaBitQFastScan(Index):
    """Codes of RaBitQ in blocks of 32, whose signs are looked up by rounded tables."""

    _parameters = ()
    implem = Remembered("implem", int, "How codes are scanned; answers are the same.")
    rabitq = Codec(RaBitQuantizer)

    def __init__(
        self, d: int | IndexRaBitQ = 0, metric: int = METRIC_L2, bbs: int = 32, nb_bits: int = 1
    ) -> None:
        if isinstance(d, IndexRaBitQ):  # then what follows is the number of rows in a block
            self._begin(Place(d._alone().in_blocks(metric if metric > 1 else bbs)))
            return
        _check_rabitq(metric)
        self._begin_as(f"RaBitQfs{nb_bits}_{bbs}", d, metric)

    qb = Setting("qb", int, "Bits that components of a query are rounded to.")
    centered = Setting("centered", bool, "Whether the steps that they are rounded to lie about zero.")
    center = Numbers("center", "What rows are seen from.")
    codes = Numbers("codes", "The bytes of all blocks.")
    bbs = Field("bbs", int, "Rows in a block.")


class Index2Layer(IndexFlatCodes):
    """The number of a coarse centroid, then a product code of the difference to it."""

    def __init__(self, quantizer: Index, nlist: int, M: int, nbit: int = 8, metric: int = METRIC_L2) -> None:
        if metric != METRIC_L2:
            raise RuntimeError("codes of two levels are for METRIC_L2")
        self._begin(Place(quantizer._alone().first_level(int(M), int(nbit))))
        self._place.take_in(quantizer, "quantizer")
        self._nlist = int(nlist)

    _nlist = 0
    pq = Codec(ProductQuantizer)

    @property
    def quantizer(self) -> Index:
        """The coarse centroids."""
        return self._place.inside("quantizer")  # type: ignore[return-value]

    def train(self, x: Any, numeric_type: int = Float32) -> None:
        """Learns from rows: the coarse centroids, unless they are there, and those of the differences to them."""
        if self._nlist and self.quantizer.ntotal != self._nlist:
            clustering = Clustering(self.d, self._nlist, ClusteringParameters(niter=10))
            clustering.train(self._rows(x), self.quantizer)
        super().train(x, numeric_type)
