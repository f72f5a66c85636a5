"""Collections."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, NamedTuple, TypeAlias, overload

import numpy as np
import numpy.typing as npt

from ._anear import Store, Walk
from ._errors import UsageError
from ._rows import Hits, Ids, Rows
from ._search import hits
from ._vectors import NUMPY_NAMES, opened
from ._write import Saved, saved, target

_Path: TypeAlias = str | os.PathLike[str]


class Added(NamedTuple):
    """What `Collection.import_file` did."""

    added: int
    """Rows that are new."""
    updated: int
    """Rows that replaced others."""
    rows: int
    """Rows there are now."""


class Problem(NamedTuple):
    """Something that `Collection.verify` found wrong."""

    what: str
    """What, and where."""
    repaired: bool
    """Whether it was set right."""


class Collection:
    """A folder that keeps vectors with ids and metadata, searchable and safe from crashes.

    When a call that changes something returns, the change is on disk, whole; after an error or a
    crash there is none of it. Other processes may read the same collection meanwhile, and write
    to it in turn; every call sees what was last written by anyone. Any number of threads may use
    one object.

    Parameters
    ----------
    path
        The folder, usually called ``NAME.anear``. An existing collection is opened; else, with
        ``dim``, one is created.
    dim
        Components in a vector.
    metric
        How nearness is measured, as in `search`; cosine for a new collection.
    model
        The name of the model that makes the vectors. Where the collection names one, another one
        is refused; so are another ``dim`` and ``metric``.
    dtype
        The type of a component in a new collection, such as ``"float16"`` or ``"int8"``; by default
        ``"float32"``, and ``"uint8"``, of eight bits each, where the metric is for bits.
    storage
        The files that hold the vectors of a new collection: ``"npy"``, searched where they lie, or
        ``"hdf5"``, in chunks that can be compressed.
    compress, shuffle, group_by
        For ``storage="hdf5"``: ``"gzip"``, with a level as in ``"gzip:6"``; whether bytes are
        shuffled before that, which makes most vectors smaller; a metadata column whose values
        divide the rows into groups of the file.
    text
        Metadata columns to search as text, as by `index_text`.
    create
        Whether to make the collection if there is none.
    read_only
        Open for reading: nothing in the folder changes.

    Raises
    ------
    MissingFileError
        If there is nothing at the path, and no collection was to be made.
    UsageError
        If there is something else, or the collection has another dimension, metric or model.
    DamagedError
        If its files contradict each other; `verify` repairs what can be.

    Examples
    --------
    >>> c = anear.Collection(folder / "docs.anear", dim=2, metric="l2", model="tiny")
    >>> c.add([[0, 0], [3, 4]], ids=["a", "b"], metadata={"page": [1, 7], "about": ["x", None]})
    ['a', 'b']
    >>> c.search([3, 3], where="page > ?", params=[5])[0]
    Hit(id='b', distance=1.0, row=1, metadata={'page': 7, 'about': None})
    >>> c.delete(where="about IS NULL")
    1
    >>> len(c), "b" in c
    (1, False)
    """

    __slots__ = ("__weakref__", "_facts", "_store")

    def __init__(
        self,
        path: _Path,
        dim: int | None = None,
        metric: str | None = None,
        model: str | None = None,
        *,
        dtype: npt.DTypeLike | None = None,
        storage: str = "npy",
        compress: str | None = None,
        shuffle: bool = True,
        group_by: str | None = None,
        text: str | Sequence[str] = (),
        create: bool = True,
        read_only: bool = False,
    ) -> None:
        making = {
            "dtype": dtype if dtype is None or isinstance(dtype, str) else np.dtype(dtype).name,
            "storage": storage,
            "compress": compress,
            "shuffle": shuffle,
            "group_by": group_by,
            "text": _names(text),
        }
        may_create = create and not read_only
        self._store = Store(path, dim, metric, model, read_only, making if may_create else None)
        self._facts = self._store.facts()

    @property
    def path(self) -> str:
        """The folder."""
        return os.fspath(self._facts[0])

    @property
    def dim(self) -> int:
        """Components in a vector."""
        return self._facts[1]

    @property
    def dtype(self) -> str:
        """The type of a component in the files, such as ``"float32"``."""
        return NUMPY_NAMES.get(self._facts[2], self._facts[2])

    @property
    def metric(self) -> str:
        """How nearness is measured."""
        return self._facts[3]

    @property
    def model(self) -> str | None:
        """The name of the model that makes the vectors, if it was named."""
        return self._facts[4]

    @property
    def storage(self) -> str:
        """The files that hold the vectors: ``"npy"`` or ``"hdf5"``."""
        return self._facts[5]

    @property
    def columns(self) -> dict[str, str]:
        """The metadata columns there are now, in the order they appeared, with what their values
        are: ``"int"``, ``"real"``, ``"text"``, ``"bool"``, ``"blob"``, ``"mixed"`` or ``"json"``."""
        return self._store.columns()

    def add(
        self,
        vectors: Any,
        ids: Any = None,
        metadata: Any = None,
        *,
        upsert: bool = False,
        model: str | None = None,
    ) -> Ids:
        """Adds rows, all of them or, after an error, none. Returns their ids.

        Parameters
        ----------
        vectors
            The rows, shape (rows, dim), as everywhere in this package.
        ids
            What to call them: integers or strings, one a row, each once, and the same kind in all
            of the collection. By default integers that count on from the largest, or from 0.
        metadata
            A mapping of column name to values, one a row; a list of mappings, one a row; a
            DataFrame or an Arrow table. Columns appear as they are first given.

            Values are None, bool, int, float, str and bytes; dicts and lists, kept as JSON, come
            back as dicts and lists. Missing keys, None, NaN and the missing values of pandas and
            Arrow are all null: SQLite has no NaN. Scalars of NumPy are plain numbers.
        upsert
            Whether rows whose id is there already are replaced, vector and all metadata (columns
            that are not given become null), instead of being refused.
        model
            The model that made the vectors, to be checked against that of the collection.

        Raises
        ------
        UsageError
            If ids are of another kind, dimension or model are others, or there is not one value a
            row.
        DataError
            If an id is there already, or a vector holds NaN or infinity.
        InputTypeError
            If ``vectors`` holds no vectors, or ``metadata`` no columns.
        """
        added: Ids = self._store.add(opened(vectors), ids, metadata, upsert, model)
        return added

    def upsert(
        self, vectors: Any, ids: Any, metadata: Any = None, *, model: str | None = None
    ) -> Ids:
        """Adds rows, replacing those whose id is there already: `add` with ``upsert=True``."""
        return self.add(vectors, ids, metadata, upsert=True, model=model)

    def update(self, ids: Any, metadata: Any) -> int:
        """Sets metadata columns of the rows with these ids; other columns, and vectors, stay.

        Parameters
        ----------
        ids
            Ids, or one id. Those that are not there are passed over.
        metadata
            As in `add`, one value for each id; for one id that stands alone, a mapping of column
            name to value.

        Returns
        -------
        How many of the rows are there.

        Examples
        --------
        >>> c = anear.Collection(folder / "updated.anear", dim=1)
        >>> c.add([[1], [2]], metadata={"page": [1, 2], "read": [False, False]})
        array([0, 1])
        >>> c.update(1, {"read": True})
        1
        >>> c.get(1).metadata
        {'page': [2], 'read': [True]}
        """
        alone = _is_id(ids) and isinstance(metadata, Mapping)
        return self._store.update(_ids(ids), [metadata] if alone else metadata)

    def get(
        self, ids: Any, *, columns: Sequence[str] | None = None, vectors: bool = True
    ) -> Rows:
        """The rows with these ids (or this one), in this order; those that are not there are in
        `Rows.missing`.

        Parameters
        ----------
        ids
            Ids, or one id.
        columns
            The metadata columns to return; all by default.
        vectors
            Whether to return vectors too.
        """
        found, memory, metadata, kinds, missing = self._store.get(_ids(ids), _chosen(columns))
        return Rows(found, np.asarray(memory) if vectors else None, metadata, kinds, missing)

    def delete(self, ids: Any = None, *, where: str | None = None, params: Sequence[Any] = ()) -> int:
        """Deletes the rows with these ids (or this one), or those that meet a condition.

        Ids that are not there are passed over. Returns how many rows were deleted.
        """
        if (ids is None) == (where is None):
            raise UsageError("delete takes ids or a condition", help="c.delete(where='1') empties c")
        if where is not None:
            return self._store.delete_where(where, params)
        return self._store.delete(_ids(ids))

    def count(self, where: str | None = None, params: Sequence[Any] = ()) -> int:
        """How many rows there are, or how many meet a condition, as in `search`."""
        return self._store.count(where, params)

    def rows(
        self,
        where: str | None = None,
        params: Sequence[Any] = (),
        *,
        columns: Sequence[str] | None = None,
        vectors: bool = True,
        batch: int = 1000,
    ) -> Iterator[Rows]:
        """Goes through the rows there are now, or those that meet a condition, in batches.

        What is changed meanwhile does not show.

        Examples
        --------
        >>> c = anear.Collection(folder / "walked.anear", dim=1)
        >>> c.add([[1], [2], [3]], metadata={"page": [1, 2, 3]})
        array([0, 1, 2])
        >>> [rows.metadata["page"] for rows in c.rows("page > 1", batch=1)]
        [[2], [3]]
        """
        if batch < 1:
            raise UsageError(f"batches of {batch} rows never end")
        return _batches(self._store.walk(where, params, _chosen(columns)), vectors, batch)

    @overload
    def search(
        self,
        query: None = None,
        k: int = 10,
        *,
        id: int | str | None = None,
        text: str | None = None,
        radius: float | None = None,
        where: str | None = None,
        params: Sequence[Any] = (),
        columns: Sequence[str] | None = None,
        exact: bool = False,
        threads: int | None = None,
        model: str | None = None,
    ) -> Hits: ...
    @overload
    def search(
        self,
        query: Any = None,
        k: int = 10,
        *,
        id: Any = None,
        text: str | None = None,
        radius: float | None = None,
        where: str | None = None,
        params: Sequence[Any] = (),
        columns: Sequence[str] | None = None,
        exact: bool = False,
        threads: int | None = None,
        model: str | None = None,
    ) -> Any: ...
    def search(
        self,
        query: Any = None,
        k: int = 10,
        *,
        id: Any = None,
        text: str | None = None,
        radius: float | None = None,
        where: str | None = None,
        params: Sequence[Any] = (),
        columns: Sequence[str] | None = None,
        exact: bool = False,
        threads: int | None = None,
        model: str | None = None,
    ) -> Hits | list[Hits]:
        """Finds the rows nearest to a query, to a row, or to a text.

        Parameters
        ----------
        query
            A vector, or several of shape (queries, dim), as everywhere in this package.
        k
            Hits for each query, 1 or more; exactly so many when so many rows meet ``where``.
        id
            Instead of a query: the id of a row, or a list of ids. The row itself is a hit too.
        text
            Words, and phrases in double quotes, of which a column of `index_text` is to hold at
            least one. Alone, hits are ordered by BM25: the distance is SQLite's score, below zero,
            and lower is better. With one query beside it, both orders count (reciprocal rank
            fusion): the distance is minus the fused score.
        radius
            All rows up to this distance instead of the ``k`` nearest; for ``"ip"``, from this
            similarity on.
        where
            An SQL expression over the metadata columns and ``id`` that hits must meet, such as
            ``"page > ? AND file_name LIKE '%.pdf'"`` or ``"about ->> '$.author' = 'Ann'"``.
        params
            Values for the ``?`` in it.
        columns
            The metadata columns to return; all by default.
        exact
            Whether to look at all rows that meet ``where``, also where the index is one of trees
            (``index(kind="forest")``), which finds most of the nearest.
        threads
            Threads to use at most; by default all cores.
        model
            The model that made the query, to be checked against that of the collection.

        Returns
        -------
        Hits, or list of Hits
            For one vector, one id or a text alone, its hits; else a list with those of each.

        Raises
        ------
        UsageError
            If ``k`` is 0, the dimension or model is another, there is no such id or column, the
            condition is no SQL expression, or what is sought does not go together.
        DataError
            If a query holds NaN or infinity.
        """
        if id is not None:
            alone, ids = _is_id(id), _ids(id)
        else:
            alone, ids = query is None, None
        found, kinds, is_vector = self._store.search(
            query if query is None else opened(query),
            ids,
            text,
            hits(k),
            radius,
            where,
            params,
            _chosen(columns),
            exact,
            threads,
            model,
        )
        if alone or is_vector:
            return Hits(*found[0], kinds)
        return [Hits(*of_one, kinds) for of_one in found]

    def index(self, threads: int | None = None, *, kind: str | None = None) -> None:
        """Learns all that makes searches faster now, and keeps it in a file ``index-*.anx``.

        Without it that happens beside the first searches, and very large collections keep such a
        file by themselves.

        Parameters
        ----------
        threads
            Threads to use at most; by default all cores.
        kind
            Another kind of index, which the collection has from now on: ``"flat"``, with which
            the nearest are found exactly, or ``"forest"``, trees that find most of the nearest.
            With either, conditions are met by exactly ``k`` hits where so many rows meet them, and
            rows added and deleted count at once. By default the kind there is.

        Raises
        ------
        UsageError
            If there is no such kind.
        UnsupportedError
            If it is not for the metric.
        """
        self._store.index(kind, threads)

    def index_text(self, *columns: str) -> None:
        """Makes metadata columns searchable as text, the rows there are and those to come."""
        self._store.index_text(list(columns))

    def info(self) -> dict[str, Any]:
        """What there is to say about the collection: rows, deleted rows whose vectors are still in
        the files, kind of ids, columns searched as text, files with their bytes, the kind of
        ``index`` if one was chosen, and what it was created with."""
        path, dim, _, metric, model, storage = self._facts
        return {
            "path": os.fspath(path),
            "dim": dim,
            "dtype": self.dtype,
            "metric": metric,
            "model": model,
            "storage": storage,
            **self._store.info(),
        }

    def compact(self) -> dict[str, int]:
        """Writes the files anew without what was deleted.

        Returns the rows there are, the deleted ones ``removed``, and the ``bytes`` of all files
        with those ``bytes_before``.
        """
        rows, removed, before, after = self._store.compact()
        return {"rows": rows, "removed": removed, "bytes_before": before, "bytes": after}

    def verify(self, repair: bool = True) -> list[Problem]:
        """Checks every checksum and cross reference, and repairs what can be.

        Returns what is wrong; an empty list when all is well.
        """
        return [Problem(*problem) for problem in self._store.verify(repair)]

    def import_file(
        self,
        path: _Path,
        *,
        entry: str | None = None,
        meta: _Path | None = None,
        ids: str | None = None,
        upsert: bool = False,
        raw: str | None = None,
        limits: bool = True,
        threads: int | None = None,
    ) -> Added:
        """Adds the rows of a vector file of any format, with its ids and metadata.

        Parameters
        ----------
        path, entry, ids, raw, limits, threads
            How to read, as in `open`.
        meta
            A file with metadata to lay beside the rows.
        upsert
            As in `add`.

        Examples
        --------
        >>> c = anear.Collection(folder / "glosses.anear", dim=384, dtype="float16")
        >>> c.import_file("examples/data/glosses.parquet")
        Added(added=3855, updated=0, rows=3855)
        >>> c.search(id="tea.n", k=2, columns=["category"])[1].metadata
        {'category': 'noun.food'}
        """
        return Added(*self._store.import_file(path, entry, ids, meta, raw, limits, threads, upsert))

    def export(
        self,
        path: _Path,
        *,
        where: str | None = None,
        params: Sequence[Any] = (),
        entry: str | None = None,
        format: str | None = None,
        dtype: str | None = None,
        lossy: bool = False,
        compress: str | None = None,
        pickle: bool = False,
        metadata: bool = True,
        kind: str | None = None,
        metric: str | None = None,
        force: bool = False,
        threads: int | None = None,
    ) -> Saved:
        """Writes the rows, or those that meet a condition, to a file of any format.

        Parameters
        ----------
        path
            The file to write, or ``PATH::ENTRY``; its suffix says the format.
        where, params
            Which rows, as in `search`.
        entry, format, dtype, lossy, compress, pickle, metadata, kind, metric, force, threads
            How to write, as in `convert`.
        """
        wanted = target(
            path, entry, dtype, compress, force, format, lossy, pickle, threads, metric
        )
        return saved(path, self._store.export(where, params, kind, metadata, wanted))

    def close(self) -> None:
        """Writes what is still in the metadata to the files of vectors, and lets go of them.

        After it, NumPy and h5py see every row there.
        """
        self._store.close()

    def __len__(self) -> int:
        return self._store.rows()

    def __bool__(self) -> bool:
        return True

    def __contains__(self, id: object) -> bool:
        return _is_id(id) and self._store.contains(id)

    def __repr__(self) -> str:
        try:
            rows: object = len(self)
        except UsageError:
            return f"<anear.Collection {self.path!r}, closed>"
        return f"<anear.Collection {self.path!r}, {rows} x {self.dim} {self.dtype}, {self.metric}>"

    def __enter__(self) -> Collection:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _batches(walk: Walk, vectors: bool, batch: int) -> Iterator[Rows]:
    kinds = walk.kinds()
    while (part := walk.next(batch, vectors)) is not None:
        ids, memory, metadata = part
        yield Rows(ids, None if memory is None else np.asarray(memory), metadata, kinds, [])


def _ids(given: Any) -> Any:
    """Ids, of which one may stand alone."""
    return [given] if _is_id(given) else given


def _is_id(given: object) -> bool:
    return isinstance(given, (int, str, np.integer))


def _names(columns: str | Sequence[str]) -> list[str]:
    return [columns] if isinstance(columns, str) else list(columns)


def _chosen(columns: str | Sequence[str] | None) -> list[str] | None:
    return None if columns is None else _names(columns)
