"""Random numbers, the same ones that FAISS makes from a seed.

Source: FAISS 1.15, ``faiss/utils/random.cpp``: blocks of numbers, each from a Mersenne twister of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

_Size = int | tuple[int, ...]
_Draw = Callable[[np.random.RandomState, int], npt.NDArray[Any]]


def _words(generator: np.random.RandomState, count: int) -> npt.NDArray[np.uint32]:
    return generator.randint(0, 2**32, count, dtype=np.uint32)


def _in_blocks(shape: _Size, seed: int, draw: _Draw, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    n = int(np.prod(shape))
    first, step = (int(word) & 0x7FFFFFFF for word in _words(np.random.RandomState(seed % 2**32), 2))
    blocks = 1 if n < 1024 else 1024
    numbers = np.empty(n, dtype=dtype)
    for block in range(blocks):
        start, end = block * n // blocks, (block + 1) * n // blocks
        generator = np.random.RandomState((first + block * step) % 2**32)
        numbers[start:end] = draw(generator, end - start)
    return numbers.reshape(shape)


def rand(n: _Size, seed: int = 12345) -> npt.NDArray[np.float32]:
    """Numbers from 0 to 1, all equally likely."""

    def draw(generator: np.random.RandomState, count: int) -> npt.NDArray[np.float32]:
        return _words(generator, count).astype(np.float32) / np.float32(2**32)

    return _in_blocks(n, seed, draw, np.float32)


def _normal(generator: np.random.RandomState, count: int) -> npt.NDArray[np.float64]:
    """Marsaglia's polar method: pairs inside the unit circle give two numbers each."""
    pairs = -(-count // 2)
    inside = np.empty((0, 2))
    while len(inside) < pairs:
        drawn = 2.0 * (_words(generator, 4 * pairs).reshape(-1, 2) / float(2**32 - 1)) - 1
        inside = np.concatenate([inside, drawn[(drawn**2).sum(1) < 1.0]])
    inside = inside[:pairs]
    squares = (inside**2).sum(1)
    scaled: npt.NDArray[np.float64] = inside * np.sqrt(-2.0 * np.log(squares) / squares)[:, None]
    return scaled.reshape(-1)[:count]


def randn(n: _Size, seed: int = 12345) -> npt.NDArray[np.float32]:
    """Numbers of the normal distribution."""
    return _in_blocks(n, seed, _normal, np.float32)


def randint(n: _Size, seed: int = 12345, vmax: int | None = None) -> npt.NDArray[np.int64]:
    """Integers from 0 on, below ``vmax`` if it is given."""

    def draw(generator: np.random.RandomState, count: int) -> npt.NDArray[np.int64]:
        halves = (_words(generator, 2 * count) & np.uint32(0x7FFFFFFF)).astype(np.int64)
        whole: npt.NDArray[np.int64] = halves[::2] | halves[1::2] << 31
        return whole if vmax is None else whole % vmax

    return _in_blocks(n, seed, draw, np.int64)


def rand_smooth_vectors(n: int, d: int, seed: int = 1234) -> npt.NDArray[np.float32]:
    """Rows that ten numbers make: sines of their combinations."""
    factors = randn((n, 10), seed) @ rand((10, d), seed + 1)
    smooth: npt.NDArray[np.float32] = np.sin(factors * (rand(d, seed + 2) * 4 + np.float32(0.1)))
    return smooth.astype(np.float32)


lrand = randint
