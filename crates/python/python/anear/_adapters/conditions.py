"""Filters of other frameworks as SQL conditions.

A value that is not there is None in these frameworks and null in SQL, where neither a comparison
with null nor its opposite is true. So each condition knows its opposite, which holds whenever it
does not itself: that makes NOT mean what it says. What is common stays a plain comparison, which
searches are fastest with.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from .._errors import UsageError

Value = None | bool | int | float | str | bytes


class Operand(NamedTuple):
    """Something to compare, as SQL, and the kind of its values; None where they may be of any, and
    lists and dicts are texts."""

    sql: str
    kind: str | None = None


class Condition(NamedTuple):
    """A condition, its opposite, and the values for the question marks, which both have."""

    sql: str
    params: tuple[Value, ...]
    opposite: str

    def negated(self) -> Condition:
        """What holds whenever this does not."""
        return Condition(self.opposite, self.params, self.sql)


ALWAYS = Condition("1", (), "0")
NEVER = ALWAYS.negated()

_INVERSE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_TYPES = {"number": "typeof({}) IN ('integer', 'real')", "text": "typeof({}) = 'text'"}


def all_of(conditions: Sequence[Condition]) -> Condition:
    """What holds when all do."""
    if len(conditions) < 2:
        return conditions[0] if conditions else ALWAYS
    return Condition(
        "(" + " AND ".join(condition.sql for condition in conditions) + ")",
        tuple(value for condition in conditions for value in condition.params),
        "(" + " OR ".join(condition.opposite for condition in conditions) + ")",
    )


def any_of(conditions: Sequence[Condition]) -> Condition:
    """What holds when one does at least."""
    return all_of([condition.negated() for condition in conditions]).negated()


def plain(sql: str, params: Sequence[Value] = ()) -> Condition:
    """Any SQL; null counts as not true."""
    return Condition(f"({sql})", tuple(params), f"(({sql}) IS NOT TRUE)")


def equal(x: Operand, value: Any) -> Condition:
    """The same value of the same type; lists and dicts are the same when they are written so."""
    if value is None:
        return Condition(f"{x.sql} IS NULL", (), f"{x.sql} IS NOT NULL")
    if isinstance(value, (list, dict)):
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        is_json = "" if x.kind == "json" else f"json_valid({x.sql}) AND "
        return plain(f"{is_json}{x.sql} -> '$' = ?", (text,))
    if not _may_be(x, value):
        return NEVER
    return Condition(f"{x.sql} = ?", (value,), f"{x.sql} IS NOT ?")


def compare(x: Operand, sign: str, value: Any) -> Condition:
    """A number before or after a number, or a text a text; nothing is before or after None."""
    if value is None or not _may_be(x, value):
        return NEVER
    family = "text" if isinstance(value, str) else "number"
    sql = f"{x.sql} {sign} ?"
    if x.kind in (None, "mixed"):
        return plain(f"{_TYPES[family].format(x.sql)} AND {sql}", (value,))
    return Condition(sql, (value,), f"({x.sql} {_INVERSE[sign]} ? OR {x.sql} IS NULL)")


def one_of(x: Operand, values: Sequence[Any]) -> Condition:
    """One of these values."""
    simple = [value for value in values if isinstance(value, (bool, int, float, str, bytes))]
    fitting = [value for value in simple if _may_be(x, value)]
    rest = [equal(x, value) for value in values if value is None or isinstance(value, (list, dict))]
    if len(simple) + len(rest) < len(values):
        raise UsageError(f"a list in a filter has a value that is none: {values!r}")
    if not fitting:
        return any_of(rest)
    marks = ", ".join("?" * len(fitting))
    found = Condition(
        f"{x.sql} IN ({marks})", tuple(fitting), f"({x.sql} NOT IN ({marks}) OR {x.sql} IS NULL)"
    )
    return any_of([found, *rest])


def has_text(x: Operand, text: str, *, any_case: bool = False) -> Condition:
    """A text that has this text in it; ``any_case`` takes ASCII letters as equal in both cases."""
    if any_case:
        return plain(f"instr(lower({x.sql}), lower(?)) > 0", (text,))
    return plain(f"instr({x.sql}, ?) > 0", (text,))


def has_element(x: Operand, value: Any) -> Condition:
    """A list that has this value in it."""
    return plain(f"json_contains({x.sql}, ?)", (value,))


def is_empty(x: Operand) -> Condition:
    """No value, an empty text or an empty list."""
    return Condition(
        f"({x.sql} IS NULL OR {x.sql} = '' OR {x.sql} = '[]')",
        (),
        f"({x.sql} IS NOT NULL AND {x.sql} <> '' AND {x.sql} <> '[]')",
    )


def _may_be(x: Operand, value: Any) -> bool:
    """Whether values of this kind can equal the value, or come before or after it: where they
    cannot, SQLite might still convert one into the other."""
    if isinstance(value, (bool, int, float)):
        return x.kind not in ("text", "blob", "json")
    if isinstance(value, str):
        return x.kind not in ("int", "real", "bool", "blob", "json")
    if isinstance(value, bytes):
        return x.kind in (None, "blob", "mixed")
    raise UsageError(
        f"a filter compares with {value!r}, of the type {type(value).__name__}",
        help="compare with None, bool, int, float, str or bytes",
    )
