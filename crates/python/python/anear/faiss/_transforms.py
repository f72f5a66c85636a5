"""What happens to rows before they are encoded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .._anear import Tree
from ._clustering import learning
from ._constants import METRIC_L2
from ._fields import Field, Numbers, Setting, check_settable
from ._place import Place
from ._vectors import Vector

if TYPE_CHECKING:
    from ._index import Floats, Index

#: How far the products of a matrix's rows may be from those at right angles. Source: FAISS 1.15,
#: ``LinearTransform::set_is_orthonormal``.
_SLACK = 4e-5


class VectorTransform:
    """A transform from rows of ``d_in`` components to rows of ``d_out``."""

    #: Where the transform is: before an index without rows of its own, until it is put before another.
    _place: Place
    _number = 0
    verbose = False
    own_fields = False
    thisown = True
    #: What is taken at its default only: training does not go by it here.
    _fixed: tuple[str, ...] = ()

    def _begin(self, tree: Tree) -> None:
        self._place = Place(tree)

    def _begin_as(self, description: str, d_in: int) -> None:
        self._begin(Tree.made(f"{description},Flat", int(d_in), METRIC_L2, 0.0))

    def __setattr__(self, name: str, value: Any) -> None:
        check_settable(self, name, value, "_place")
        object.__setattr__(self, name, value)

    @property
    def _tree(self) -> Tree:
        return self._place.tree

    @property
    def _at(self) -> str:
        return self._place.at

    def _alone(self) -> Tree:
        return self._tree.transform(self._at, self._number)

    def _about(self) -> tuple[int, int, bool, str]:
        return self._tree.about_transform(self._at, self._number)

    def _field(self, name: str) -> Any:
        return self._tree.transform_fields(self._at, self._number)[name]

    def _set_field(self, name: str, value: float) -> None:
        self._tree.set_transform_field(self._at, self._number, name, float(value))

    def _array(self, name: str) -> Vector:
        def store(numbers: npt.NDArray[Any]) -> None:
            floats = np.ascontiguousarray(numbers, dtype="float32")
            self._tree.set_transform_array(self._at, self._number, name, floats)

        return Vector(self._tree.transform_array(self._at, self._number, name), store)

    @property
    def d_in(self) -> int:
        """Components before."""
        return self._about()[0]

    @property
    def d_out(self) -> int:
        """Components after."""
        return self._about()[1]

    is_trained = Setting("is_trained", bool, "Whether it has learned what it needs.")

    def _rows(self, x: Any, d: int) -> Floats:
        assert x.shape[1] == d
        return np.ascontiguousarray(x, dtype="float32")

    def train(self, x: Any) -> None:
        """Learns from rows."""
        self._tree.train_transform(self._at, self._number, self._rows(x, self.d_in), learning())

    def apply(self, x: Any) -> Floats:
        """What rows become."""
        if not self.is_trained:
            raise RuntimeError("the transform is not trained")
        applied = self._tree.apply(self._at, self._number, self._rows(x, self.d_in))
        return applied.reshape(-1, self.d_out)

    apply_py = apply

    def reverse_transform(self, x: Any) -> Floats:
        """Rows that become these, as near as can be told."""
        undone = self._tree.undo(self._at, self._number, self._rows(x, self.d_out))
        return undone.reshape(-1, self.d_in)


class LinearTransform(VectorTransform):
    """Multiplies with a matrix, then adds."""

    have_bias = Field("have_bias", bool, "Whether something is added.")
    A = Numbers("A", "The matrix, one row of it for each component after.")
    b = Numbers("b", "What is added.")

    def __init__(self, d_in: int = 0, d_out: int = 0, have_bias: bool = False) -> None:
        self._begin(Tree.linear(int(d_in), int(d_out), bool(have_bias)))

    @property
    def is_orthonormal(self) -> bool:
        """Whether the rows of the matrix, or its columns where it has more rows, have length 1 and are at right
        angles."""
        matrix = np.asarray(self.A, dtype=np.float64)
        if matrix.size != self.d_in * self.d_out:
            return False
        matrix = matrix.reshape(self.d_out, self.d_in)
        products = matrix @ matrix.T if self.d_out <= self.d_in else matrix.T @ matrix
        return bool(np.abs(products - np.eye(len(products))).max(initial=0.0) < _SLACK)

    def set_is_orthonormal(self) -> None:
        """Does nothing: :attr:`is_orthonormal` is found when asked for."""


class RandomRotationMatrix(LinearTransform):
    """A rotation at random."""

    def __init__(self, d_in: int, d_out: int) -> None:
        self._begin_as(f"RR{d_out}", d_in)

    def init(self, seed: int) -> None:
        """Draws the rotation from a seed."""
        self._tree.draw_rotation(self._at, self._number, int(seed))


class PCAMatrix(LinearTransform):
    """Principal components."""

    max_points_per_d = 1000
    _fixed = ("max_points_per_d",)

    eigen_power = Setting("eigen_power", float, "To which power of its eigenvalue a component is scaled.")
    epsilon = Setting("epsilon", float, "What is added to eigenvalues before.")
    random_rotation = Setting("random_rotation", bool, "Whether a random rotation comes behind.")
    balanced_bins = Setting("balanced_bins", int, "Among how many bins components are balanced; 0 for none.")
    mean = Numbers("mean", "The mean of the rows it has learned from.")
    eigenvalues = Numbers("eigenvalues", "All eigenvalues, the largest first.")
    PCAMat = Numbers("PCAMat", "All principal components.")

    def __init__(
        self, d_in: int = 0, d_out: int = 0, eigen_power: float = 0.0, random_rotation: bool = False
    ) -> None:
        self._begin_as(f"PCA{d_out}", d_in)
        self.eigen_power, self.random_rotation = eigen_power, random_rotation


class OPQMatrix(LinearTransform):
    """A rotation after which product codes leave out little."""

    niter_pq = 4
    niter_pq_0 = 40
    max_train_points = 256 * 256
    pq: Any = None
    _fixed = ("niter_pq", "niter_pq_0", "max_train_points", "pq")

    M = Field("M", int, "Parts of the product codes.")
    niter = Setting("niter", int, "Rounds of training.")

    def __init__(self, d: int = 0, M: int = 1, d2: int = -1) -> None:
        self._begin_as(f"OPQ{M}_{d2 if d2 != -1 else d}", d)


class ITQTransform(VectorTransform):
    """A rotation after which signs tell much."""

    mean = Numbers("mean", "The mean of the rows it has learned from.")

    def __init__(self, d_in: int, d_out: int, do_pca: bool = False) -> None:
        self._begin_as(f"ITQ{d_out}" if do_pca or d_in != d_out else "ITQ", d_in)


class NormalizationTransform(VectorTransform):
    """Makes the length of rows 1."""

    norm = Field("norm", float, "The exponent of the norm.")

    def __init__(self, d: int, norm: float = 2.0) -> None:
        if norm != 2.0:
            raise RuntimeError(f"a norm of {norm}; 2 is supported")
        self._begin_as("L2norm", d)


class CenteringTransform(VectorTransform):
    """Subtracts the mean."""

    mean = Numbers("mean", "The mean of the rows it has learned from.")

    def __init__(self, d: int = 0) -> None:
        self._begin(Tree.centering(int(d)))


class RemapDimensionsTransform(VectorTransform):
    """Takes components from other places.

    Parameters
    ----------
    d_in, d_out
        Components before and after.
    uniform
        Whether components are spread, or taken, evenly; else the first ones are taken, and zeros fill up. Or
        for each component after where it is taken from, -1 for 0.
    """

    def __init__(self, d_in: int, d_out: int, uniform: bool | npt.ArrayLike = True) -> None:
        fewer = min(d_in, d_out)
        if not isinstance(uniform, (bool, int)):
            places = np.asarray(uniform, dtype=np.int32)
            assert places.shape == (d_out,)
        else:
            places = np.full(d_out, -1, dtype=np.int32)
            steps = np.arange(fewer)
            if not uniform:
                places[:fewer] = steps
            elif d_in < d_out:
                places[steps * d_out // d_in] = steps
            else:
                places[:] = steps * d_in // d_out
        self._begin(Tree.remapping(int(d_in), places))


_KINDS: dict[str, type[VectorTransform]] = {
    kind.__name__: kind
    for kind in (LinearTransform, RandomRotationMatrix, PCAMatrix, OPQMatrix, ITQTransform,
                 NormalizationTransform, CenteringTransform, RemapDimensionsTransform)
}


def transform_at(place: Place, number: int) -> VectorTransform:
    """One of the transforms of the index at a place, as an object of its class."""
    kind = _KINDS.get(place.tree.about_transform(place.at, number)[3], LinearTransform)
    transform = kind.__new__(kind)
    transform._place, transform._number = place, number
    return transform


class Chain:
    """The transforms of an index."""

    def __init__(self, index: Index) -> None:
        self._index = index

    def size(self) -> int:
        """How many there are."""
        return int(self._index._field("transforms"))

    def at(self, number: int) -> VectorTransform:
        """One of them, the same object each time."""
        known = self._index._place.transforms
        if number not in known:
            known[number] = transform_at(self._index._place, number)
        return known[number]

    __len__ = size


def downcast_VectorTransform(transform: VectorTransform) -> VectorTransform:
    """The transform, which has its class already."""
    return transform
