"""Documents in a collection, as frameworks see them: a string for an id, a text, metadata."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .._collection import Collection
from .._errors import UsageError
from .._rows import Hits
from .conditions import ALWAYS, Condition, Operand, equal
from .metadata import TYPES, Layout

Place = Collection | str | os.PathLike[str]


class Found(NamedTuple):
    """A row of the collection, and its distance if it was searched for."""

    id: str
    row: Mapping[str, Any]
    vector: npt.NDArray[Any] | None
    distance: float | None


class Documents:
    """The documents of a collection that is made when the first of them is written.

    Parameters
    ----------
    place
        A collection, or the path of one that may not be there yet.
    text
        The column that holds the text of a document, which can be searched.
    own
        Further columns that are no metadata.
    dim
        Components of a vector; by default those of the first vector.
    options
        How to make or open the collection, as `anear.Collection` takes it.
    """

    def __init__(
        self,
        place: Place,
        *,
        text: str,
        own: Sequence[str] = (),
        dim: int | None = None,
        options: Mapping[str, Any],
    ) -> None:
        self.text = text
        self.path = place.path if isinstance(place, Collection) else os.fspath(place)
        self._own = (text, *own)
        self._dim = dim
        self._options = {name: value for name, value in options.items() if value is not None}
        self._lock = threading.Lock()
        self._collection = place if isinstance(place, Collection) else None
        self._has_integer_ids: bool | None = None

    @property
    def collection(self) -> Collection | None:
        """The collection; None if there is none yet."""
        with self._lock:
            if self._collection is None and os.path.exists(self.path):
                self._collection = Collection(self.path, self._dim, **self._options)
            return self._collection

    def made(self, dim: int | None = None) -> Collection:
        """The collection, which is made if there is none yet."""
        there = self.collection
        if there is not None:
            return there
        dim = dim if self._dim is None else self._dim
        if dim is None:
            raise UsageError(
                f"the collection {self.path} is not there yet, and no vector says how long its "
                "vectors are",
                help="say it with dim=..",
            )
        with self._lock:
            if self._collection is None:
                options = {"text": (self.text,), **self._options}
                self._collection = Collection(self.path, dim, **options)
            return self._collection

    def close(self) -> None:
        """Closes the collection."""
        with self._lock:
            if self._collection is not None:
                self._collection.close()

    @property
    def metric(self) -> str:
        """How the collection measures nearness, or will."""
        there = self.collection
        return there.metric if there is not None else self._options.get("metric") or "cosine"

    def layout(self) -> Layout:
        """Where metadata are now."""
        there = self.collection
        return Layout({} if there is None else there.columns, self._own)

    def write(
        self,
        ids: Sequence[str],
        vectors: npt.ArrayLike,
        texts: Sequence[str | None],
        metadata: Sequence[Mapping[str, Any]],
        own: Mapping[str, Sequence[Any]] | None = None,
        *,
        replace: bool = True,
    ) -> None:
        """Adds documents; of those with the same id only the last, and in the place of one that
        is there already. Without ``replace`` such an id is an error.

        Parameters
        ----------
        own
            Values of further columns; columns without any are left out.
        """
        if not ids:
            return
        rows = np.asarray(vectors)
        if rows.ndim != 2:
            raise UsageError(
                f"the vectors have the shape {rows.shape}", help="give one for each id"
            )
        collection = self.made(rows.shape[1])
        columns = self._encoded(collection, metadata)
        for name, values in {self.text: texts, **(own or {})}.items():
            if any(value is not None for value in values):
                columns[name] = list(values)
        keep = list({id: row for row, id in enumerate(ids)}.values())
        if len(keep) < len(ids):
            ids = [ids[row] for row in keep]
            rows = rows[keep]
            columns = {name: [values[row] for row in keep] for name, values in columns.items()}
        collection.add(rows, ids=self._known(ids, strict=True), metadata=columns, upsert=replace)

    def get(
        self,
        ids: Sequence[str],
        *,
        columns: Sequence[str] | None = None,
        vectors: bool = False,
    ) -> list[Found]:
        """The documents with these ids, in this order; those that are not there are left out.
        Only some ``columns`` are read if they are named."""
        there = self.collection
        if there is None:
            return []
        known = self._known(ids)
        return list(_each(there.get(known, columns=columns, vectors=vectors))) if known else []

    def read(
        self,
        condition: Condition = ALWAYS,
        *,
        columns: Sequence[str] | None = None,
        vectors: bool = False,
    ) -> Iterator[Found]:
        """The documents that meet a condition, in the order they were written."""
        there = self.collection
        if there is not None:
            where, params = _sql(condition), condition.params
            for rows in there.rows(where, params, columns=columns, vectors=vectors):
                yield from _each(rows)

    def count(self, condition: Condition = ALWAYS) -> int:
        """How many documents meet a condition."""
        there = self.collection
        return 0 if there is None else there.count(_sql(condition), condition.params)

    def delete(self, ids: Sequence[str]) -> int:
        """Deletes documents, and says how many there were."""
        there, known = self.collection, self._known(ids)
        return there.delete(known) if there is not None and known else 0

    def delete_where(self, condition: Condition) -> int:
        """Deletes the documents that meet a condition, and says how many there were."""
        there = self.collection
        return 0 if there is None else there.delete(where=condition.sql, params=condition.params)

    def update(self, condition: Condition, changes: Mapping[str, Any]) -> int:
        """Sets some of the metadata of the documents that meet a condition, and says how many
        there were."""
        there = self.collection
        found = list(self.read(condition))
        if there is None or not found:
            return 0
        layout = self.layout()
        metadata = [{**layout.decode(each.row), **changes} for each in found]
        columns = self._encoded(there, metadata)
        for name in layout.names():
            columns.setdefault(name, [None] * len(found))
        there.update(self._known([each.id for each in found]), columns)
        return len(found)

    def _encoded(
        self, collection: Collection, metadata: Sequence[Mapping[str, Any]]
    ) -> dict[str, list[Any]]:
        """The columns that hold the metadata. Where a column of integers is about to become one
        of fractions, its rows are told to stay integers."""
        layout = self.layout()
        columns, widened = layout.encode(metadata)
        for key in widened:
            holders = list(self.read(equal(layout.operand(key), None).negated()))
            notes = [layout.types_noted(each.row, key) for each in holders]
            collection.update(self._known([each.id for each in holders]), {TYPES: notes})
        return columns

    def search(
        self,
        vector: npt.ArrayLike | None,
        text: str | None,
        k: int,
        condition: Condition,
        *,
        vectors: bool = False,
    ) -> list[Found]:
        """The best documents that meet a condition, by vector, by the words of a text (of which
        they have one at least), or by both.

        The distances are those of `anear.Collection.search`.
        """
        there = self.collection
        if there is None:
            return []
        query = None if vector is None else np.asarray(vector)
        where, params = _sql(condition), condition.params
        hits = there.search(query, k, text=text, where=where, params=params)
        assert isinstance(hits, Hits)
        found = [Found(str(hit.id), hit.metadata, None, hit.distance) for hit in hits]
        if not vectors:
            return found
        stored = self.get([each.id for each in found], columns=[], vectors=True)
        vector_of = {each.id: each.vector for each in stored}
        return [each._replace(vector=vector_of[each.id]) for each in found if each.id in vector_of]

    def with_id(self, ids: Sequence[str]) -> Condition:
        """That a document has one of these ids."""
        known = self._known(ids)
        marks = ", ".join("?" * len(known))
        return Condition(f"id IN ({marks})", tuple(known), f"id NOT IN ({marks})")

    def id_operand(self) -> Operand:
        """The id of a document, for a condition."""
        return Operand("CAST(id AS TEXT)" if self._numbers_rows() else "id", "text")

    def _known(self, ids: Sequence[str], *, strict: bool = False) -> list[Any]:
        """Ids as the collection knows them. Where they are integers, texts that are none are left
        out or, if ``strict``, refused."""
        if not self._numbers_rows():
            return list(ids)
        known = [number for id in ids if (number := _integer(id)) is not None]
        if strict and len(known) < len(ids):
            raise UsageError(f"the ids of the collection {self.path} are integers")
        return known

    def _numbers_rows(self) -> bool:
        """Whether the ids of the collection are integers, which is known once it has a row."""
        there = self.collection
        if self._has_integer_ids is None and there is not None:
            for rows in there.rows(columns=[], vectors=False, batch=1):
                self._has_integer_ids = not isinstance(rows.ids[0], str)
                break
        return self._has_integer_ids is True


def _each(rows: Any) -> Iterator[Found]:
    columns = rows.metadata
    for row, id in enumerate(rows.ids):
        values = {name: column[row] for name, column in columns.items()}
        yield Found(str(id), values, None if rows.vectors is None else rows.vectors[row], None)


def _integer(id: str) -> int | None:
    """The integer id that is shown as this text."""
    try:
        number = int(id)
    except ValueError:
        return None
    return number if str(number) == id and -(2**63) <= number < 2**63 else None


def _sql(condition: Condition) -> str | None:
    return None if condition == ALWAYS else condition.sql
