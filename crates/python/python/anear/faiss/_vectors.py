"""Arrays that FAISS has as ``std::vector``: seen here as what they hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt


class Vector:
    """A copy of numbers that an index keeps.

    :func:`copy_array_to_vector` puts others in their place, where an index takes them.
    """

    def __init__(
        self, numbers: npt.NDArray[Any], store: Callable[[npt.NDArray[Any]], None] | None = None
    ) -> None:
        self._numbers, self._store = numbers, store

    def size(self) -> int:
        """How many numbers there are."""
        return len(self._numbers)

    def at(self, position: int) -> Any:
        """The number at a position."""
        return self._numbers[position].item()

    def swap(self, other: Vector) -> None:
        """Exchanges the numbers of two vectors that take others."""
        mine = self._numbers
        copy_array_to_vector(other._numbers, self)
        copy_array_to_vector(mine, other)

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, position: int) -> Any:
        return self._numbers[position]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._numbers)

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return np.array(self._numbers, dtype=dtype) if copy else np.asarray(self._numbers, dtype=dtype)


class Records(list[Any]):
    """Several things in order, with the methods that a ``std::vector`` has."""

    def size(self) -> int:
        """How many there are."""
        return len(self)

    def at(self, position: int) -> Any:
        """The one at a position."""
        return self[position]


def copy_array_to_vector(a: npt.ArrayLike, v: Vector) -> None:
    """Puts the numbers of an array in the place of those of a vector.

    Raises
    ------
    RuntimeError
        If an index keeps the numbers and does not take others.
    """
    numbers = np.ascontiguousarray(a)
    assert numbers.ndim == 1
    if v._store is None:
        raise RuntimeError("these numbers cannot be changed")
    v._store(numbers)
    v._numbers = numbers


def vector_to_array(vector: Vector | npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The numbers as an array."""
    return np.array(vector)


vector_float_to_array = vector_to_array
AlignedTable_to_array = vector_to_array
