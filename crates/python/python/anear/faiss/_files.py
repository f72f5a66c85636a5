"""Indexes as files, and as the bytes of files."""

from __future__ import annotations

import os
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from .._anear import Tree
from ._codecs import ProductQuantizer
from ._constants import HAMMING, IO_FLAG_MMAP, IO_FLAG_ONDISK_SAME_DIR, IO_FLAG_SKIP_IVF_DATA, IO_FLAG_SKIP_STORAGE
from ._index import AnyIndex, Index, IndexBinary, wrapped
from ._place import Place
from ._transforms import VectorTransform, transform_at
from ._vectors import Vector

_Path = str | os.PathLike[str]


class PyCallbackIOReader:
    """Reads by calling a function with the number of bytes that are wanted, up to the end: until it gives none.

    FAISS reads no further than what is written there, so that more may follow, and a pipe need not be closed.
    """

    def __init__(self, read: Any, bs: int = 1 << 20) -> None:
        self._read, self._bs = read, bs

    def _all(self) -> bytes:
        parts = []
        while part := self._read(self._bs):
            parts.append(part)
        return b"".join(parts)


class PyCallbackIOWriter:
    """Writes by calling a function with bytes."""

    def __init__(self, write: Any, bs: int = 1 << 20) -> None:
        self._write, self._bs = write, bs

    def _take(self, data: bytes) -> None:
        for start in range(0, len(data), self._bs):
            self._write(data[start : start + self._bs])


class FileIOReader(PyCallbackIOReader):
    """Reads a file."""

    def __init__(self, file: _Path) -> None:
        try:
            self._file: BinaryIO = open(file, "rb")
        except OSError as error:
            raise RuntimeError(f"could not open {os.fspath(file)} for reading: {error.strerror}") from None
        super().__init__(self._file.read)

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            self._file.close()


class FileIOWriter(PyCallbackIOWriter):
    """Writes a file."""

    def __init__(self, file: _Path) -> None:
        try:
            self._file: BinaryIO = open(file, "wb", buffering=0)
        except OSError as error:
            raise RuntimeError(f"could not open {os.fspath(file)} for writing: {error.strerror}") from None
        super().__init__(self._file.write)

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            self._file.close()


class BufferedIOReader(PyCallbackIOReader):
    """Reads what another reader reads, ``bsz`` bytes at a time."""

    def __init__(self, reader: PyCallbackIOReader, bsz: int = 1 << 20) -> None:
        super().__init__(reader._read, bsz)
        self._reader = reader


class BufferedIOWriter(PyCallbackIOWriter):
    """Writes to another writer, ``bsz`` bytes at a time."""

    def __init__(self, writer: PyCallbackIOWriter | VectorIOWriter, bsz: int = 1 << 20) -> None:
        super().__init__(writer._take, bsz)


class _Bytes:
    """Bytes in memory, as a vector."""

    def __init__(self) -> None:
        self._bytes = b""

    @property
    def data(self) -> Vector:
        """The bytes; :func:`copy_array_to_vector` puts others there."""

        def store(numbers: npt.NDArray[Any]) -> None:
            self._bytes = numbers.astype(np.uint8).tobytes()

        return Vector(np.frombuffer(self._bytes, np.uint8), store)


class VectorIOReader(_Bytes, PyCallbackIOReader):
    """Reads the bytes in :attr:`data`."""

    def _all(self) -> bytes:
        return self._bytes


class VectorIOWriter(_Bytes):
    """Writes to the end of :attr:`data`."""

    def _take(self, data: bytes) -> None:
        self._bytes += data


Source = _Path | PyCallbackIOReader
Target = _Path | PyCallbackIOWriter | VectorIOWriter


#: What stands in a file for no index.
_NONE = b"null"


def _opened(source: Source, io_flags: int) -> Tree | None:
    if isinstance(source, PyCallbackIOReader):
        return _from_bytes(source._all())
    if os.path.isfile(source) and os.path.getsize(source) == len(_NONE):
        with open(source, "rb") as file:
            return _from_bytes(file.read())
    return Tree.open(source, _lists_of(io_flags))


def _lists_of(io_flags: int) -> str:
    """Where lists in a file of their own are looked for."""
    if io_flags & IO_FLAG_MMAP == IO_FLAG_SKIP_IVF_DATA:
        return "left"
    return "beside" if io_flags & IO_FLAG_ONDISK_SAME_DIR else "anywhere"


def _from_bytes(data: bytes) -> Tree | None:
    return None if data == _NONE else Tree.from_bytes(data)


def _to_bytes(index: AnyIndex | None, io_flags: int) -> bytes:
    if index is None:
        return _NONE
    tree, at = _written(index, io_flags)
    return tree.to_bytes(at)


def _written(index: AnyIndex, io_flags: int) -> tuple[Tree, str]:
    """The tree that has what is written of an index, and where it is in it."""
    if io_flags & IO_FLAG_SKIP_STORAGE:
        return index._tree.without_storage(index._at), ""
    return index._tree, index._at


def _index(tree: Tree | None, binary: bool) -> Any:
    if tree is None:
        return None
    if (tree.metric("") == HAMMING) != binary:
        kind, function = ("bits", "read_index_binary") if not binary else ("numbers", "read_index")
        raise RuntimeError(f"the index is over {kind}: read it with {function}")
    return wrapped(Place(tree))


def read_index(source: Source, io_flags: int = 0) -> Any:
    """Opens an index over numbers. Files are mapped, whatever the flags say.

    Lists in a file of their own are read there, or beside the index if there is no such file; with
    ``IO_FLAG_ONDISK_SAME_DIR`` beside the index only, and with ``IO_FLAG_SKIP_IVF_DATA`` not at all: such an index
    says how it has been trained, and is not searched. A graph that was written without its rows has no ``storage``,
    and is searched once that is set. Other flags change nothing: nothing is read before it is
    searched, and there are no tables to be skipped.
    """
    return _index(_opened(source, io_flags), False)


def read_index_binary(source: Source, io_flags: int = 0) -> Any:
    """Opens an index over bits."""
    return _index(_opened(source, io_flags), True)


def write_index(
    index: AnyIndex | None, target: Target, io_flags: int = 0, *, lists: _Path | None = None
) -> None:
    """Writes an index, or that there is none, to a file, in place of one that is there; with ``lists``, which
    FAISS does not have, its inverted lists to a file of their own, as those of ``OnDiskInvertedLists`` are.

    With ``IO_FLAG_SKIP_STORAGE`` a graph over numbers is written without its rows, and is searched again once its
    ``storage`` is set; as in FAISS, what is around a graph is written with it, rows and all.
    """
    if index is None or isinstance(target, (PyCallbackIOWriter, VectorIOWriter)):
        _write(_to_bytes(index, io_flags), target)
        return
    tree, at = _written(index, io_flags)
    if lists is not None:
        tree.save_apart(at, target, lists)
    else:
        tree.save(at, target)


def _write(data: bytes, target: Target) -> None:
    if isinstance(target, (PyCallbackIOWriter, VectorIOWriter)):
        target._take(data)
    else:
        writer = FileIOWriter(target)
        with writer._file:
            writer._take(data)


write_index_binary = write_index


def write_VectorTransform(transform: VectorTransform, target: Target) -> None:
    """Writes a transform to a file of its own."""
    _write(transform._tree.transform_to_bytes(transform._at, transform._number), target)


def _read(source: Source) -> bytes:
    if isinstance(source, PyCallbackIOReader):
        return source._all()
    reader = FileIOReader(source)
    with reader._file:
        return reader._all()


def read_VectorTransform(source: Source) -> VectorTransform:
    """Reads a transform from a file of its own."""
    return transform_at(Place(Tree.transform_from_bytes(_read(source))), 0)


def write_ProductQuantizer(pq: ProductQuantizer, target: Target) -> None:
    """Writes a product quantizer to a file of its own."""
    _write(pq._to_bytes(), target)


def read_ProductQuantizer(source: Source) -> ProductQuantizer:
    """Reads a product quantizer from a file of its own."""
    return ProductQuantizer._from_bytes(_read(source))


def serialize_index(index: AnyIndex | None, io_flags: int = 0) -> npt.NDArray[np.uint8]:
    """The bytes of an index's file, as :func:`write_index` writes it with these flags."""
    return np.frombuffer(_to_bytes(index, io_flags), np.uint8).copy()


serialize_index_binary = serialize_index


def _bytes(data: npt.NDArray[np.uint8]) -> bytes:
    array = np.asarray(data)
    assert array.dtype == np.uint8 and array.ndim == 1
    return array.tobytes()


def deserialize_index(data: npt.NDArray[np.uint8], io_flags: int = 0) -> Any:
    """The index over numbers whose file has these bytes."""
    return _index(_from_bytes(_bytes(data)), False)


def deserialize_index_binary(data: npt.NDArray[np.uint8]) -> Any:
    """The index over bits whose file has these bytes."""
    return _index(_from_bytes(_bytes(data)), True)


def clone_index(index: AnyIndex) -> Any:
    """Another index that is the same; codes are shared until one of them is changed."""
    return wrapped(Place(index._alone()))


clone_binary_index = clone_index


def index_factory(d: int, description: str, metric: int = 1, own_invlists: bool = True) -> Any:
    """The index over numbers that a description says, untrained: ``"IVF100,PQ16"``.

    A graph over product codes (``"HNSW32,PQ8"``) goes by the metric that is asked for; FAISS's function makes it by
    ``METRIC_L2`` always, its class :class:`IndexHNSWPQ` does not.
    """
    return wrapped(Place(Tree.made(description, int(d), int(metric), 0.0)))


def index_binary_factory(d: int, description: str, own_invlists: bool = True) -> Any:
    """The index over bits that a description says, untrained: ``"BIVF100"``."""
    return wrapped(Place(Tree.made(description, int(d), HAMMING, 0.0)))


def downcast_index(index: AnyIndex | None) -> Any:
    """The index, which has its class already."""
    return index


downcast_IndexBinary = downcast_index
