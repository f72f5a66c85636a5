"""Exact search."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias, overload

import numpy as np
import numpy.typing as npt

from . import _anear
from ._errors import UsageError
from ._vectors import opened

Nearest: TypeAlias = tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]
Within: TypeAlias = tuple[
    npt.NDArray[np.uint64], npt.NDArray[np.float32], npt.NDArray[np.int64]
]


@overload
def search(
    x: Any,
    q: Any,
    k: int = 10,
    metric: str | None = None,
    radius: None = None,
    filter: Any = None,
    threads: int | None = None,
    nonfinite: Literal["refuse", "skip"] = "refuse",
) -> Nearest: ...
@overload
def search(
    x: Any,
    q: Any,
    k: int = 10,
    metric: str | None = None,
    *,
    radius: float,
    filter: Any = None,
    threads: int | None = None,
    nonfinite: Literal["refuse", "skip"] = "refuse",
) -> Within: ...
def search(
    x: Any,
    q: Any,
    k: int = 10,
    metric: str | None = None,
    radius: float | None = None,
    filter: Any = None,
    threads: int | None = None,
    nonfinite: Literal["refuse", "skip"] = "refuse",
) -> Nearest | Within:
    """Finds the rows of ``x`` that are nearest to each query, exactly.

    Distances are computed in double precision from the stored values, and ties go to the smaller
    row. The answer does not depend on the threads or the processor.

    Parameters
    ----------
    x
        The rows, shape (rows, components): an array, a tensor in main memory, an Arrow column, a
        list of lists, a path or an open `Vectors`. A file is streamed if it must be decoded.
    q
        The queries, shape (queries, components), or one query of shape (components,).
    k
        Hits for each query, 1 or more.
    metric
        ``"l2"`` (squared), ``"euclidean"``, ``"cosine"`` (1 - cos), ``"angular"``, ``"ip"`` (larger
        is nearer), ``"manhattan"``, ``"chebyshev"``, ``"canberra"``, ``"braycurtis"``,
        ``"jensenshannon"``, ``"hamming"`` or ``"jaccard"``; by default what the file says, else
        cosine.
    radius
        All rows up to this distance instead of the ``k`` nearest; for ``"ip"``, from this
        similarity on.
    filter
        Which rows may be found: one bool for each row, the numbers of some rows or, for a file, an
        SQL condition on its metadata such as ``"page_num > 3"``.
    threads
        Threads to use at most; by default all cores.
    nonfinite
        Whether rows with NaN or infinity are refused or skipped.

    Returns
    -------
    D : float32, shape (queries, k)
        The distances, nearest first; infinite where there are fewer rows.
    I : int64, shape (queries, k)
        The rows, counted from 0; -1 where there are fewer rows.

    With ``radius``, ``(lims, D, I)``: the hits of query ``i`` are ``D[lims[i]:lims[i + 1]]`` and
    ``I[lims[i]:lims[i + 1]]``, nearest first; ``lims`` is uint64 of shape (queries + 1,).

    Raises
    ------
    UsageError
        If ``k`` is 0, the dimensions differ, or there is no such metric.
    DataError
        If a row or a query holds NaN or infinity, or rows are ragged.
    InputTypeError
        If ``x`` or ``q`` holds no vectors, or is not in main memory.

    Examples
    --------
    >>> D, I = anear.search([[0, 0], [3, 4], [6, 8]], [3, 4], k=2, metric="euclidean")
    >>> D, I
    (array([[0., 5.]], dtype=float32), array([[1, 0]]))
    >>> v = anear.open("examples/data/food.db")
    >>> D, I = anear.search(v, v[42], k=3, filter="page_num > 10")
    >>> v.metadata["page_num"][I]
    array([[43, 12, 50]])
    """
    return _anear.search(  # type: ignore[no-any-return]
        opened(x), q, hits(k), metric, radius, filter, threads, _skips(nonfinite)
    )


def hits(k: int) -> int:
    """`k` as the compiled half takes it."""
    if k < 1:
        raise UsageError(f"k is {k}", help="ask for one neighbour at least")
    return k


def _skips(nonfinite: str) -> bool:
    if nonfinite not in ("refuse", "skip"):
        raise UsageError(
            f"nonfinite is {nonfinite!r}", help="rows with NaN or infinity: 'refuse' or 'skip'"
        )
    return nonfinite == "skip"
