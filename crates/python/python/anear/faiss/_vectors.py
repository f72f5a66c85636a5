"""Arrays that FAISS has as ``std::vector``: seen here as what they hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt


class Vector:
    """A copy of numbers that an index keeps."""

    def __init__(self, numbers: npt.NDArray[Any]) -> None:
        self._numbers = numbers

    def size(self) -> int:
        """How many numbers there are."""
        return len(self._numbers)

    def at(self, position: int) -> Any:
        """The number at a position."""
        return self._numbers[position].item()

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, position: int) -> Any:
        return self._numbers[position]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._numbers)

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return np.array(self._numbers, dtype=dtype) if copy else np.asarray(self._numbers, dtype=dtype)


def vector_to_array(vector: Vector | npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The numbers as an array."""
    return np.array(vector)


vector_float_to_array = vector_to_array
AlignedTable_to_array = vector_to_array
