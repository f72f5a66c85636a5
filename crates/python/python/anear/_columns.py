"""What people hold metadata in, as columns that the compiled half takes: lists, and arrays of
integers, floats and truth values."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, repeat
from typing import Any

import numpy as np

from ._errors import DataError, InputTypeError

_Array = np.ndarray[Any, Any]


def columns(metadata: Any) -> list[tuple[str, list[Any] | _Array]]:
    """Columns by name: of a mapping, a DataFrame, an Arrow table or a list of mappings."""
    return [(name, values(column)) for name, column in items(metadata)]


def items(metadata: Any) -> list[tuple[str, Any]]:
    """The columns by name, as they are."""
    if hasattr(metadata, "column_names") and hasattr(metadata, "column"):  # an Arrow table
        return [(name, metadata.column(at)) for at, name in enumerate(metadata.column_names)]
    if isinstance(metadata, (list, tuple)):
        return list(_by_column(metadata).items())
    if isinstance(metadata, Mapping) or hasattr(metadata, "items"):
        return [(str(name), column) for name, column in metadata.items()]
    raise InputTypeError(
        f"a {name_of(metadata)} is no metadata",
        help="give a mapping of column name to values, one a row, or a list of mappings",
    )


def _by_column(records: Sequence[Any]) -> dict[str, list[Any]]:
    if not set(map(type, records)) <= {dict}:
        records = [_record(row, record) for row, record in enumerate(records)]
    names = dict.fromkeys(chain.from_iterable(records))
    return {str(name): list(map(dict.get, records, repeat(name))) for name in names}


def _record(row: int, record: object) -> dict[Any, Any]:
    if isinstance(record, Mapping):
        return dict(record)
    raise InputTypeError(
        f"a {name_of(record)} is no metadata of a row",
        help="give a mapping of column name to value for each row",
        row=row,
    )


def values(column: Any) -> list[Any] | _Array:
    """The values of one column."""
    if isinstance(column, list):
        return column
    if isinstance(column, (str, bytes, Mapping)) or not isinstance(column, Iterable):
        raise InputTypeError(f"a {name_of(column)} is no column: it needs one value a row")
    if hasattr(column, "null_count") and hasattr(column, "to_pylist"):
        column = _of_arrow(column)
    elif hasattr(column, "dtype") and hasattr(column, "isna"):
        column = _of_pandas(column)
    if isinstance(column, np.ndarray):
        return _of_array(column)
    return list(column.tolist() if hasattr(column, "tolist") else column)


def _of_arrow(column: Any) -> Any:
    kind = str(column.type)
    if kind in ("string", "large_string", "binary", "large_binary"):
        return column.to_numpy(zero_copy_only=False)
    is_number = kind.startswith(("int", "uint", "float", "double", "halffloat"))
    if is_number and column.null_count == 0:
        return column.to_numpy(zero_copy_only=False)
    return column.to_pylist()


def _of_pandas(column: Any) -> Any:
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "biufMm":
        return column.to_numpy()
    return column.to_numpy(object, na_value=None)


def _of_array(array: _Array) -> list[Any] | _Array:
    if array.ndim != 1:
        raise InputTypeError(f"an array of {array.ndim} axes is no column: it needs one value a row")
    kind = array.dtype.kind
    if kind in "Mm":
        raise InputTypeError(
            f"a column of {array.dtype} is no metadata",
            help="np.datetime_as_string(x), or x.dt.strftime of pandas, makes texts of dates",
        )
    if isinstance(array, np.ma.MaskedArray) or kind not in "biuf":
        return list(array.tolist())
    if kind == "u" and array.size and int(array.max()) >= 2**63:
        row = int(array.argmax())
        raise DataError(f"the integer {array[row]} does not fit in 64 bits", row=row)
    wanted = {"b": bool, "i": np.int64, "u": np.int64, "f": np.float64}[kind]
    return np.require(array, wanted, ["C", "A"])


def plain(value: Any) -> Any:
    """What a value stands for: a plain one where there is one, else itself."""
    if isinstance(value, np.generic):
        item = value.item()
        return item if isinstance(item, (bool, int, float, str, bytes)) else value
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    if type(value).__name__ in ("NAType", "NaTType"):  # pandas
        return None
    return value


def document(value: Any) -> str:
    """A value as a JSON document."""
    try:
        return _encode(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise DataError(
            f"this is no JSON document: {error}",
            help="dicts and lists may hold None, bool, int, float, str, dicts and lists",
        ) from error


def _for_json(value: Any) -> Any:
    known = plain(value)
    if known is value:
        raise TypeError(f"it holds a {name_of(value)}")
    return known


# Made once: `json.dumps` makes one for each call, which takes longer than a small document.
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=_for_json).encode


def name_of(value: object) -> str:
    """The name of a value's type, for messages."""
    kind = type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
