"""Sets of ids: which rows a search may find, or which are removed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .._anear import Selector

if TYPE_CHECKING:
    from ._index import AnyIndex


def _ids(ids: npt.ArrayLike) -> npt.NDArray[np.int64]:
    array = np.ascontiguousarray(ids, dtype="int64")
    assert array.ndim == 1
    return array


class IDSelector:
    """A set of ids."""

    _set: Selector

    def is_member(self, id: int) -> bool:
        """Whether an id is in the set."""
        return self._set.has(int(id))


class IDSelectorAll(IDSelector):
    """All ids."""

    def __init__(self) -> None:
        self._set = Selector.all()


class IDSelectorRange(IDSelector):
    """The ids from ``imin`` to the one before ``imax``."""

    def __init__(self, imin: int, imax: int, assume_sorted: bool = False) -> None:
        self.imin, self.imax, self.assume_sorted = imin, imax, assume_sorted
        self._set = Selector.range(int(imin), int(imax))


class IDSelectorArray(IDSelector):
    """Exactly these ids."""

    def __init__(self, ids: npt.ArrayLike) -> None:
        self._set = Selector.these(_ids(ids))


class IDSelectorBatch(IDSelectorArray):
    """Exactly these ids."""


class IDSelectorBitmap(IDSelector):
    """The ids whose bit is set, the lowest bit of a byte first."""

    def __init__(self, bitmap: npt.NDArray[np.uint8]) -> None:
        assert bitmap.dtype == np.uint8
        self._set = Selector.bitmap(bitmap.tobytes())


class PyCallbackIDSelector(IDSelector):
    """The ids for which a function returns something true.

    Searches call it for each row that is near enough, from whichever thread; what it raises, they raise.
    """

    def __init__(self, callback: Callable[[int], Any]) -> None:
        self._set = Selector.asked(callback)


class IDSelectorNot(IDSelector):
    """The ids that are not in a set."""

    def __init__(self, sel: IDSelector) -> None:
        self._set = sel._set.inverted()


class IDSelectorAnd(IDSelector):
    """The ids in both sets."""

    def __init__(self, lhs: IDSelector, rhs: IDSelector) -> None:
        self._set = lhs._set.both(rhs._set)


class IDSelectorOr(IDSelector):
    """The ids in one of two sets at least."""

    def __init__(self, lhs: IDSelector, rhs: IDSelector) -> None:
        self._set = lhs._set.either(rhs._set)


class IDSelectorXOr(IDSelector):
    """The ids in exactly one of two sets."""

    def __init__(self, lhs: IDSelector, rhs: IDSelector) -> None:
        self._set = lhs._set.one_of(rhs._set)


class IDSelectorTranslated(IDSelector):
    """The rows of an id map whose ids are in a set: what selects in the index inside it."""

    #: The set of ids, which an id map takes as it is.
    sel: IDSelector

    def __init__(self, id_map: AnyIndex | npt.ArrayLike, sel: IDSelector) -> None:
        ids: Any = id_map.id_map if hasattr(id_map, "id_map") else id_map
        self.sel = sel
        self._set = sel._set.translated(_ids(np.asarray(ids)))
