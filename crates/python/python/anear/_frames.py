"""Rows as a table of pandas or Arrow, which are imported here and only when asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas
    import pyarrow

_Columns = Mapping[str, Any]


def pandas_frame(first: _Columns, metadata: _Columns, kinds: Mapping[str, str]) -> pandas.DataFrame:
    """A DataFrame of columns that the package names, and metadata columns behind them."""
    import pandas

    columns: dict[str, Any] = {
        name: list(values) if np.ndim(values) > 1 else values for name, values in first.items()
    }
    for name, values in metadata.items():
        columns[_unlike(name, first)] = _series(pandas, values, kinds[name])
    return pandas.DataFrame(columns)


def _series(pandas: Any, values: list[Any], kind: str) -> Any:
    if kind in ("int", "bool") and None in values:
        return pandas.array(values, dtype="Int64" if kind == "int" else "boolean")
    if kind == "real":
        return np.array(values, np.float64)  # NaN for None
    if kind in ("json", "mixed", "blob"):
        return pandas.Series(values, dtype=object)
    return values


def arrow_table(first: _Columns, metadata: _Columns, kinds: Mapping[str, str]) -> pyarrow.Table:
    """The same as a table of Arrow; documents and values of several kinds are text in it."""
    import pyarrow

    columns: dict[str, Any] = {}
    for name, values in first.items():
        if np.ndim(values) > 1:
            flat = pyarrow.array(np.ravel(values))
            values = pyarrow.FixedSizeListArray.from_arrays(flat, np.shape(values)[1])
        columns[name] = pyarrow.array(values) if isinstance(values, (list, np.ndarray)) else values
    for name, values in metadata.items():
        columns[_unlike(name, first)] = _arrow_array(pyarrow, values, kinds[name])
    return pyarrow.table(columns)


def _arrow_array(pyarrow: Any, values: list[Any], kind: str) -> Any:
    if kind in ("json", "mixed"):
        texts = [None if value is None else _text(value, kind) for value in values]
        return pyarrow.array(texts, pyarrow.string())
    types = {"int": "int64", "real": "float64", "bool": "bool_", "blob": "binary", "text": "string"}
    return pyarrow.array(values, getattr(pyarrow, types[kind])())


def _text(value: Any, kind: str) -> str:
    return json.dumps(value, ensure_ascii=False) if kind == "json" else str(value)


def _unlike(name: str, taken: _Columns) -> str:
    return f"metadata.{name}" if name in taken else name
