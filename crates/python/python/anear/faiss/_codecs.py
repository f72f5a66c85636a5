"""What an index's codec has learned, and codecs by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from .._anear import Tree
from ._clustering import learning
from ._constants import METRIC_L2, omp_get_max_threads
from ._vectors import Vector

if TYPE_CHECKING:
    from ._index import Floats


_C = TypeVar("_C", bound="_Codec")


class _Codec:
    """A codec over rows of ``d`` components: an index without rows, which encodes."""

    #: The codec by itself.
    _alone: Tree

    def _array(self, name: str) -> Vector:
        def store(numbers: npt.NDArray[Any]) -> None:
            self._alone.set_array("", name, np.ascontiguousarray(numbers, dtype="float32"))

        return Vector(self._alone.array("", name), store)

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

    def train(self, x: Any) -> None:
        """Learns from rows."""
        self._alone.train("", self._rows(x), learning())

    def compute_codes(self, x: Any) -> npt.NDArray[np.uint8]:
        """The codes of rows."""
        return self._alone.encode("", self._rows(x), omp_get_max_threads())

    def decode(self, codes: npt.NDArray[np.uint8]) -> Floats:
        """The rows that codes stand for."""
        n, size = codes.shape
        assert codes.dtype == np.uint8 or codes.dtype == np.int8
        assert size == self.code_size
        return self._alone.decode("", np.ascontiguousarray(codes).view(np.uint8))


class ProductQuantizer(_Codec):
    """For each of ``M`` parts of a row the number of one of ``2 ** nbits`` centroids."""

    Train_default, Train_hot_start, Train_shared, Train_hypercube, Train_hypercube_pca = range(5)

    def __init__(self, d: int, M: int, nbits: int) -> None:
        self._alone = Tree.made(f"PQ{M}x{nbits}", d, METRIC_L2, 0.0)

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


class ScalarQuantizer(_Codec):
    """A number of few bits for each component."""

    (QT_8bit, QT_4bit, QT_8bit_uniform, QT_4bit_uniform, QT_fp16, QT_8bit_direct, QT_6bit, QT_bf16,
     QT_8bit_direct_signed) = range(9)

    RS_minmax, RS_meanstd, RS_quantiles, RS_optim = range(4)

    def __init__(self, d: int, qtype: int) -> None:
        self._alone = scalar_tree(d, qtype, METRIC_L2)

    @property
    def qtype(self) -> int:
        """How components are written."""
        return int(self._field("sq.qtype"))

    @property
    def trained(self) -> Vector:
        """What was learned of the range of components."""
        return self._array("sq.trained")


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


def codec_of(tree: Tree, at: str, kind: type[_C]) -> _C:
    """The codec of an index, by itself."""
    codec = kind.__new__(kind)
    codec._alone = tree.codec(at)
    return codec
