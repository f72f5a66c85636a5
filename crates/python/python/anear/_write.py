"""Writing vector files."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

from . import _anear, _inputs
from ._errors import UsageError

_Path = str | os.PathLike[str]


class Saved(NamedTuple):
    """What `save` or `convert` wrote."""

    path: str
    """The file."""
    format: str
    """Its format, such as ``"npy"``."""
    element: str
    """The type of a component in it, such as ``"f32"``."""
    rows: int
    """Rows in it."""
    bytes: int
    """Its size."""
    metadata_path: str | None
    """The file beside it that holds the metadata, where the format has no place for them."""
    dropped: list[str]
    """Columns and attributes that found no place."""


def save(
    path: _Path,
    x: Any,
    metadata: Any = None,
    ids: Any = None,
    entry: str | None = None,
    dtype: str | None = None,
    compress: str | None = None,
    force: bool = False,
    *,
    format: str | None = None,
    lossy: bool = False,
    pickle: bool = False,
    threads: int | None = None,
) -> Saved:
    """Writes vectors, with their metadata, into a new file of any format.

    The file appears whole or not at all. Metadata that the format has no place for go into
    ``PATH.meta.jsonl``, where `open` finds them again.

    Parameters
    ----------
    path
        The file to write, or ``PATH::ENTRY``; its suffix says the format.
    x
        The vectors, shape (rows, components): an array, a tensor in main memory, an Arrow column,
        a list of lists, an open `Vectors` or a path.
    metadata
        One value a row for each column: a mapping, a DataFrame, an Arrow table or a list of dicts.
        Values are None, bool, int, float, str or bytes.
    ids
        What the rows are called: a sequence of int or str, kept in the column ``id``, or the name
        of a column of ``metadata``.
    entry
        The name of the matrix in the file, for formats that hold several.
    dtype
        The type of a component in the file, such as ``"f16"``; by default that of ``x``.
    compress
        ``"gzip"`` or ``"zstd"``, with a level as in ``"gzip:6"``, where the format can.
    force
        Whether to replace an existing file.
    format
        The format, where the suffix does not say it.
    lossy
        Let ``dtype`` cut off what does not fit.
    pickle
        In a database, write pickled NumPy arrays instead of raw bytes.
    threads
        Threads that compressing may use; by default all cores.

    Raises
    ------
    UsageError
        If the file exists, the format is unknown, or it cannot hold such vectors.
    DataError, InputTypeError
        If ``x`` or the metadata make no sense, or a value does not fit ``dtype``.
    FileError
        If writing fails.

    Examples
    --------
    >>> saved = anear.save(folder / "x.safetensors", [[1.0, 0.0], [0.0, 1.0]], ids=["a", "b"])
    >>> anear.open(saved.path).ids
    ['a', 'b']
    """
    columns = _inputs.columns(metadata)
    name = ids if isinstance(ids, str) else None
    if ids is not None and name is None:
        if any(column == "id" for column, _ in columns):
            raise UsageError(
                "the metadata have a column 'id' already",
                help="ids='id' takes the ids from there",
            )
        columns.insert(0, ("id", _inputs.values(ids)))
        name = "id"
    wanted = target(path, entry, dtype, compress, force, format, lossy, pickle, threads)
    return saved(path, _anear.save(x, columns, name, wanted))


def convert(
    src: _Path,
    dst: _Path,
    *,
    entry: str | None = None,
    ids: str | None = None,
    format: str | None = None,
    dtype: str | None = None,
    lossy: bool = False,
    compress: str | None = None,
    pickle: bool = False,
    where: str | None = None,
    meta: _Path | None = None,
    metadata: bool = True,
    kind: str | None = None,
    metric: str | None = None,
    force: bool = False,
    threads: int | None = None,
    raw: str | None = None,
    limits: bool = True,
) -> Saved:
    """Converts a vector file into another format, with ids, metadata and attributes.

    Parameters
    ----------
    src
        The file to read, or ``PATH::ENTRY``.
    dst
        The file to write, or ``PATH::ENTRY``; its suffix says the format.
    entry, ids, raw, limits
        How to read, as in `open`.
    format, dtype, lossy, compress, pickle, force, threads
        How to write, as in `save`.
    where
        Only rows that meet this SQL condition on the metadata.
    meta
        A file with metadata to lay beside the rows.
    metadata
        Whether to write metadata at all.
    kind, metric
        For an output that is an index: its kind, and how it measures nearness, as in `Index.build`.

    Raises
    ------
    Error
        As `open` and `save` do.

    Examples
    --------
    >>> saved = anear.convert(
    ...     "examples/data/glosses.parquet", folder / "food.npy", where="category = 'noun.food'"
    ... )
    >>> saved.rows, saved.element
    (900, 'f16')
    """
    origin = {
        "path": src,
        "entry": entry,
        "ids": ids,
        "raw": raw,
        "limits": limits,
        "condition": where,
        "meta": meta,
        "metadata": metadata,
        "kind": kind,
        "threads": threads,
    }
    wanted = target(dst, None, dtype, compress, force, format, lossy, pickle, threads, metric)
    return saved(dst, _anear.convert(origin, wanted))


def saved(path: _Path, report: _anear._Report) -> Saved:
    format, element, rows, size, beside, dropped = report
    metadata_path = None if beside is None else os.fspath(beside)
    return Saved(os.fspath(path), format, element, rows, size, metadata_path, dropped)


def target(
    path: _Path,
    entry: str | None,
    dtype: object,
    compress: str | None,
    force: bool,
    format: str | None,
    lossy: bool,
    pickle: bool,
    threads: int | None,
    metric: str | None = None,
) -> dict[str, Any]:
    return {
        "path": path,
        "entry": entry,
        "format": format,
        "dtype": dtype,
        "metric": metric,
        "lossy": lossy,
        "compress": compress,
        "pickle": pickle,
        "force": force,
        "threads": threads,
    }
