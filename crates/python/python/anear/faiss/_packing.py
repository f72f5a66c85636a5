"""Single codes among those that lie in blocks."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

#: Rows of a block that lie together.
_GROUP = 32


class CodePacker:
    """Takes single codes out of blocks, and puts them into blocks.

    Attributes
    ----------
    code_size
        Bytes of a code.
    nvec
        Codes in a block.
    block_size
        Bytes of a block.
    """

    def __init__(self, code_size: int, nvec: int = 1) -> None:
        self.code_size, self.nvec, self.block_size = code_size, nvec, code_size * nvec

    def _check(self, block: npt.NDArray[np.uint8], offset: int) -> None:
        assert block.ndim == 2 and block.shape[1] == self.block_size
        assert 0 <= offset < len(block) * self.nvec

    def pack_1(self, x: npt.NDArray[np.uint8], offset: int, block: npt.NDArray[np.uint8]) -> None:
        """Puts a code to a position among those of blocks."""
        assert x.shape == (self.code_size,)
        self._check(block, offset)
        block.reshape(-1, self.code_size)[offset] = x

    def unpack_1(self, block: npt.NDArray[np.uint8], offset: int) -> npt.NDArray[np.uint8]:
        """The code at a position among those of blocks."""
        self._check(block, offset)
        code: npt.NDArray[np.uint8] = block.reshape(-1, self.code_size)[offset].copy()
        return code


class CodePackerPQ4(CodePacker):
    """For product codes of 4 bits in blocks: two numbers of all rows, 32 by 32, then the next two.

    Byte ``j`` of the 16 of a number holds that of row ``p[j]`` in its lower half and that of row ``p[j] + 16`` in its
    upper half, where ``p`` is 0, 8, 1, 9 and so on up to 7, 15.
    """

    def _numbers(self, block: npt.NDArray[np.uint8], offset: int) -> tuple[Any, int]:
        """The bytes that hold the numbers of a code, two by two and to be changed in place, and by how many bits
        they are shifted in them."""
        self._check(block, offset)
        number, row = divmod(offset, self.nvec)
        group, row = divmod(row, _GROUP)
        low = row % 16
        byte, shift = 2 * (low % 8) + low // 8, 4 * (row // 16)
        pairs = block.reshape(len(block), self.code_size, self.nvec // _GROUP, 2, 16)
        return pairs[number, :, group, :, byte], shift

    def pack_1(self, x: npt.NDArray[np.uint8], offset: int, block: npt.NDArray[np.uint8]) -> None:
        assert x.shape == (self.code_size,)
        places, shift = self._numbers(block, offset)
        places[:] = places & (15 << (4 - shift)) | np.stack([x & 15, x >> 4], axis=1) << shift

    def unpack_1(self, block: npt.NDArray[np.uint8], offset: int) -> npt.NDArray[np.uint8]:
        places, shift = self._numbers(block, offset)
        numbers = places >> shift & 15
        code: npt.NDArray[np.uint8] = numbers[:, 0] | numbers[:, 1] << 4
        return code
