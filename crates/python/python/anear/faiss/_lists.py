"""Rows in lists, each with a centroid."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .._anear import Tree
from ._clustering import ClusteringParameters, learning
from ._codecs import ProductQuantizer, RaBitQuantizer, ScalarQuantizer, scalar_name
from ._constants import METRIC_INNER_PRODUCT, METRIC_L2, is_similarity_metric, omp_get_max_threads
from ._fields import Codec, Field, Numbers, Remembered, Setting
from ._index import AnyIndex, Index, Labels, into
from ._parameters import SearchParameters, SearchParametersIVF
from ._place import Place
from ._search import ResultHeap
from ._vectors import Vector


#: How ``implem`` says that codes in blocks are compared by distances that are not rounded. Source: FAISS 1.15,
#: ``IndexIVFFastScan.h``.
_UNROUNDED = 1


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
    _fixed = ("quantizer_trains_alone", "polysemous_ht")

    quantizer_trains_alone = 0
    PARALLEL_MODE_NO_HEAP_INIT = 1024
    #: How FAISS shares the work among threads. Answers are the same; only 0 goes with all ends of searches.
    parallel_mode = 0
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

    def _training(self, rows: int) -> dict[str, Any]:
        if self.quantizer.ntotal != self.nlist:
            self.cp._warn(rows, self.nlist)
        return learning(self.cp)

    def _how(self, params: SearchParameters) -> dict[str, Any]:
        settings = super()._how(params)
        if isinstance(params, SearchParametersIVF):
            if params.quantizer_params is not None:
                self.quantizer._how(params.quantizer_params)
            mode = self.parallel_mode & ~self.PARALLEL_MODE_NO_HEAP_INIT
            if (params.max_codes or params.ensure_topk_full) and mode not in (0, 3):
                raise RuntimeError("max_codes and ensure_topk_full go with a parallel_mode of 0 or 3 only")
        return settings

    def _how_within(self, params: SearchParameters) -> dict[str, Any]:
        settings = super()._how(params)
        if isinstance(params, SearchParametersIVF):
            if params.quantizer_params is not None:
                self.quantizer._how(params.quantizer_params)
            if params.max_empty_result_buckets and self.parallel_mode != 0:
                raise RuntimeError("max_empty_result_buckets goes with a parallel_mode of 0 only")
        return settings

    def _preassigned(self, x: Any, Iq: Any, Dq: Any) -> tuple[npt.NDArray[Any], Labels]:
        """Queries and the numbers of their lists. Distances to centroids are computed where needed."""
        rows, lists = self._rows(x), np.ascontiguousarray(Iq, dtype="int64")
        assert lists.shape == (len(rows), self.nprobe)
        assert Dq is None or np.shape(Dq) == lists.shape
        return rows, lists

    def search_preassigned(
        self,
        x: Any,
        k: int,
        Iq: Any,
        Dq: Any,
        *,
        params: None = None,
        D: Any = None,
        I: Any = None,  # noqa: E741
    ) -> tuple[Any, Labels]:
        """The ``k`` nearest rows in the lists ``Iq`` of each query, -1 for no list.

        Parameters
        ----------
        x
            Queries.
        k
            How many rows to find.
        Iq
            ``nprobe`` numbers of lists for each query.
        Dq
            The distances to their centroids, which are not needed.
        params
            Must be ``None``.
        D, I
            Where to write distances and labels; with ``PARALLEL_MODE_NO_HEAP_INIT`` in :attr:`parallel_mode` what
            they hold already counts as found.
        """
        assert params is None, "params not supported"
        assert k > 0
        rows, lists = self._preassigned(x, Iq, Dq)
        distances, labels = self._searched(rows, int(k), None, lists)
        if self.parallel_mode & self.PARALLEL_MODE_NO_HEAP_INIT:
            assert D is not None and I is not None, "nothing was found before"
            heap = ResultHeap(len(rows), int(k), is_similarity_metric(self._tree.metric(self._at)))
            heap.add_result(D, I)
            heap.add_result(distances, labels)
            distances, labels = heap.D, heap.I
        return into(D, distances), into(I, labels)

    def range_search_preassigned(
        self, x: Any, thresh: float, Iq: Any, Dq: Any, *, params: None = None
    ) -> tuple[npt.NDArray[np.uint64], Any, Labels]:
        """All rows nearer than ``thresh`` in the lists ``Iq`` of each query: where each query's begin,
        their distances and labels."""
        assert params is None, "params not supported"
        rows, lists = self._preassigned(x, Iq, Dq)
        return self._within(rows, float(thresh), None, lists)

    def copy_subset_to(self, other: Lists, subset_type: int, a1: int, a2: int) -> None:
        """Copies some rows to another index with the same lists, behind those that it has.

        Parameters
        ----------
        other
            The other index.
        subset_type
            0 for ids from ``a1`` to the one before ``a2``, 1 for ids that leave ``a2`` divided by ``a1``, 2 for
            as many rows as from ``a1`` to ``a2``, spread over the lists as rows are, 3 for part ``a2`` of ``a1``
            parts of each list, 4 for the lists from ``a1`` to the one before ``a2``.
        """
        which = (int(subset_type), int(a1), int(a2))
        self._tree.copy_subset(self._at, which, other._tree, other._at)

    nlist = Field("nlist", int, "How many lists there are.")

    nprobe = Setting("nprobe", int, "How many lists are looked at.")

    max_codes = Setting("max_codes", int, "How many rows are scored for a query at most; 0 for no bound.")

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

    def _goes_through_rows(self) -> bool:
        return True

    def check_ids_sorted(self) -> bool:
        """Whether ids ascend in each list."""
        ids = (np.asarray(self.invlists.get_ids(number)) for number in range(self.nlist))
        return all(bool((np.diff(of_list) >= 0).all()) for of_list in ids)


class IndexIVF(Lists, Index):
    """Rows in lists, the lists of the nearest centroids looked at."""

    use_precomputed_table = 0

    by_residual = Setting("by_residual", bool, "Whether codes stand for differences to the centroid.")

    def _encoded(self, rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
        if not self.by_residual:
            return rows
        residuals: npt.NDArray[Any] = rows - self.quantizer.reconstruct_batch(self.quantizer.assign(rows, 1).ravel())
        return residuals

    def search_and_return_codes(
        self,
        x: Any,
        k: int,
        *,
        include_listnos: bool = False,
        params: SearchParameters | None = None,
        D: Any = None,
        I: Any = None,  # noqa: E741
        codes: npt.NDArray[np.uint8] | None = None,
    ) -> tuple[Any, Labels, npt.NDArray[np.uint8]]:
        """What :meth:`search` finds, and the codes of these rows: bytes of 255 where none was found. With
        ``include_listnos`` the number of the list comes first, as :meth:`sa_decode` takes it."""
        distances, labels = self.search(x, k, params=params, D=D, I=I)
        found = self._tree.stored_codes(self._at, labels.reshape(-1), include_listnos)
        size = self.code_size + (self.coarse_code_size() if include_listnos else 0)
        assert codes is None or codes.shape == (*labels.shape, size)
        return distances, labels, into(codes, found.reshape(*labels.shape, size))

    def coarse_code_size(self) -> int:
        """Bytes of a list's number in front of a code."""
        return self.sa_code_size() - self.code_size

    def update_vectors(self, keys: Any, x: Any) -> None:
        """Puts other rows in the place of those with these ids, which a direct map finds."""
        n = keys.size
        assert keys.shape == (n,)
        assert x.shape == (n, self.d)
        kind = self.direct_map.type
        if kind == DirectMap.NoMap:
            raise RuntimeError("direct map not initialized: call make_direct_map()")
        ids = np.ascontiguousarray(keys, dtype="int64")
        is_known = np.isin(ids, np.arange(self.ntotal)) if kind == DirectMap.Array else self._has(ids)
        if len(np.unique(ids)) != n or not is_known.all():
            raise RuntimeError("an id is there twice, or no row has it")
        self.set_direct_map_type(DirectMap.NoMap)
        self.remove_ids(ids)
        self.add_with_ids(x, ids)
        self.set_direct_map_type(kind)

    def _has(self, ids: Labels) -> npt.NDArray[np.bool_]:
        """Whether lists hold rows with these ids."""
        lists = [np.asarray(self.invlists.get_ids(number)) for number in range(self.nlist)]
        return np.isin(ids, np.concatenate(lists))


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

    sq = Codec(ScalarQuantizer)


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

    pq = Codec(ProductQuantizer)


class IndexIVFPQR(IndexIVFPQ):
    """Lists of product codes, and other codes for what these leave out."""

    def __init__(
        self,
        quantizer: Index,
        d: int,
        nlist: int,
        M: int,
        nbits_per_idx: int,
        M_refine: int,
        nbits_per_idx_refine: int,
        own_invlists: bool = True,
    ) -> None:
        if (nbits_per_idx, nbits_per_idx_refine) != (8, 8):
            raise RuntimeError(f"codes of {nbits_per_idx} and {nbits_per_idx_refine} bits; 8 are supported")
        self._begin_with(f"IVF{nlist},PQ{M}+{M_refine}", quantizer, d, METRIC_L2)

    k_factor = Setting("k_factor", float, "How many times as many rows as wanted are found first.")

    refine_pq = Codec(ProductQuantizer, refines=True)

    refine_codes = Numbers("refine_codes", "The codes of what those in the lists leave out, in the order of ids.")


class _IndexIVFInBlocks(IndexIVF):
    """Lists of codes in blocks, looked up by rounded tables."""

    implem = Remembered("implem", int, "How codes are scanned; 1 is by distances that are not rounded.")
    qbs = Setting("qbs", int, "How many queries are looked up together; answers are the same.")
    bbs = Field("bbs", int, "Rows in a block.")

    def _begin_in_blocks(self, lists: IndexIVF, rows: int) -> None:
        """Takes the codes of other lists, so many rows in a block."""
        self._begin(Place(lists._alone().in_blocks(rows)))

    def _searched(
        self, rows: npt.NDArray[Any], k: int, settings: dict[str, Any] | None, lists: Labels | None = None
    ) -> tuple[npt.NDArray[Any], Labels]:
        if self.implem == _UNROUNDED:
            return self._alone().in_a_row().search("", rows, k, (settings, omp_get_max_threads()), lists)
        return super()._searched(rows, k, settings, lists)


class IndexIVFPQFastScan(_IndexIVFInBlocks):
    """Lists of product codes of 4 bits in blocks of 32, looked up by rounded tables."""

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
            self._begin_in_blocks(quantizer, d)
            return
        if nbits_per_idx != 4:
            raise RuntimeError(f"fast scan is over codes of 4 bits, not {nbits_per_idx}")
        self._begin_with(f"IVF{nlist},PQ{M}x4fs" + ("" if bbs == 32 else f"_{bbs}"), quantizer, d, metric)

    pq = Codec(ProductQuantizer)

    def _ends_so(self, params: SearchParameters, names: tuple[str, ...]) -> None:
        """Fails if a search is to end early in a way that FAISS does not go with :attr:`implem`."""
        for name in names if self.implem not in (0, 10, 11) else ():
            if getattr(params, name, 0):
                raise RuntimeError(f"{name} goes with an implem of 0, 10 or 11, not {self.implem}")

    def _how(self, params: SearchParameters) -> dict[str, Any]:
        self._ends_so(params, ("max_codes", "max_lists_num", "ensure_topk_full"))
        return super()._how(params)

    def _how_within(self, params: SearchParameters) -> dict[str, Any]:
        self._ends_so(params, ("max_empty_result_buckets",))
        return super()._how_within(params)


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

    qb = Setting("qb", int, "Bits that components of a query are rounded to; 0 for not at all.")
    rabitq = Codec(RaBitQuantizer)


class IndexIVFRaBitQFastScan(_IndexIVFInBlocks):
    """Lists of codes of RaBitQ in blocks of 32, whose signs are looked up by rounded tables."""

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
            self._begin_in_blocks(quantizer, d)
            return
        self._begin_with(f"IVF{nlist},RaBitQfs{nb_bits}_{bbs}", quantizer, d, metric)

    qb = Setting("qb", int, "Bits that components of a query are rounded to.")
    rabitq = Codec(RaBitQuantizer)
    centered = Setting("centered", bool, "Whether the steps that they are rounded to lie about zero.")

    def _how(self, params: SearchParameters) -> dict[str, Any]:
        if getattr(params, "max_codes", 0):
            raise RuntimeError("max_codes does not go with codes of RaBitQ in blocks")
        return super()._how(params)
