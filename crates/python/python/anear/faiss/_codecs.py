"""What an index's codec has learned, and codecs by themselves."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from .._anear import Tree, kmeans
from ._clustering import ClusteringParameters, learning
from ._constants import METRIC_L2, omp_get_max_threads
from ._vectors import Vector

if TYPE_CHECKING:
    from ._index import Floats


#: Bytes of the header of an index's file, and of what follows a product quantizer there: the number of bytes of
#: codes, and how they are compared. Source: FAISS 1.15, ``faiss/impl/index_write.cpp``.
_HEADER_BYTES, _BEHIND_BYTES = struct.calcsize("<4siqqqBi"), struct.calcsize("<Qi?i")

#: Rows for each centroid that a codec learns from at most where it refines another. Source: FAISS 1.15,
#: ``faiss/IndexIVFPQR.cpp``.
_REFINEMENT_POINTS = 1000

_C = TypeVar("_C", bound="_Codec")


class _Codec:
    """A codec over rows of ``d`` components: one by itself, or that of an index, which changes with it."""

    #: The codec by itself: an index without rows, which encodes.
    _own: Tree | None = None
    #: The index whose codec it is.
    _index: Any = None
    #: Whether it is for what the codes of another leave out.
    _refines = False

    @property
    def _alone(self) -> Tree:
        if self._index is not None:
            tree: Tree = self._index._tree.codec(self._index._at, self._refines)
            return tree
        assert self._own is not None
        return self._own

    def _keep(self, codec: Tree) -> None:
        """Goes on with a codec that was changed."""
        if self._index is not None:
            self._index._tree.set_codec(self._index._at, self._refines, codec)
        else:
            self._own = codec

    def _set_array(self, name: str, numbers: npt.ArrayLike) -> None:
        codec = self._alone
        codec.set_array("", name, np.ascontiguousarray(numbers, dtype="float32"))
        codec.set_field("", "is_trained", 1.0)
        self._keep(codec)

    def _array(self, name: str) -> Vector:
        return Vector(self._alone.array("", name), lambda numbers: self._set_array(name, numbers))

    def _field(self, name: str) -> Any:
        return self._alone.fields("")[name]

    @property
    def d(self) -> int:
        """Components in a row."""
        return int(self._field("d"))

    @property
    def code_size(self) -> int:
        """Bytes of a code."""
        return int(self._field("code_size"))

    def _rows(self, x: Any) -> Floats:
        n, d = x.shape
        assert d == self.d
        return np.ascontiguousarray(x, dtype="float32")

    def _training(self) -> dict[str, Any] | None:
        """How the centroids of parts are learned, if otherwise than usual."""
        return None

    def train(self, x: Any) -> None:
        """Learns from rows."""
        codec = self._alone
        codec.train("", self._rows(x), learning(), self._training(), None)
        self._keep(codec)

    def compute_codes(self, x: Any) -> npt.NDArray[np.uint8]:
        """The codes of rows."""
        return self._alone.encode("", self._rows(x), omp_get_max_threads())

    def decode(self, codes: npt.NDArray[np.uint8]) -> Floats:
        """The rows that codes stand for."""
        n, size = codes.shape
        assert codes.dtype == np.uint8 or codes.dtype == np.int8
        assert size == self.code_size
        return self._alone.decode("", np.ascontiguousarray(codes).view(np.uint8))


def clone_Quantizer(quantizer: _C) -> _C:
    """Another codec that is the same."""
    return _by_itself(type(quantizer), quantizer._alone.part(""))


def _by_itself(kind: type[_C], tree: Tree) -> _C:
    codec = kind.__new__(kind)
    codec._own = tree
    return codec


class ProductQuantizer(_Codec):
    """For each of ``M`` parts of a row the number of one of ``2 ** nbits`` centroids."""

    Train_default, Train_hot_start, Train_shared, Train_hypercube, Train_hypercube_pca = range(5)
    verbose = False
    _cp: ClusteringParameters | None = None
    _shares = False

    def __init__(self, d: int, M: int, nbits: int) -> None:
        self._own = Tree.made(f"PQ{M}x{nbits}np", d, METRIC_L2, 0.0)

    @property
    def train_type(self) -> int:
        """Whether each part has centroids of its own, or all parts have the same (``Train_shared``)."""
        return self.Train_shared if self._shares else self.Train_default

    @train_type.setter
    def train_type(self, kind: int) -> None:
        if self._refines and kind != self.Train_default:
            raise RuntimeError(f"a train_type of {kind} is not supported here: only Train_default is")
        if kind not in (self.Train_default, self.Train_shared):
            raise RuntimeError(f"a train_type of {kind} is not supported: only Train_default and Train_shared are")
        self._shares = kind == self.Train_shared

    def train(self, x: Any) -> None:
        """Learns from rows."""
        if not self._shares:
            super().train(x)
            return
        parts = self._rows(x).reshape(-1, self.dsub)
        centroids = kmeans(parts, self.ksub, self.cp._settings(), None, None)[0]
        self.centroids = np.tile(centroids, (self.M, 1)).reshape(-1)

    def _learns_otherwise(self) -> bool:
        return self._shares or self._cp is not None

    @property
    def cp(self) -> ClusteringParameters:
        """How the centroids of each part are learned."""
        if self._cp is None:
            points = {"max_points_per_centroid": _REFINEMENT_POINTS} if self._refines else {}
            self._cp = ClusteringParameters(**points)
        return self._cp

    @cp.setter
    def cp(self, parameters: ClusteringParameters) -> None:
        self._cp = parameters

    def _training(self) -> dict[str, Any] | None:
        settings = self.cp._settings()  # where parts share centroids, these come in the place of what is learned
        return {**settings, "iterations": 0, "redo": 1} if self._shares else settings

    @property
    def M(self) -> int:
        """Parts of a row."""
        return int(self._field("pq.M"))

    @property
    def nbits(self) -> int:
        """Bits of a centroid's number."""
        return int(self._field("pq.nbits"))

    @property
    def dsub(self) -> int:
        """Components of a part."""
        return self.d // self.M

    @property
    def ksub(self) -> int:
        """Centroids of a part."""
        return 1 << self.nbits

    @property
    def centroids(self) -> Vector:
        """The centroids of the first part, then those of the second and so on."""
        return self._array("pq.centroids")

    @centroids.setter
    def centroids(self, numbers: Any) -> None:
        self._set_array("pq.centroids", np.asarray(numbers))

    def _to_bytes(self) -> bytes:
        """The bytes of a file of its own: those between the header of an index without rows and what follows."""
        return self._alone.to_bytes("")[_HEADER_BYTES:-_BEHIND_BYTES]

    @classmethod
    def _from_bytes(cls, data: bytes) -> ProductQuantizer:
        (d,) = struct.unpack_from("<Q", data) if len(data) >= 8 else (0,)
        if not 0 < d < 2**31:
            raise RuntimeError(f"{len(data)} bytes are no product quantizer: its dimension is {d}")
        header = struct.pack("<4siqqqBi", b"IxPq", d, 0, 1 << 20, 1 << 20, 1, METRIC_L2)
        pq = _by_itself(cls, Tree.from_bytes(header + data + bytes(_BEHIND_BYTES)))
        if len(pq._to_bytes()) != len(data):
            raise RuntimeError("there is more behind the product quantizer")
        return pq

    def sync_transposed_centroids(self) -> None:
        """Does nothing: centroids lie as searches want them."""

    def clear_transposed_centroids(self) -> None:
        """Does nothing: centroids lie as searches want them."""


class RaBitQuantizer(_Codec):
    """A bit or more for each component, and corrections."""

    def __init__(self, d: int = 0, metric: int = METRIC_L2, nb_bits: int = 1) -> None:
        self._own = Tree.made("RaBitQ" if nb_bits == 1 else f"RaBitQ{nb_bits}", d, metric, 0.0)
        self._own.set_field("", "is_trained", 1.0)

    @property
    def metric_type(self) -> int:
        """How nearness is measured."""
        return self._alone.metric("")

    @property
    def nb_bits(self) -> int:
        """Bits of a component."""
        return int(self._field("rabitq.nb_bits"))


class ScalarQuantizer(_Codec):
    """A number of few bits for each component."""

    (QT_8bit, QT_4bit, QT_8bit_uniform, QT_4bit_uniform, QT_fp16, QT_8bit_direct, QT_6bit, QT_bf16,
     QT_8bit_direct_signed) = range(9)
    # What FAISS has names for and is not made here.
    (QT_0bit, QT_1bit_tqmse, QT_2bit_tqmse, QT_3bit_tqmse, QT_4bit_tqmse, QT_8bit_tqmse, QT_2bit_tq, QT_3bit_tq,
     QT_4bit_tq, QT_5bit_tq, QT_1bit_eden, QT_2bit_eden, QT_3bit_eden, QT_4bit_eden, QT_5bit_eden, QT_6bit_eden,
     QT_7bit_eden, QT_8bit_eden, QT_count) = range(9, 28)

    RS_minmax, RS_meanstd, RS_quantiles, RS_optim = range(4)

    def __init__(self, d: int, qtype: int) -> None:
        self._own = scalar_tree(d, qtype, METRIC_L2)

    @property
    def qtype(self) -> int:
        """How components are written."""
        return int(self._field("sq.qtype"))

    @property
    def trained(self) -> Vector:
        """What was learned of the range of components."""
        return self._array("sq.trained")

    @trained.setter
    def trained(self, numbers: Any) -> None:
        self._set_array("sq.trained", np.asarray(numbers))


#: What ``index_factory`` calls the kinds of scalar quantizers; a uniform one is made of another.
SCALARS = {0: "SQ8", 1: "SQ4", 2: "SQ8", 3: "SQ4", 4: "SQfp16", 5: "SQ8_direct", 6: "SQ6", 7: "SQbf16",
           8: "SQ8_direct_signed"}


def scalar_name(qtype: int) -> str:
    """How ``index_factory`` writes a kind of scalar quantizer."""
    if qtype not in SCALARS:
        raise RuntimeError(f"a scalar quantizer of type {qtype} is not supported")
    return SCALARS[qtype]


def scalar_tree(d: int, qtype: int, metric: int) -> Tree:
    """An index of such codes."""
    tree = Tree.made(scalar_name(qtype), d, metric, 0.0)
    tree.set_field("", "sq.qtype", float(qtype))
    return tree
