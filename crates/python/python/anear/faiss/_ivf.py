"""Indexes with lists, wherever in an index they are."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from ._index import AnyIndex, Floats, Index, IndexBinary, Labels
from ._lists import Lists
from ._parameters import SearchParameters, SearchParametersIVF, SearchParametersPreTransform
from ._wrappers import IndexPreTransform


def try_extract_index_ivf(index: AnyIndex) -> Any:
    """The inverted lists in an index, or ``None``."""
    looked: AnyIndex | None = index
    while looked is not None and not isinstance(looked, Lists):
        looked = looked._inside("inner") or looked._inside("base")
    return looked


def extract_index_ivf(index: AnyIndex) -> Any:
    """The inverted lists in an index.

    Raises
    ------
    RuntimeError
        If there are none.
    """
    found = try_extract_index_ivf(index)
    if found is None:
        raise RuntimeError(f"there are no inverted lists in a {type(index).__name__}")
    return found


def merge_into(index0: AnyIndex, index1: AnyIndex, shift_ids: bool = False) -> None:
    """Moves the rows of the lists of ``index1`` to those of ``index0``; with ``shift_ids`` their ids
    go on behind those that are there."""
    lists0, lists1 = extract_index_ivf(index0), extract_index_ivf(index1)
    assert isinstance(index0, (Index, IndexBinary))
    if index0 is lists0:
        lists0.merge_from(lists1, index0.ntotal if shift_ids else 0)
    else:
        index0.merge_from(index1, index0.ntotal if shift_ids else 0)


def _asked(index: AnyIndex, params: SearchParametersIVF | None) -> tuple[SearchParametersIVF, SearchParameters]:
    """The parameters for the lists, those that the index says if none are given, and those for the whole index."""
    lists = extract_index_ivf(index)
    params = params or SearchParametersIVF(nprobe=lists.nprobe, max_codes=lists.max_codes)
    if isinstance(index, IndexPreTransform):
        return params, SearchParametersPreTransform(index_params=params)
    return params, params


def _stats(index: Any, rows: Any, params: SearchParametersIVF, seconds: float) -> dict[str, Any]:
    """How many rows the lists hold that a search looks at, and the milliseconds that it took: those of its stages
    are not known apart."""
    lists = extract_index_ivf(index)
    inside = index.apply_chain(rows) if isinstance(index, IndexPreTransform) else rows
    _, numbers = lists.quantizer.search(inside, min(params.nprobe, lists.nlist), params=params.quantizer_params)
    looked = lists.invlists._sizes()[numbers[numbers >= 0]].sum()
    none = {"pre_transform_ms": 0.0, "coarse_quantizer_ms": 0.0}
    return {"ndis": np.uint64(looked), **none, "invlist_scan_ms": 1e3 * seconds}


def search_with_parameters(
    index: Index, x: Any, k: int, params: SearchParametersIVF | None = None, output_stats: bool = False
) -> tuple[Floats, Labels] | tuple[Floats, Labels, dict[str, Any]]:
    """What a search of the lists in an index finds with these parameters; how much work it was too, if wanted."""
    of_lists, of_index = _asked(index, params)
    start = time.perf_counter()
    found = index.search(x, k, params=of_index)
    if not output_stats:
        return found
    return *found, _stats(index, index._rows(x), of_lists, time.perf_counter() - start)


def range_search_with_parameters(
    index: Index, x: Any, radius: float, params: SearchParametersIVF | None = None, output_stats: bool = False
) -> tuple[Any, ...]:
    """All rows nearer than ``radius`` in the lists of an index; how much work it was too, if wanted."""
    of_lists, of_index = _asked(index, params)
    start = time.perf_counter()
    found = index.range_search(x, radius, params=of_index)
    if not output_stats:
        return found
    return *found, _stats(index, index._rows(x), of_lists, time.perf_counter() - start)
