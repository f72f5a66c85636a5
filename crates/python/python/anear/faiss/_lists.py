"""Rows in lists, each with a centroid."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .._anear import Tree
from ._clustering import ClusteringParameters, learning
from ._codecs import ProductQuantizer, ScalarQuantizer, codec_of, scalar_name
from ._constants import METRIC_INNER_PRODUCT, METRIC_L2
from ._index import AnyIndex, Index
from ._parameters import SearchParametersIVF
from ._place import Place
from ._vectors import Vector


class InvertedLists:
    """The lists of an index."""

    def __init__(self, index: Lists) -> None:
        self._index = index

    @property
    def nlist(self) -> int:
        """How many lists there are."""
        return self._index.nlist

    @property
    def code_size(self) -> int:
        """Bytes of a code."""
        return self._index.code_size

    def _sizes(self) -> npt.NDArray[np.int64]:
        sizes: npt.NDArray[np.int64] = np.asarray(self._index._array("list_sizes"))
        return sizes

    def list_size(self, list_no: int) -> int:
        """How many rows a list holds."""
        return int(self._sizes()[list_no])

    def compute_ntotal(self) -> int:
        """How many rows all lists hold."""
        return int(self._sizes().sum())

    def imbalance_factor(self) -> float:
        """1 where all lists are as long, more where they are not: the number of lists times the sum
        of squared shares."""
        sizes = self._sizes().astype(np.float64)
        total = sizes.sum()
        return float(len(sizes) * (sizes**2).sum() / total**2) if total else 0.0

    def get_ids(self, list_no: int) -> Vector:
        """The ids in a list."""
        return Vector(self._index._tree.list(self._index._at, list_no)[0])

    def get_codes(self, list_no: int) -> Vector:
        """The codes of a list."""
        return Vector(self._index._tree.list(self._index._at, list_no)[1])


class DirectMap:
    """Where the row with an id is."""

    NoMap, Array, Hashtable = range(3)

    def __init__(self, kind: int) -> None:
        self.type = kind

    def no(self) -> bool:
        """Whether it is not known."""
        return self.type == DirectMap.NoMap


class Lists(AnyIndex):
    """What lists of numbers and of bits have in common."""

    _parameters = (SearchParametersIVF,)
    _fixed = ("quantizer_trains_alone", "max_codes", "polysemous_ht")

    quantizer_trains_alone = 0
    parallel_mode = 0
    max_codes = 0
    _cp: ClusteringParameters | None = None

    def _begin_with(self, description: str, quantizer: AnyIndex, d: int, metric: int) -> None:
        if quantizer.d != d:
            raise RuntimeError(f"a quantizer of dimension {quantizer.d} for rows of dimension {d}")
        tree = Tree.made(description, int(d), int(metric), 0.0)
        self._begin(Place(tree.with_quantizer(quantizer._alone())))
        self._place.take_in(quantizer, "quantizer")

    @property
    def cp(self) -> ClusteringParameters:
        """How centroids are learned."""
        if self._cp is None:
            spherical = self._tree.metric(self._at) == METRIC_INNER_PRODUCT
            self._cp = ClusteringParameters(niter=10, spherical=spherical)
        return self._cp

    @cp.setter
    def cp(self, parameters: ClusteringParameters) -> None:
        self._cp = parameters

    def _training(self) -> dict[str, Any]:
        return learning(self.cp)

    @property
    def nlist(self) -> int:
        """How many lists there are."""
        return int(self._field("nlist"))

    @property
    def nprobe(self) -> int:
        """How many lists are looked at."""
        return int(self._field("nprobe"))

    @nprobe.setter
    def nprobe(self, lists: int) -> None:
        self._set_field("nprobe", lists)

    @property
    def quantizer(self) -> Any:
        """The centroids."""
        return self._place.inside("quantizer")

    @quantizer.setter
    def quantizer(self, index: AnyIndex) -> None:
        self._tree.put(f"{self._at}/quantizer", index._alone())
        self._place._inside.pop("quantizer", None)
        self._place.take_in(index, "quantizer")

    @property
    def invlists(self) -> InvertedLists:
        """The lists."""
        return InvertedLists(self)

    def get_list_size(self, list_no: int) -> int:
        """How many rows a list holds."""
        return self.invlists.list_size(list_no)

    @property
    def direct_map(self) -> DirectMap:
        """Where the row with an id is."""
        return DirectMap(int(self._field("direct_map")))

    def make_direct_map(self, new_maintain_direct_map: bool = True) -> None:
        """Makes rows be found by their ids."""
        self.set_direct_map_type(DirectMap.Array if new_maintain_direct_map else DirectMap.NoMap)

    def set_direct_map_type(self, type: int) -> None:
        """How rows are found by their ids."""
        self._tree.map_ids(self._at, int(type))

    def check_ids_sorted(self) -> bool:
        """Whether ids ascend in each list."""
        ids = (np.asarray(self.invlists.get_ids(number)) for number in range(self.nlist))
        return all(bool((np.diff(of_list) >= 0).all()) for of_list in ids)


class IndexIVF(Lists, Index):
    """Rows in lists, the lists of the nearest centroids looked at."""

    use_precomputed_table = 0

    @property
    def by_residual(self) -> bool:
        """Whether codes stand for differences to the centroid."""
        return bool(self._field("by_residual"))

    @by_residual.setter
    def by_residual(self, value: bool) -> None:
        self._set_field("by_residual", value)

    def _numbers_rows(self) -> bool:
        return True


class IndexIVFFlat(IndexIVF):
    """Lists of rows as they are."""

    def __init__(
        self, quantizer: Index, d: int, nlist: int, metric: int = METRIC_L2, own_invlists: bool = True
    ) -> None:
        self._begin_with(f"IVF{nlist},Flat", quantizer, d, metric)


class IndexIVFFlatDedup(IndexIVFFlat):
    """Lists of rows as they are, those that are equal kept once."""

    def __init__(
        self, quantizer: Index, d: int, nlist: int, metric: int = METRIC_L2, own_invlists: bool = True
    ) -> None:
        self._begin_with(f"IVF{nlist},FlatDedup", quantizer, d, metric)


class IndexIVFScalarQuantizer(IndexIVF):
    """Lists of a number of few bits for each component."""

    def __init__(
        self,
        quantizer: Index,
        d: int,
        nlist: int,
        qtype: int,
        metric: int = METRIC_L2,
        by_residual: bool = True,
        own_invlists: bool = True,
    ) -> None:
        self._begin_with(f"IVF{nlist},{scalar_name(qtype)}", quantizer, d, metric)
        self._set_field("sq.qtype", qtype)
        self.by_residual = by_residual

    @property
    def sq(self) -> ScalarQuantizer:
        """The codec."""
        return codec_of(self._tree, self._at, ScalarQuantizer)  # type: ignore[no-any-return]


class IndexIVFPQ(IndexIVF):
    """Lists of product codes."""

    do_polysemous_training = False
    polysemous_ht = 0
    scan_table_threshold = 0

    def __init__(
        self,
        quantizer: Index,
        d: int,
        nlist: int,
        M: int,
        nbits_per_idx: int,
        metric: int = METRIC_L2,
        own_invlists: bool = True,
    ) -> None:
        self._begin_with(f"IVF{nlist},PQ{M}x{nbits_per_idx}np", quantizer, d, metric)

    @property
    def pq(self) -> ProductQuantizer:
        """The codec."""
        return codec_of(self._tree, self._at, ProductQuantizer)  # type: ignore[no-any-return]


class IndexIVFPQR(IndexIVFPQ):
    """Lists of product codes, and other codes for what these leave out."""


class IndexIVFPQFastScan(IndexIVF):
    """Lists of product codes of 4 bits in blocks of 32, looked up by rounded tables."""

    implem = 0

    def __init__(
        self,
        quantizer: Index,
        d: int = 32,
        nlist: int = 0,
        M: int = 0,
        nbits_per_idx: int = 4,
        metric: int = METRIC_L2,
        bbs: int = 32,
        own_invlists: bool = True,
    ) -> None:
        if isinstance(quantizer, IndexIVFPQ):  # then what follows is the number of rows in a block
            self._begin(Place(quantizer._alone().in_blocks(d)))
            return
        if nbits_per_idx != 4:
            raise RuntimeError(f"fast scan is over codes of 4 bits, not {nbits_per_idx}")
        self._begin_with(f"IVF{nlist},PQ{M}x4fs" + ("" if bbs == 32 else f"_{bbs}"), quantizer, d, metric)

    @property
    def pq(self) -> ProductQuantizer:
        """The codec."""
        return codec_of(self._tree, self._at, ProductQuantizer)  # type: ignore[no-any-return]

    @property
    def bbs(self) -> int:
        """Rows in a block."""
        return int(self._field("bbs"))


class IndexIVFRaBitQ(IndexIVF):
    """Lists of a bit or more for each component as seen from the centroid."""

    def __init__(
        self,
        quantizer: Index,
        d: int,
        nlist: int,
        metric: int = METRIC_L2,
        own_invlists: bool = True,
        nb_bits: int = 1,
    ) -> None:
        bits = "" if nb_bits == 1 else str(nb_bits)
        self._begin_with(f"IVF{nlist},RaBitQ{bits}", quantizer, d, metric)

    @property
    def qb(self) -> int:
        """Bits that components of a query are rounded to; 0 for not at all."""
        return int(self._field("qb"))

    @qb.setter
    def qb(self, bits: int) -> None:
        self._set_field("qb", bits)


class IndexIVFRaBitQFastScan(IndexIVF):
    """Lists of codes of RaBitQ in blocks of 32, whose signs are looked up by rounded tables."""

    implem = 0

    def __init__(
        self,
        quantizer: Index,
        d: int = 32,
        nlist: int = 0,
        metric: int = METRIC_L2,
        bbs: int = 32,
        own_invlists: bool = True,
        nb_bits: int = 1,
    ) -> None:
        if isinstance(quantizer, IndexIVFRaBitQ):  # then what follows is the number of rows in a block
            self._begin(Place(quantizer._alone().in_blocks(d)))
            return
        self._begin_with(f"IVF{nlist},RaBitQfs{nb_bits}_{bbs}", quantizer, d, metric)

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
    def bbs(self) -> int:
        """Rows in a block."""
        return int(self._field("bbs"))
