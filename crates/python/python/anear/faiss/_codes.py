"""Rows as codes, all of them looked at."""

from __future__ import annotations

from ._codecs import ProductQuantizer, ScalarQuantizer, codec_of, scalar_tree
from ._constants import METRIC_L2
from ._flat import IndexFlatCodes
from ._index import Index
from ._parameters import SearchParameters, SearchParametersPQ
from ._place import Place
from ._vectors import Vector


class IndexScalarQuantizer(IndexFlatCodes):
    """A number of few bits for each component."""

    def __init__(self, d: int = 0, qtype: int = 0, metric: int = METRIC_L2) -> None:
        self._begin(Place(scalar_tree(d, qtype, metric)))

    @property
    def sq(self) -> ScalarQuantizer:
        """The codec."""
        return codec_of(self._tree, self._at, ScalarQuantizer)  # type: ignore[no-any-return]


class IndexPQ(IndexFlatCodes):
    """For each part of a row the number of a centroid."""

    _parameters = (SearchParametersPQ, SearchParameters)
    ST_PQ, ST_HE, ST_generalized_HE, ST_SDC, ST_polysemous, ST_polysemous_generalize = range(6)

    def __init__(self, d: int = 0, M: int = 1, nbits: int = 8, metric: int = METRIC_L2) -> None:
        self._begin_as(f"PQ{M}x{nbits}np", d, metric)

    @property
    def pq(self) -> ProductQuantizer:
        """The codec."""
        return codec_of(self._tree, self._at, ProductQuantizer)  # type: ignore[no-any-return]


class IndexPQFastScan(Index):
    """Product codes of 4 bits in blocks of 32, looked up by rounded tables."""

    implem = 0

    def __init__(
        self, d: int | IndexPQ = 0, M: int = 1, nbits: int = 4, metric: int = METRIC_L2, bbs: int = 32
    ) -> None:
        if isinstance(d, IndexPQ):  # then what follows is the number of rows in a block
            self._begin(Place(d._alone().in_blocks(M if M > 1 else bbs)))
            return
        if nbits != 4:
            raise RuntimeError(f"fast scan is over codes of 4 bits, not {nbits}")
        self._begin_as(f"PQ{M}x4fs" + ("" if bbs == 32 else f"_{bbs}"), d, metric)

    @property
    def pq(self) -> ProductQuantizer:
        """The codec."""
        return codec_of(self._tree, self._at, ProductQuantizer)  # type: ignore[no-any-return]

    @property
    def codes(self) -> Vector:
        """The bytes of all blocks."""
        return self._array("codes")

    @property
    def bbs(self) -> int:
        """Rows in a block."""
        return int(self._field("bbs"))


class IndexLSH(IndexFlatCodes):
    """A bit for each of some directions: on which side of a threshold a row lies."""

    def __init__(
        self, d: int = 0, nbits: int = 0, rotate_data: bool = True, train_thresholds: bool = False
    ) -> None:
        self._begin_as(f"LSH{nbits}" + ("r" if rotate_data else "") + ("t" if train_thresholds else ""), d, METRIC_L2)

    @property
    def nbits(self) -> int:
        """Bits of a code."""
        return int(self._field("nbits"))

    @property
    def rotate_data(self) -> bool:
        """Whether rows are rotated first."""
        return bool(self._field("rotate_data"))

    @property
    def train_thresholds(self) -> bool:
        """Whether thresholds are learned."""
        return bool(self._field("train_thresholds"))

    @property
    def thresholds(self) -> Vector:
        """The threshold of each bit."""
        return self._array("thresholds")


class IndexRaBitQ(IndexFlatCodes):
    """A bit or more for each component as seen from a center, and corrections."""

    def __init__(self, d: int = 0, metric: int = METRIC_L2, nb_bits: int = 1) -> None:
        self._begin_as("RaBitQ" if nb_bits == 1 else f"RaBitQ{nb_bits}", d, metric)

    @property
    def qb(self) -> int:
        """Bits that components of a query are rounded to; 0 for not at all."""
        return int(self._field("qb"))

    @qb.setter
    def qb(self, bits: int) -> None:
        self._set_field("qb", bits)

    @property
    def center(self) -> Vector:
        """What rows are seen from."""
        return self._array("center")


class IndexRaBitQFastScan(Index):
    """Codes of RaBitQ in blocks of 32, whose signs are looked up by rounded tables."""

    implem = 0

    def __init__(
        self, d: int | IndexRaBitQ = 0, metric: int = METRIC_L2, bbs: int = 32, nb_bits: int = 1
    ) -> None:
        if isinstance(d, IndexRaBitQ):  # then what follows is the number of rows in a block
            self._begin(Place(d._alone().in_blocks(metric if metric > 1 else bbs)))
            return
        self._begin_as(f"RaBitQfs{nb_bits}_{bbs}", d, metric)

    @property
    def qb(self) -> int:
        """Bits that components of a query are rounded to."""
        return int(self._field("qb"))

    @qb.setter
    def qb(self, bits: int) -> None:
        self._set_field("qb", bits)

    @property
    def centered(self) -> bool:
        """Whether the steps of a rounded query lie around 0."""
        return bool(self._field("centered"))

    @centered.setter
    def centered(self, centered: bool) -> None:
        self._set_field("centered", centered)

    @property
    def center(self) -> Vector:
        """What rows are seen from."""
        return self._array("center")

    @property
    def codes(self) -> Vector:
        """The bytes of all blocks."""
        return self._array("codes")

    @property
    def bbs(self) -> int:
        """Rows in a block."""
        return int(self._field("bbs"))


class Index2Layer(Index):
    """The number of a coarse centroid, then a product code of the difference to it."""

    @property
    def quantizer(self) -> Index:
        """The coarse centroids."""
        return self._place.inside("quantizer")  # type: ignore[return-value]
