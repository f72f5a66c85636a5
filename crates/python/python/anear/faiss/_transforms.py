"""What happens to rows before they are encoded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .._anear import Tree
from ._clustering import learning
from ._constants import METRIC_L2
from ._vectors import Vector

if TYPE_CHECKING:
    from ._index import Floats, Index


class VectorTransform:
    """A transform from rows of ``d_in`` components to rows of ``d_out``."""

    _tree: Tree
    _at = ""
    _number = 0
    verbose = False

    def _begin_as(self, description: str, d_in: int) -> None:
        self._tree = Tree.made(f"{description},Flat", int(d_in), METRIC_L2, 0.0)

    def _alone(self) -> Tree:
        return self._tree.transform(self._at, self._number)

    def _about(self) -> Any:
        return self._tree.about_transform(self._at, self._number)

    @property
    def d_in(self) -> int:
        """Components before."""
        return int(self._about()[0])

    @property
    def d_out(self) -> int:
        """Components after."""
        return int(self._about()[1])

    @property
    def is_trained(self) -> bool:
        """Whether it has learned what it needs."""
        return bool(self._about()[2])

    def _rows(self, x: Any, d: int) -> Floats:
        assert x.shape[1] == d
        return np.ascontiguousarray(x, dtype="float32")

    def train(self, x: Any) -> None:
        """Learns from rows."""
        self._tree.train(self._at, self._rows(x, self.d_in), learning())

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

    @property
    def A(self) -> Vector:
        """The matrix, one row of it for each component after."""
        return Vector(self._tree.matrix(self._at, self._number)[0])

    @property
    def b(self) -> Vector:
        """What is added."""
        return Vector(self._tree.matrix(self._at, self._number)[1])


class RandomRotationMatrix(LinearTransform):
    """A rotation at random."""

    def __init__(self, d_in: int, d_out: int) -> None:
        self._begin_as(f"RR{d_out}", d_in)

    def init(self, seed: int) -> None:
        """Draws the rotation from a seed."""
        self._tree.draw_rotation(self._at, self._number, int(seed))


class PCAMatrix(LinearTransform):
    """Principal components."""

    def __init__(self, d_in: int, d_out: int, eigen_power: float = 0.0, random_rotation: bool = False) -> None:
        if eigen_power not in (0.0, -0.5):
            raise RuntimeError(f"an eigen_power of {eigen_power}; 0 and -0.5 are supported")
        kind = "PCA" + ("W" if eigen_power else "") + ("R" if random_rotation else "")
        self._begin_as(f"{kind}{d_out}", d_in)


class OPQMatrix(LinearTransform):
    """A rotation after which product codes leave out little."""

    def __init__(self, d: int, M: int = 1, d2: int = -1) -> None:
        self._begin_as(f"OPQ{M}_{d2 if d2 != -1 else d}", d)


class ITQTransform(VectorTransform):
    """A rotation after which signs tell much."""

    def __init__(self, d_in: int, d_out: int, do_pca: bool = False) -> None:
        self._begin_as(f"ITQ{d_out}" if do_pca or d_in != d_out else "ITQ", d_in)


class NormalizationTransform(VectorTransform):
    """Makes the length of rows 1."""

    def __init__(self, d: int, norm: float = 2.0) -> None:
        if norm != 2.0:
            raise RuntimeError(f"a norm of {norm}; 2 is supported")
        self._begin_as("L2norm", d)


class CenteringTransform(VectorTransform):
    """Subtracts the mean."""


class RemapDimensionsTransform(VectorTransform):
    """Takes components from other places."""

    def __init__(self, d_in: int, d_out: int, uniform: bool = True) -> None:
        self._begin_as(f"Pad{d_out}", d_in)


_KINDS: dict[str, type[VectorTransform]] = {
    kind.__name__: kind
    for kind in (VectorTransform, LinearTransform, RandomRotationMatrix, PCAMatrix, OPQMatrix, ITQTransform,
                 NormalizationTransform, CenteringTransform, RemapDimensionsTransform)
}


class Chain:
    """The transforms of an index."""

    def __init__(self, index: Index) -> None:
        self._index = index

    def size(self) -> int:
        """How many there are."""
        return int(self._index._field("transforms"))

    def at(self, number: int) -> VectorTransform:
        """One of them."""
        tree = self._index._tree
        kind = _KINDS[tree.about_transform(self._index._at, number)[3]]
        transform = kind.__new__(kind)
        transform._tree, transform._at, transform._number = tree, self._index._at, number
        return transform


def downcast_VectorTransform(transform: VectorTransform) -> VectorTransform:
    """The transform, which has its class already."""
    return transform
