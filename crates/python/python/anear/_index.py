"""Indexes."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from ._anear import Structure
from ._errors import UsageError
from ._search import Nearest, Within, hits
from ._vectors import Vectors, opened


class Index:
    """Rows that can be searched, added to, removed from and kept in a file.

    Made by `Index.build` or `Index.load`. Any number of threads may search at the same time; a
    change waits for them.

    Examples
    --------
    >>> index = anear.Index.build([[0, 0], [3, 4], [6, 8]], ids=[7, 8, 9], metric="l2")
    >>> D, I = index.search([3, 3], k=2)
    >>> I
    array([[8, 7]])
    >>> index.remove([8])
    1
    >>> index.search([3, 3], k=3)[1]
    array([[ 7,  9, -1]])
    """

    __slots__ = ("__weakref__", "_structure")

    def __init__(self, structure: Structure) -> None:
        """For the other functions of this class; see `build` and `load`."""
        if not isinstance(structure, Structure):
            raise UsageError(
                "an index is not made by calling its class",
                help="use anear.Index.build(x) or anear.Index.load(path)",
            )
        self._structure = structure

    @classmethod
    def build(
        cls,
        x: Any,
        ids: Any = None,
        metric: str | None = None,
        kind: str = "auto",
        threads: int | None = None,
        *,
        prefilter: bool = True,
    ) -> Index:
        """Builds an index over vectors.

        Parameters
        ----------
        x
            The rows, shape (rows, components): an array, a tensor in main memory, an Arrow column,
            a list of lists, a path or an open `Vectors`. Rows in memory are copied; those of a
            file are used in the file where it allows that, and then the file must stay as it is.
        ids
            What to call the rows: integers or strings, one a row, each once. By default those of
            the file, else their numbers. For a file also the name of a metadata column.
        metric
            As in `search`.
        kind
            ``"flat"`` keeps all rows as they are and searches exactly; ``"auto"`` chooses.
        threads
            Threads to use at most; by default all cores.
        prefilter
            Whether to keep a byte a component beside the rows, which makes searches several times
            as fast and changes no answer.

        Raises
        ------
        UsageError
            If there is no such kind or metric, or there are not as many ids as rows.
        DataError
            If a row holds NaN or infinity, rows are ragged, or an id is there twice.
        InputTypeError
            If ``x`` holds no vectors, or is not in main memory.
        """
        if isinstance(ids, str):
            if isinstance(x, Vectors):
                x = Vectors(x.path, x.entry or None, ids)
            elif isinstance(x, (str, os.PathLike)):
                x = Vectors(x, None, ids)
            else:
                raise UsageError(f"ids={ids!r} names a column, but the rows are in no file")
            ids = None
        return cls(Structure.build(opened(x), ids, metric, kind, threads, prefilter))

    @classmethod
    def load(
        cls, path: str | os.PathLike[str], ids: str | None = None, *, limits: bool = True
    ) -> Index:
        """Opens an index file. Rows are used in the mapped file, which must stay as it is.

        Parameters
        ----------
        path
            The file.
        ids
            The metadata column that holds the ids, where another one is wanted.
        limits
            Whether to bound what the file may take when read. False is for files you trust.

        Raises
        ------
        MissingFileError, DamagedError, UnsupportedError
            If there is no such file, or it is no index that can be read.
        """
        return cls(Structure.load(path, ids, limits))

    def save(self, path: str | os.PathLike[str], force: bool = False) -> int:
        """Writes the index to a file, which appears whole or not at all; returns its bytes.

        Removed rows are left out. An existing file is replaced only with ``force``.
        """
        return self._structure.save(path, force)

    def search(
        self,
        q: Any,
        k: int = 10,
        effort: int | None = None,
        threads: int | None = None,
        filter: Any = None,
    ) -> Nearest:
        """Finds the nearest rows to each query.

        Parameters
        ----------
        q
            The queries, shape (queries, components), or one query of shape (components,).
        k
            Hits for each query, 1 or more.
        effort
            How hard to search. The kinds there are so far search exactly, whatever it is.
        threads
            Threads to use at most; by default all cores.
        filter
            Which rows may be found: one bool for each row, removed ones too, or the ids of some.
            Exactly ``k`` of them are found when there are that many.

        Returns
        -------
        D : float32, shape (queries, k)
            The distances, nearest first; infinite where there are fewer rows.
        I : int64, shape (queries, k)
            The ids; -1 where there are fewer rows. Where ids are strings, the numbers of the rows,
            for which `names` gives the strings.

        Raises
        ------
        UsageError
            If ``k`` or ``effort`` is below 1, or the dimensions differ.
        DataError
            If a query holds NaN or infinity.
        """
        if effort is not None and effort < 1:
            raise UsageError(f"effort is {effort}", help="1 is the least")
        found: Nearest = self._structure.search(q, hits(k), None, filter, threads)
        return found

    def range_search(
        self, q: Any, radius: float, threads: int | None = None, filter: Any = None
    ) -> Within:
        """Finds all rows up to a distance; for ``"ip"``, from a similarity on.

        Returns ``(lims, D, I)``: the hits of query ``i``, nearest first, are
        ``D[lims[i]:lims[i + 1]]`` and ``I[lims[i]:lims[i + 1]]``. Otherwise as `search`.
        """
        found: Within = self._structure.search(q, 1, radius, filter, threads)
        return found

    def add(self, x: Any, ids: Any = None) -> range:
        """Appends rows and returns their numbers, which are their ids if the index has no others.

        Where the index has integer ids and none are given, they count on from the largest.

        Raises
        ------
        UsageError
            If the dimension is another, or ids are missing or not of the kind the index has.
        DataError
            If a row holds NaN or infinity, or an id is there already. Nothing is added then.
        """
        return range(*self._structure.add(opened(x), ids))

    def remove(self, ids: Any) -> int:
        """Removes the rows with these ids and returns how many there were."""
        return self._structure.remove(ids)

    def names(self, rows: npt.ArrayLike) -> Any:
        """What the ids in an answer stand for: a list of the same shape, of the strings where ids
        are strings and of integers elsewhere, with None for -1.

        Examples
        --------
        >>> index = anear.Index.build([[0, 0], [3, 4]], ids=["a", "b"])
        >>> index.names(index.search([1, 1], k=3)[1])
        [['b', 'a', None]]
        """
        ids = self._structure.ids()
        named = ids if isinstance(ids, list) else None
        flat = [
            None if row < 0 else row if named is None else named[row]
            for row in np.asarray(rows).ravel().tolist()
        ]
        return np.array(flat, object).reshape(np.shape(rows)).tolist()

    @property
    def ids(self) -> npt.NDArray[np.int64] | list[str]:
        """The ids of the rows that can be found, in the order of the rows."""
        ids, present = self._structure.ids(), self._structure.present()
        if ids is None:
            return np.flatnonzero(present)
        if isinstance(ids, list):
            return [name for name, there in zip(ids, present, strict=True) if there]
        return ids[present]

    @property
    def dim(self) -> int:
        """Components in a row."""
        return self._structure.facts()[2]

    @property
    def metric(self) -> str:
        """How nearness is measured."""
        return self._structure.facts()[4]

    @property
    def kind(self) -> str:
        """The kind of index."""
        return self._structure.facts()[5]

    def stats(self) -> dict[str, Any]:
        """What there is to say about the index: rows, removed rows, dim, element, metric, kind and
        the settings of its kind."""
        rows, numbers, dim, element, metric, kind = self._structure.facts()
        return {
            "rows": rows,
            "removed": numbers - rows,
            "dim": dim,
            "element": element,
            "metric": metric,
            "kind": kind,
            "params": self._structure.params(),
        }

    def close(self) -> None:
        """Lets go of the rows, and of the file they are in."""
        self._structure.close()

    def __len__(self) -> int:
        return self._structure.facts()[0]

    def __repr__(self) -> str:
        try:
            rows, _, dim, element, metric, kind = self._structure.facts()
        except UsageError:
            return "<anear.Index, closed>"
        return f"<anear.Index {kind!r}, {rows} x {dim} {element}, {metric}>"

    def __enter__(self) -> Index:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, tuple[bytes]]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "index.anx")
            self.save(path)
            return _restored, (path.read_bytes(),)


def _restored(data: bytes) -> Index:
    return Index(Structure.from_bytes(data))
