"""Functions over arrays of whole numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

_Integers = npt.NDArray[np.int64]


def bucket_sort(tab: npt.ArrayLike, nbucket: int | None = None, nt: int = 0) -> tuple[_Integers, _Integers]:
    """Where each number's places begin (and the end of the last one's), and the places: ascending for each number
    of ``tab``, from 0 to the one before ``nbucket``."""
    numbers = np.ascontiguousarray(tab, dtype="int64")
    return _limits(numbers, nbucket), np.argsort(numbers, kind="stable")


def matrix_bucket_sort_inplace(tab: npt.NDArray[Any], nbucket: int | None = None, nt: int = 0) -> _Integers:
    """Puts in the place of the numbers of a matrix the rows that they are in, those of 0 first and so on; tells
    where each number's rows begin, and the end of the last one's."""
    assert tab.dtype == np.int32 or tab.dtype == np.int64
    numbers = tab.reshape(-1)
    limits = _limits(numbers, nbucket)
    tab[...] = (np.argsort(numbers, kind="stable") // tab.shape[1]).reshape(tab.shape)
    return limits


def _limits(numbers: npt.NDArray[Any], nbucket: int | None) -> _Integers:
    count = int(numbers.max(initial=-1)) + 1 if nbucket is None else nbucket
    assert numbers.min(initial=0) >= 0 and numbers.max(initial=-1) < count
    return np.concatenate([[0], np.cumsum(np.bincount(numbers, minlength=count))]).astype(np.int64)


class MapInt64ToInt64:
    """A table of whole numbers by whole numbers, of which there are ``capacity`` at most, a power of 2."""

    def __init__(self, capacity: int) -> None:
        assert capacity > 0 and capacity & (capacity - 1) == 0, "need power of 2 capacity"
        self.capacity = capacity
        self._values: dict[int, int] = {}

    def add(self, keys: _Integers, vals: _Integers) -> None:
        """Takes a number for each key, in the place of one that is there."""
        (n,) = keys.shape
        assert vals.shape == (n,)
        added = self._values | dict(zip(keys.tolist(), vals.tolist(), strict=True))
        if len(added) > self.capacity:
            raise RuntimeError(f"{len(added)} keys in a table for {self.capacity}")
        self._values = added

    def lookup(self, keys: _Integers) -> _Integers:
        """The numbers of keys, -1 for one that is not there."""
        return np.array([self._values.get(key, -1) for key in keys.tolist()], dtype=np.int64)


def _bits_of(M: int, nbit: Any) -> list[int]:
    return [int(nbit)] * M if np.ndim(nbit) == 0 else [int(bits) for bits in nbit]


def pack_bitstrings(a: npt.NDArray[Any], nbit: Any) -> npt.NDArray[np.uint8]:
    """A string of bits for each row of whole numbers: ``nbit`` bits for each, or so many for each column, the
    lowest bit first."""
    n, M = a.shape
    widths = _bits_of(M, nbit)
    assert len(widths) == M
    columns = zip(a.T, widths, strict=True)
    bits = [column[:, None] >> np.arange(width) & 1 for column, width in columns]
    packed: npt.NDArray[np.uint8] = np.packbits(
        np.concatenate([np.zeros((n, 0), np.uint8), *bits], axis=1).astype(np.uint8), axis=1, bitorder="little"
    )
    return packed


def unpack_bitstrings(
    b: npt.NDArray[np.uint8], M_or_nbits: Any, nbit: int | None = None
) -> npt.NDArray[np.int32]:
    """The numbers that strings of bits hold: ``M`` of ``nbit`` bits in each, or one of so many bits for each of
    the given widths."""
    widths = _bits_of(M_or_nbits, nbit) if nbit is not None else _bits_of(0, M_or_nbits)
    assert 8 * b.shape[1] >= sum(widths)
    bits = np.unpackbits(b, axis=1, bitorder="little").astype(np.int64)
    ends = np.cumsum([0, *widths])
    numbers = [bits[:, start:end] @ (1 << np.arange(end - start)) for start, end in zip(ends, ends[1:], strict=False)]
    return np.stack(numbers, axis=1).astype(np.int32) if numbers else np.zeros((len(b), 0), np.int32)
