"""What a collection answers: rows and hits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, overload

import numpy as np
import numpy.typing as npt

from ._frames import arrow_table, pandas_frame

if TYPE_CHECKING:
    import pandas
    import pyarrow

_Array = np.ndarray[Any, Any]
Id: TypeAlias = int | str
Ids: TypeAlias = npt.NDArray[np.int64] | list[str]


class Hit(NamedTuple):
    """A row that a search found."""

    id: Id
    """What the row is called."""
    distance: float
    """How far it is, in the metric of the search."""
    row: int
    """Its position in the collection's files, until the next `Collection.compact`."""
    metadata: dict[str, Any]
    """Its metadata by column, None where it has no value."""


class Hits(Sequence[Hit]):
    """The hits for one query, the nearest first: a sequence of `Hit`.

    ``ids`` is an array of integers or a list of strings, ``distances`` an array of float64,
    ``rows`` one of positions, ``metadata`` maps each column to a list of values.

    Examples
    --------
    >>> c = anear.Collection(folder / "c.anear", dim=2, metric="l2")
    >>> c.add([[0, 0], [3, 4], [6, 8]], metadata={"page": [1, 1, 2]})
    array([0, 1, 2])
    >>> hits = c.search([3, 3], k=2)
    >>> hits.ids, hits.metadata
    (array([1, 0]), {'page': [1, 1]})
    >>> hits[0]
    Hit(id=1, distance=1.0, row=1, metadata={'page': 1})
    """

    __slots__ = ("__weakref__", "_kinds", "distances", "ids", "metadata", "rows")

    ids: Ids
    distances: npt.NDArray[np.float64]
    rows: npt.NDArray[np.int64]
    metadata: dict[str, list[Any]]

    def __init__(
        self,
        ids: Ids,
        distances: npt.NDArray[np.float64],
        rows: npt.NDArray[np.int64],
        metadata: dict[str, list[Any]],
        kinds: Mapping[str, str],
    ) -> None:
        """For `Collection.search`."""
        self.ids = ids
        self.distances = distances
        self.rows = rows
        self.metadata = metadata
        self._kinds = kinds

    def __len__(self) -> int:
        return len(self.distances)

    @overload
    def __getitem__(self, at: int) -> Hit: ...
    @overload
    def __getitem__(self, at: slice) -> Hits: ...
    def __getitem__(self, at: int | slice) -> Hit | Hits:
        if isinstance(at, slice):
            metadata = {name: values[at] for name, values in self.metadata.items()}
            return Hits(self.ids[at], self.distances[at], self.rows[at], metadata, self._kinds)
        metadata_of_one = {name: values[at] for name, values in self.metadata.items()}
        return Hit(plain(self.ids[at]), float(self.distances[at]), int(self.rows[at]), metadata_of_one)

    def __iter__(self) -> Iterator[Hit]:
        names, columns = list(self.metadata), list(self.metadata.values())
        ids, distances, rows = listed(self.ids), self.distances.tolist(), self.rows.tolist()
        for at, (id, distance, row) in enumerate(zip(ids, distances, rows, strict=True)):
            values = [column[at] for column in columns]
            yield Hit(id, distance, row, dict(zip(names, values, strict=True)))

    def __repr__(self) -> str:
        shown = [f", {hit.id!r} at {hit.distance:.4g}" for hit in self[:3]]
        more = [", .."] if len(self) > len(shown) else []
        return f"<anear.Hits, {len(self)}{''.join(shown + more)}>"

    def to_pandas(self) -> pandas.DataFrame:
        """A DataFrame with the columns ``id``, ``distance`` and one for each metadata column.

        A metadata column called ``distance`` is ``metadata.distance`` there. Integers and truth
        values of which some are missing have the types ``Int64`` and ``boolean``.
        """
        return pandas_frame({"id": self.ids, "distance": self.distances}, self.metadata, self._kinds)

    def to_arrow(self) -> pyarrow.Table:
        """An Arrow table with the columns of `to_pandas`.

        Dicts and lists are JSON there, as text, and so are values of columns that hold several
        kinds.
        """
        return arrow_table({"id": self.ids, "distance": self.distances}, self.metadata, self._kinds)


class Rows(Sequence[dict[str, Any]]):
    """Rows of a collection: a sequence of dicts with ``id``, ``metadata`` and, if they were asked
    for, ``vector``.

    ``ids`` is an array of integers or a list of strings, ``vectors`` an array of shape (rows, dim)
    or None, ``metadata`` maps each column to a list of values, ``missing`` lists the ids that were
    asked for and are not there.
    """

    __slots__ = ("__weakref__", "_kinds", "ids", "metadata", "missing", "vectors")

    ids: Ids
    vectors: _Array | None
    metadata: dict[str, list[Any]]
    missing: list[Id]

    def __init__(
        self,
        ids: Ids,
        vectors: _Array | None,
        metadata: dict[str, list[Any]],
        kinds: Mapping[str, str],
        missing: list[Id],
    ) -> None:
        """For `Collection.get` and `Collection.rows`."""
        self.ids = ids
        self.vectors = vectors
        self.metadata = metadata
        self.missing = missing
        self._kinds = kinds

    def __len__(self) -> int:
        return len(self.ids)

    @overload
    def __getitem__(self, at: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, at: slice) -> Rows: ...
    def __getitem__(self, at: int | slice) -> dict[str, Any] | Rows:
        if isinstance(at, slice):
            metadata = {name: values[at] for name, values in self.metadata.items()}
            vectors = None if self.vectors is None else self.vectors[at]
            return Rows(self.ids[at], vectors, metadata, self._kinds, [])
        row: dict[str, Any] = {"id": plain(self.ids[at])}
        if self.vectors is not None:
            row["vector"] = self.vectors[at]
        row["metadata"] = {name: values[at] for name, values in self.metadata.items()}
        return row

    def __repr__(self) -> str:
        columns = ", ".join(self.metadata) or "none"
        missing = f", {len(self.missing)} missing" if self.missing else ""
        return f"<anear.Rows, {len(self)}, metadata: {columns}{missing}>"

    def to_pandas(self) -> pandas.DataFrame:
        """A DataFrame with the columns ``id``, ``vector`` if there are vectors, and one for each
        metadata column, as in `Hits.to_pandas`."""
        return pandas_frame(self._first(), self.metadata, self._kinds)

    def to_arrow(self) -> pyarrow.Table:
        """An Arrow table with the columns of `to_pandas`; vectors are lists of a fixed size."""
        return arrow_table(self._first(), self.metadata, self._kinds)

    def _first(self) -> dict[str, Any]:
        vectors = {} if self.vectors is None else {"vector": self.vectors}
        return {"id": self.ids, **vectors}


def plain(id: Any) -> Id:
    """An id as Python has it."""
    return id if isinstance(id, str) else int(id)


def listed(ids: Ids) -> Sequence[Id]:
    """Ids as Python has them."""
    return ids if isinstance(ids, list) else ids.tolist()
