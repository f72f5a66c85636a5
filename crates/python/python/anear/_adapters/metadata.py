"""The metadata of documents, as columns of a collection.

A key becomes the column of its name, so that SQL sees it as people would expect. Two columns more,
made when they are first needed, keep what has no place there, so that what is read is what was
written:

- ``_more``: a JSON object of the keys that are no name for a column, or whose column holds values
  of another kind;
- ``_types``: a JSON object with the keys whose value is None (``null``), which a column cannot tell
  from no value, and those whose value is an integer among fractions (``int``).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from .._errors import DataError, InputTypeError, UsageError
from .conditions import Operand

MORE = "_more"
TYPES = "_types"

# SQLite's names for the number of a row, and ours.
_TAKEN = frozenset({"id", "_row", "rowid", "oid", "_rowid_", MORE, TYPES})
_MOST_COLUMNS = 500  # further keys go to _more: SQLite has a limit, and reading all takes time
_LONGEST_NAME = 100

# Kinds of values that one column may hold.
_FAMILIES = {
    "int": "number",
    "real": "number",
    "bool": "bool",
    "text": "text",
    "blob": "blob",
    "json": "json",
    "mixed": "mixed",
}


class Encoded(NamedTuple):
    """Metadata as columns, and the columns of integers among them that get fractions."""

    columns: dict[str, list[Any]]
    widened: list[str]


@dataclass
class _Rest:
    """What the columns of a document cannot say."""

    more: dict[str, Any] = field(default_factory=dict)
    nulls: list[str] = field(default_factory=list)
    integers: list[str] = field(default_factory=list)

    def types(self) -> str | None:
        types = {"null": self.nulls, "int": self.integers}
        return _json({kind: keys for kind, keys in types.items() if keys})


class Layout:
    """Where a collection keeps the metadata of documents.

    ``kinds`` are the columns it has, with their kinds; ``own`` are those that are no metadata but
    belong to the framework, such as the text.
    """

    def __init__(self, kinds: Mapping[str, str], own: Collection[str]) -> None:
        self._kinds = dict(kinds)
        self._own = frozenset(own)
        self._families = {name: _FAMILIES.get(kind, kind) for name, kind in kinds.items()}
        self._spelled = {name.lower(): name for name in kinds}
        self._taken = _TAKEN | {name.lower() for name in own}

    def encode(self, metadata: Sequence[Mapping[str, Any]]) -> Encoded:
        """The columns that hold the metadata, one value a document.

        Raises
        ------
        InputTypeError, DataError
            If a key or a value cannot be kept; the message names the key.
        """
        columns: dict[str, list[Any]] = {}
        rest = [_Rest() for _ in metadata]
        for row, pairs in enumerate(metadata):
            for key, given in pairs.items():
                value = _plain(given, key)
                if value is None:
                    rest[row].nulls.append(key)
                elif self._has_place(key, value):
                    columns.setdefault(key, [None] * len(metadata))[row] = value
                elif isinstance(value, bytes):
                    raise DataError(f"the metadata {key!r} are bytes, for which there is no column")
                else:
                    rest[row].more[key] = value
        with_fractions = [
            key for key, values in columns.items() if self._gets_fractions(key, values)
        ]
        for key in with_fractions:
            for row, value in enumerate(columns[key]):
                if isinstance(value, int):
                    rest[row].integers.append(key)
        columns[MORE] = [_json(one.more) for one in rest]
        columns[TYPES] = [one.types() for one in rest]
        columns = {
            name: values
            for name, values in columns.items()
            if any(value is not None for value in values)
        }
        return Encoded(columns, [key for key in with_fractions if self._kinds.get(key) == "int"])

    def decode(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The metadata of a document, from the columns of its row."""
        metadata = {
            name: value
            for name, value in row.items()
            if value is not None and name not in self._own and name not in (MORE, TYPES)
        }
        if (types := row.get(TYPES)) is not None:
            noted = json.loads(types)
            for key in noted.get("int", ()):
                if isinstance(metadata.get(key), float):
                    metadata[key] = int(metadata[key])
            for key in noted.get("null", ()):
                metadata.setdefault(key, None)
        if (more := row.get(MORE)) is not None:
            metadata.update(json.loads(more))
        return metadata

    def types_noted(self, row: Mapping[str, Any], key: str) -> str | None:
        """What `TYPES` holds for a row whose integer at a key is about to be among fractions."""
        noted = json.loads(row.get(TYPES) or "{}")
        return _Rest(nulls=noted.get("null", []), integers=[*noted.get("int", ()), key]).types()

    def names(self) -> list[str]:
        """The columns with metadata, `MORE` and `TYPES` included."""
        return [name for name in self._kinds if name not in self._own]

    def operand(self, key: str, *path: str) -> Operand:
        """The value that documents have at a key, and at the keys within it, for a condition."""
        column = key in self._kinds and key.lower() not in self._taken
        if MORE in self._kinds:
            inside = _inside(_quoted(MORE), (key, *path))
            if not column:
                return Operand(inside)
            there = _inside(_quoted(key), path) if path else _quoted(key)
            return Operand(f"coalesce({there}, {inside})")
        if not column:
            return Operand("NULL")
        if path:
            is_json = self._kinds[key] in ("json", "mixed")
            return Operand(_inside(_quoted(key), path) if is_json else "NULL")
        return Operand(_quoted(key), self._kinds[key])

    def own(self, name: str) -> Operand:
        """One of the framework's columns, for a condition."""
        return Operand(_quoted(name), self._kinds[name]) if name in self._kinds else Operand("NULL")

    def _gets_fractions(self, key: str, values: Sequence[Any]) -> bool:
        """Whether a column makes fractions of integers, once it has these values too."""
        kind = self._kinds.get(key, "int")
        return kind == "real" or (kind == "int" and any(isinstance(one, float) for one in values))

    def _has_place(self, key: str, value: Any) -> bool:
        """Whether the value goes into the column of its key, which is made if there is none."""
        family = _family(value)
        there = self._families.get(key)
        if key.lower() in self._taken or family == "big":
            return False
        if there is None:
            is_new = key.lower() not in self._spelled and len(self._families) < _MOST_COLUMNS
            if not is_new or not _is_name(key):
                return False
            self._families[key] = family
            self._spelled[key.lower()] = key
            return True
        return there == family or (there == "mixed" and family in ("number", "text", "blob"))


def _is_name(key: str) -> bool:
    return 0 < len(key) <= _LONGEST_NAME and key.isprintable() and '"' not in key


def _family(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "number" if -(2**63) <= value < 2**63 else "big"
    if isinstance(value, float):
        return "number"
    if isinstance(value, str):
        return "text"
    return "blob" if isinstance(value, bytes) else "json"


def _plain(value: Any, key: Any) -> Any:
    """The value as JSON knows it, or bytes; NaN, which SQL does not know, is None."""
    if not isinstance(key, str):
        raise InputTypeError(f"a key of the metadata is {key!r}", help="keys are strings")
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and value != value:
        return None
    if value is None or isinstance(value, (bool, int, float, str, bytes)):
        return value
    if isinstance(value, (list, tuple, dict)):
        return _plain_json(value, key)
    raise InputTypeError(
        f"the metadata {key!r} are of the type {type(value).__name__}",
        help="values are None, bool, int, float, str, bytes, lists and dicts; "
        "write a date as value.isoformat()",
    )


def _plain_json(value: Any, key: str) -> Any:
    if isinstance(value, (list, tuple)):
        return [_plain_json(item, key) for item in value]
    if isinstance(value, dict):
        return {_text(inner, key): _plain_json(item, key) for inner, item in value.items()}
    plain = _plain(value, key)
    if isinstance(plain, bytes) or (isinstance(plain, float) and abs(plain) == float("inf")):
        raise DataError(f"the metadata {key!r} hold {plain!r}, which JSON does not know")
    return plain


def _text(inner: Any, key: str) -> str:
    if not isinstance(inner, str):
        raise InputTypeError(f"the metadata {key!r} have a key {inner!r}", help="keys are strings")
    return inner


def _json(said: dict[str, Any]) -> str | None:
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")) if said else None


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _inside(sql: str, path: Sequence[str]) -> str:
    """What is at a path of keys in a JSON object."""
    for key in path:
        if '"' in key:
            raise UsageError(f"the key {key!r} has a quotation mark, and cannot be in a condition")
    steps = "".join(f'."{key}"' for key in path).replace("'", "''")
    return f"({sql} ->> '${steps}')"
