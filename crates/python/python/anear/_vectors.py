"""Open vector files."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, SupportsIndex

import numpy as np
import numpy.typing as npt

from ._anear import File, Memory
from ._errors import ColumnError, RowError, UsageError

if TYPE_CHECKING:
    import torch

_Array = np.ndarray[Any, Any]
_BLOCK_BYTES = 16 << 20
NUMPY_NAMES = {
    "bool": "bool",
    "i8": "int8",
    "i16": "int16",
    "i32": "int32",
    "i64": "int64",
    "u8": "uint8",
    "u16": "uint16",
    "u32": "uint32",
    "u64": "uint64",
    "f16": "float16",
    "f32": "float32",
    "f64": "float64",
}
_TORCH_NAMES = {"bf16": "bfloat16", "f8e4m3": "float8_e4m3fn", "f8e5m2": "float8_e5m2"}


class Vectors:
    """An open matrix of vectors in a file; see `anear.open`.

    Rows are read when they are asked for: ``v[3]`` is one vector, ``v[10:20]`` and ``v[[5, 2]]``
    are matrices, ``for vector in v`` goes through all of them block by block. Where the bytes of
    the file can be used as they are, `numpy` and `torch` give them without a copy.
    """

    __slots__ = ("__weakref__", "_file", "_metadata")

    def __init__(
        self,
        path: str | os.PathLike[str],
        entry: str | None = None,
        ids: str | None = None,
        threads: int | None = None,
        *,
        raw: str | None = None,
        limits: bool = True,
    ) -> None:
        self._file = File(path, entry, ids, threads, raw, limits)
        self._metadata: Metadata | None = None

    @property
    def path(self) -> str:
        """The file."""
        return os.fspath(self._file.path)

    @property
    def format(self) -> str:
        """The format of the file, such as ``"npy"``."""
        return self._file.format

    @property
    def entry(self) -> str:
        """The name of this matrix in the file; may be empty."""
        return self._file.entry

    @property
    def entries(self) -> list[str]:
        """The names of all matrices in the file."""
        return self._file.entries

    @property
    def shape(self) -> tuple[int, int]:
        """Rows, and components in a row."""
        return self._file.rows, self._file.dim

    @property
    def element(self) -> str:
        """The type of a component as stored, such as ``"f16"`` or ``"bf16"``."""
        return self._file.element

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of a component in arrays: as stored, or float32 where NumPy has no such type."""
        return np.dtype(NUMPY_NAMES.get(self.element, "float32"))

    @property
    def metric(self) -> str | None:
        """The metric that the file names, if any."""
        return self._file.metric

    @property
    def metadata(self) -> Metadata:
        """The metadata columns by name, read when they are asked for."""
        if self._metadata is None:
            self._metadata = Metadata(self._file)
        return self._metadata

    @property
    def ids(self) -> npt.NDArray[np.int64] | list[Any] | None:
        """What the file calls its rows: an array of integers or a list; None if it has no ids."""
        name = self.metadata.ids_name
        return None if name is None else self.metadata[name]

    @property
    def attributes(self) -> dict[str, Any]:
        """Facts about the whole matrix, such as the name of the model."""
        return self._file.attributes()

    def __len__(self) -> int:
        return self._file.rows

    def __repr__(self) -> str:
        place = self.path + (f"::{self.entry}" if self.entry else "")
        return f"<anear.Vectors {place!r}, {len(self)} x {self._file.dim} {self.element}>"

    def __getitem__(self, rows: SupportsIndex | slice | npt.ArrayLike) -> _Array:
        if isinstance(rows, slice):
            start, stop, step = rows.indices(len(self))
            if step == 1:
                return _as_array(self._file.read(start, max(start, stop)))
            return _as_array(self._file.gather(range(start, stop, step)))
        if isinstance(rows, tuple):
            raise UsageError(
                "only rows can be chosen from a file", help="v[rows][:, columns] chooses both"
            )
        chosen = np.asarray(rows)
        if chosen.ndim == 0 and chosen.dtype.kind in "iu":
            one: _Array = _as_array(self._file.gather(self._positions(chosen.reshape(1))))[0]
            return one
        if chosen.dtype == bool and chosen.shape == (len(self),):
            chosen = np.flatnonzero(chosen)
        if chosen.size == 0:
            chosen = chosen.astype(np.int64)
        if chosen.ndim != 1 or chosen.dtype.kind not in "iu":
            raise RowError(
                f"an array of type {chosen.dtype} and shape {chosen.shape} chooses no rows",
                help="give row numbers, a slice, or one bool for each row",
            )
        return _as_array(self._file.gather(self._positions(chosen)))

    def _positions(self, rows: npt.NDArray[np.integer[Any]]) -> list[int]:
        """Row numbers counted from the front."""
        count = len(self)
        rows = rows.astype(np.int64)
        outside = (rows < -count) | (rows >= count)
        if outside.any():
            row = int(rows[outside][0])
            raise RowError(f"there is no row {row}, the file has {count}", path=self.path, row=row)
        positions: list[int] = np.where(rows < 0, rows + count, rows).tolist()
        return positions

    def blocks(self, rows: int | None = None) -> Iterator[_Array]:
        """Goes through the file in matrices of ``rows`` rows (default: about 16 MB of them)."""
        if rows is None:
            rows = max(1, _BLOCK_BYTES // max(1, self._file.dim * self.dtype.itemsize))
        if rows < 1:
            raise UsageError(f"blocks of {rows} rows never end")
        for start in range(0, len(self), rows):
            yield self[start : start + rows]

    def __iter__(self) -> Iterator[_Array]:
        for block in self.blocks():
            yield from block

    def numpy(self) -> _Array:
        """All rows as an array.

        Where the file allows it, the array is the file itself, mapped and read-only: nothing is
        read before it is used, and the array keeps the file mapped. bfloat16 and 8-bit floats
        become float32.
        """
        return _as_array(self._file.numpy())

    def torch(self) -> torch.Tensor:
        """All rows as a tensor of the stored type, without a copy where the file allows it.

        The tensor may be written to: what is written stays in memory and never gets to the file.
        """
        import torch

        memory = self._file.private()
        array = np.asarray(memory)
        name = _TORCH_NAMES.get(memory.element)
        if name is None:
            return torch.from_numpy(array)
        signed = array.view(np.int16 if array.itemsize == 2 else np.uint8)
        return torch.from_numpy(signed).view(getattr(torch, name))

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> _Array:
        array = self.numpy()
        if dtype is not None and array.dtype != np.dtype(dtype):
            if copy is False:
                raise ValueError(f"making {np.dtype(dtype)} of {array.dtype} needs a copy")
            return array.astype(dtype)
        return array.copy() if copy else array

    def __dlpack__(self, **options: Any) -> Any:
        if self.element in _TORCH_NAMES:
            return self.torch().__dlpack__(**options)
        return np.asarray(self._file.private()).__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)

    def close(self) -> None:
        """Lets go of the file. Arrays and tensors made from it stay usable."""
        self._file.close()

    def __enter__(self) -> Vectors:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class Metadata(Mapping[str, Any]):
    """Metadata columns by name: NumPy arrays of numbers or truth values, else lists, with None
    where a row has no value. A column is read when it is first asked for, and kept."""

    def __init__(self, file: File) -> None:
        self._file = file
        self._names, self.ids_name = file.columns()
        self._read: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._names:
            raise ColumnError(
                f"there is no metadata column {name!r}",
                help=f"the columns are: {', '.join(self._names) or 'none'}",
                path=self._file.path,
            )
        if name not in self._read:
            self._read[name] = self._file.column(name)
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        return f"<anear metadata: {', '.join(self._names) or 'none'}>"


def opened(source: Any) -> Any:
    """The open file that is meant, if a path or `Vectors` is given."""
    if isinstance(source, (str, os.PathLike)):
        source = Vectors(source)
    return source._file if isinstance(source, Vectors) else source


def _as_array(memory: Memory) -> _Array:
    return np.asarray(memory)


def open(
    path: str | os.PathLike[str],
    entry: str | None = None,
    ids: str | None = None,
    threads: int | None = None,
    *,
    raw: str | None = None,
    limits: bool = True,
) -> Vectors:
    """Opens a vector file of any format, found by its content. No row is read yet.

    Parameters
    ----------
    path
        The file, or ``PATH::ENTRY``.
    entry
        Which matrix of the file; by default the only or plainly main one.
    ids
        The metadata column that holds the ids, where the format's own guess is not wanted.
    threads
        Threads that reading may use; by default all cores.
    raw
        The type of raw BLOBs in a database, which do not say it themselves, such as ``"f32"``.
    limits
        Whether to bound what the file may take when read. False is for files you trust.

    Raises
    ------
    MissingFileError, FileError
        If there is no such file, or it cannot be read.
    DamagedError, UnsupportedError, LimitError
        If the file is damaged, no vector file, or out of proportion.
    UsageError, DataError
        If the file holds several matrices and none was named, or no such entry.

    Examples
    --------
    >>> v = anear.open("examples/data/papers.h5", entry="plants/section1")
    >>> v.shape, v.dtype
    ((120, 384), dtype('float16'))
    >>> v[10:20].shape
    (10, 384)
    """
    return Vectors(path, entry, ids, threads, raw=raw, limits=limits)
