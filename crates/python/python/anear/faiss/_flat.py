"""Rows as they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ._constants import METRIC_INNER_PRODUCT, METRIC_L2
from ._fields import Numbers
from ._index import Index
from ._packing import CodePacker
from ._parameters import SearchParameters, how
from ._vectors import Vector


class IndexFlatCodes(Index):
    """Codes one behind another, all of them looked at."""

    codes = Numbers("codes", "The bytes of all rows.")

    def get_CodePacker(self) -> CodePacker:
        """What takes single codes out of :attr:`codes`."""
        return CodePacker(self.code_size)

    def _how_within(self, params: SearchParameters) -> dict[str, Any]:
        return how(params)


class IndexFlat(IndexFlatCodes):
    """Rows as they are, all of them looked at."""

    def __init__(self, d: int = 0, metric: int = METRIC_L2, metric_arg: float = 0.0) -> None:
        self._begin_as("Flat", d, metric, metric_arg)

    def get_xb(self) -> Vector:
        """The components of all rows."""
        return Vector(self._tree.array(self._at, "codes").view("float32"))

    xb = property(get_xb)

    def sync_l2norms(self) -> None:
        """Does nothing: norms are not kept."""

    def clear_l2norms(self) -> None:
        """Does nothing: norms are not kept."""


class IndexFlatL2(IndexFlat):
    """Rows as they are, by the squared Euclidean distance."""

    def __init__(self, d: int = 0) -> None:
        super().__init__(d, METRIC_L2)


class IndexFlatIP(IndexFlat):
    """Rows as they are, by the inner product."""

    def __init__(self, d: int = 0) -> None:
        super().__init__(d, METRIC_INNER_PRODUCT)


class IndexFlat1D(IndexFlatL2):
    """Rows of one component."""

    def __init__(self, continuous_update: bool = True) -> None:
        super().__init__(1)

    def _searched(
        self, rows: npt.NDArray[Any], k: int, settings: dict[str, Any] | None, lists: Any = None
    ) -> tuple[npt.NDArray[Any], Any]:
        """Distances here are differences, and not their squares as those of other indexes."""
        distances, labels = super()._searched(rows, k, settings, lists)
        return np.sqrt(distances), labels

    def update_permutation(self) -> None:
        """Does nothing: rows are not kept in order."""
