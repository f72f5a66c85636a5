"""What all indexes have: adding, searching, telling rows, and the indexes inside."""

from __future__ import annotations

from typing import Any, ClassVar, cast

import numpy as np
import numpy.typing as npt

from .._anear import Tree
from ._clustering import learning
from ._constants import HAMMING, Float32, omp_get_max_threads
from ._fields import Field, Setting, check_settable
from ._parameters import SearchParameters, how
from ._place import Place
from ._selectors import IDSelector, IDSelectorBatch
from ._vectors import Vector

Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]

_classes: dict[str, type[AnyIndex]] = {}


def wrapped(place: Place) -> Any:
    """The index at a place, as an object of its class."""
    found = _classes[place.tree.class_name(place.at)]
    index = found.__new__(found)
    index._begin(place)
    return index


class AnyIndex:
    """An index over numbers or over bits."""

    _place: Place
    _metric: ClassVar[int | None] = None
    #: Parameters that a search may be given, besides plain ones.
    _parameters: ClassVar[tuple[type[SearchParameters], ...]] = (SearchParameters,)

    #: What is taken at its default only: the index does not go by it here.
    _fixed: ClassVar[tuple[str, ...]] = ()

    verbose = False
    own_fields = False
    thisown = True

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if not cls.__name__.startswith("_"):
            _classes[cls.__name__] = cls

    def _begin(self, place: Place) -> None:
        object.__setattr__(self, "_place", place)

    def __setattr__(self, name: str, value: Any) -> None:
        check_settable(self, name, value, "referenced_objects")
        object.__setattr__(self, name, value)

    @classmethod
    def _is_a(cls, kind: str) -> bool:
        return kind in _classes and issubclass(_classes[kind], cls)

    @property
    def _tree(self) -> Tree:
        return self._place.tree

    @property
    def _at(self) -> str:
        return self._place.at

    def _field(self, name: str) -> Any:
        return self._tree.fields(self._at)[name]

    def _set_field(self, name: str, value: float) -> None:
        self._tree.set_field(self._at, name, float(value))

    def _array(self, name: str) -> Vector:
        try:
            return Vector(self._tree.array(self._at, name))
        except KeyError as error:
            raise AttributeError(str(error)) from None

    def _inside(self, step: str) -> AnyIndex | None:
        """The index inside this one, if there is one so."""
        try:
            return self._place.inside(step)
        except RuntimeError:
            return None

    def _alone(self) -> Tree:
        """A copy of what Python calls this index."""
        return self._tree.part(self._at)

    @property
    def d(self) -> int:
        """Components in a row; bits for rows of bits."""
        tree, at = self._place.reach()
        return tree.dim(at)

    ntotal = Field("ntotal", int, "How many rows there are.")

    is_trained = Setting("is_trained", bool, "Whether the index has learned what it needs to take rows.")

    code_size = Field("code_size", int, "Bytes of a row's code.")

    def _how(self, params: SearchParameters) -> dict[str, Any]:
        if not isinstance(params, self._parameters):
            kinds = ", ".join(kind.__name__ for kind in self._parameters) or "none"
            raise RuntimeError(f"{type(params).__name__} given to a {type(self).__name__}, which takes {kinds}")
        return how(params)

    def _how_within(self, params: SearchParameters) -> dict[str, Any]:
        return self._how(params)

    def _searched(
        self, rows: npt.NDArray[Any], k: int, settings: dict[str, Any] | None, lists: Labels | None = None
    ) -> tuple[npt.NDArray[Any], Labels]:
        """Distances and labels that a search finds, in the given lists if there are any."""
        tree, at = self._place.reach()
        return tree.search(at, rows, k, (settings, omp_get_max_threads()), lists)

    def _within(
        self, rows: npt.NDArray[Any], radius: float, settings: dict[str, Any] | None, lists: Labels | None = None
    ) -> tuple[npt.NDArray[np.uint64], Floats, Labels]:
        """Where each query's begin, distances and labels of all rows that are near enough."""
        return self._tree.within(self._at, rows, radius, (settings, omp_get_max_threads()), lists)

    def _rows(self, x: Any) -> npt.NDArray[Any]:
        raise NotImplementedError

    def train(self, x: Any, numeric_type: int = Float32) -> None:
        """Learns what is needed to take rows from such as these."""
        rows = self._rows(x)
        codec, refinement = vars(self).get("_pq"), vars(self).get("_refine_pq")
        how = [known._training() if known else None for known in (codec, refinement)]
        self._tree.train(self._at, rows, self._training(len(rows)), *how)
        if codec is not None and codec._shares:
            codec.train(self._encoded(rows))

    def _encoded(self, rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """What of rows is written as codes."""
        return rows

    def _learns_otherwise(self) -> bool:
        """Whether it has been said of this index, or of one inside it, how it learns."""
        codecs = filter(None, (vars(self).get("_pq"), vars(self).get("_refine_pq")))
        own = vars(self).get("_cp") is not None or any(codec._learns_otherwise() for codec in codecs)
        return own or any(index._learns_otherwise() for index in self._place._inside.values())

    def _training(self, rows: int) -> dict[str, Any]:
        """How centroids are learned from so many rows."""
        return learning()

    def add(self, x: Any, numeric_type: int = Float32) -> None:
        """Adds vectors to the index, numbered on from those that are there."""
        self._tree.add(self._at, self._rows(x), None, omp_get_max_threads())

    def add_with_ids(self, x: Any, ids: npt.ArrayLike, numeric_type: int = Float32) -> None:
        """Adds rows under these ids."""
        rows = self._rows(x)
        numbers = np.ascontiguousarray(ids, dtype="int64")
        assert numbers.shape == (len(rows),), "not same nb of vectors as ids"
        self._tree.add(self._at, rows, numbers, omp_get_max_threads())

    def remove_ids(self, x: Any) -> int:
        """Removes the rows with these ids, or with those of a selector; tells how many there were."""
        if not isinstance(x, IDSelector):
            assert x.ndim == 1
            x = IDSelectorBatch(x)
        return self._tree.remove(self._at, x._set)

    def reset(self) -> None:
        """Lets go of all rows, and keeps what was learned."""
        self._tree.reset(self._at)

    def merge_from(self, other: AnyIndex, add_id: int = 0) -> None:
        """Takes all rows of another index of the same kind, which has none then."""
        self.check_compatible_for_merge(other)
        self._tree.merge(self._at, other._alone(), int(add_id))
        other.reset()

    def check_compatible_for_merge(self, other: AnyIndex) -> None:
        """Fails if rows of the other index cannot be taken over."""
        if self.d != other.d or type(self) is not type(other):
            raise RuntimeError(f"a {type(other).__name__} of {other.d} dimensions cannot be merged into "
                               f"a {type(self).__name__} of {self.d}")

    def _reconstructed(self, ids: npt.ArrayLike, found: bool = False) -> Floats:
        numbers = np.ascontiguousarray(ids, dtype="int64").reshape(-1)
        return self._tree.reconstruct(self._at, numbers, found)

    def _reconstructed_n(self, n0: int, ni: int) -> Floats:
        """The rows with ids from ``n0`` on, ``ni`` of them."""
        if ni > 0 and not (0 <= n0 and n0 + ni <= self.ntotal):
            raise RuntimeError(f"rows {n0} to {n0 + ni} of {self.ntotal}")
        if ni > 0 and self._goes_through_rows():
            return self._tree.reconstruct_range(self._at, n0, n0 + ni)
        return self._reconstructed(np.arange(n0, n0 + ni))

    def _goes_through_rows(self) -> bool:
        """Whether FAISS tells several rows by a look at all, which finds some that it would not find by their ids."""
        return False

    def __getstate__(self) -> dict[str, Any]:
        return {"bytes": self._tree.to_bytes(self._at)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._begin(Place(Tree.from_bytes(state["bytes"])))


class Index(AnyIndex):
    """An index over numbers.

    Rows and queries are matrices of ``float32``, or what NumPy makes such matrices of.
    """

    def _begin_as(self, description: str, d: int, metric: int, argument: float = 0.0) -> None:
        self._begin(Place(Tree.made(description, int(d), int(metric), float(argument))))

    def _rows(self, x: Any) -> npt.NDArray[Any]:
        n, d = x.shape
        assert d == self.d
        return np.ascontiguousarray(x, dtype="float32")

    @property
    def metric_type(self) -> int:
        """How nearness is measured."""
        return self._tree.metric(self._at)

    @metric_type.setter
    def metric_type(self, metric: int) -> None:
        self._set_field("metric_type", metric)

    metric_arg = Setting("metric_arg", float, "The exponent of ``METRIC_Lp``.")

    def search(
        self,
        x: Any,
        k: int,
        *,
        params: SearchParameters | None = None,
        D: Floats | None = None,
        I: Labels | None = None,  # noqa: E741
        numeric_type: int = Float32,
    ) -> tuple[Floats, Labels]:
        """Distances and labels of the ``k`` nearest rows to each query, -1 where there are no more."""
        rows = self._rows(x)
        assert k > 0
        assert D is None or D.shape == (len(rows), k)
        assert I is None or I.shape == (len(rows), k)
        distances, labels = self._searched(rows, int(k), None if params is None else self._how(params))
        return into(D, distances), into(I, labels)

    def range_search(
        self, x: Any, thresh: float, *, params: SearchParameters | None = None
    ) -> tuple[npt.NDArray[np.uint64], Floats, Labels]:
        """All rows nearer than ``thresh``: where each query's begin, their distances and labels."""
        settings = None if params is None else self._how_within(params)
        return self._within(self._rows(x), float(thresh), settings)

    def assign(self, x: Any, k: int, labels: Labels | None = None) -> Labels:
        """The labels of the ``k`` nearest rows."""
        assert labels is None or labels.shape == (len(x), k)
        return into(labels, self.search(x, k)[1])

    def search_and_reconstruct(
        self,
        x: Any,
        k: int,
        *,
        params: SearchParameters | None = None,
        D: Floats | None = None,
        I: Labels | None = None,  # noqa: E741
        R: Floats | None = None,
    ) -> tuple[Floats, Labels, Floats]:
        """What :meth:`search` finds, and the rows as near as their codes tell."""
        distances, labels = self.search(x, k, params=params, D=D, I=I)
        assert R is None or R.shape == (*labels.shape, self.d)
        rows = self._reconstructed(labels, found=True).reshape(*labels.shape, self.d)
        return distances, labels, into(R, rows)

    def reconstruct(self, key: int, x: Floats | None = None) -> Floats:
        """The row with an id, as near as its code tells."""
        assert x is None or x.shape == (self.d,)
        return into(x, self._reconstructed([int(key)])[0])

    def reconstruct_batch(self, key: npt.ArrayLike, x: Floats | None = None) -> Floats:
        """The rows with these ids."""
        keys = np.ascontiguousarray(key, dtype="int64")
        (n,) = keys.shape
        assert x is None or x.shape == (n, self.d)
        return into(x, self._reconstructed(keys))

    def reconstruct_n(self, n0: int = 0, ni: int = -1, x: Floats | None = None) -> Floats:
        """The rows with ids from ``n0`` on, ``ni`` of them; as many as there are rows for -1. Of rows in lists
        some may have other ids: zeros stand in the place of an id that no row has."""
        n0 = int(n0)
        ni = self.ntotal - n0 if ni == -1 else int(ni)
        assert x is None or x.shape == (ni, self.d)
        return into(x, self._reconstructed_n(n0, ni))

    def sa_code_size(self) -> int:
        """Bytes of a code that :meth:`sa_encode` makes."""
        return self._tree.code_bytes(self._at)

    def sa_encode(self, x: Any, codes: npt.NDArray[np.uint8] | None = None) -> npt.NDArray[np.uint8]:
        """Codes of rows, which are not added."""
        rows = self._rows(x)
        assert codes is None or codes.shape == (len(rows), self.sa_code_size())
        return into(codes, self._tree.encode(self._at, rows, omp_get_max_threads()))

    def sa_decode(self, codes: npt.NDArray[np.uint8], x: Floats | None = None) -> Floats:
        """The rows that codes stand for."""
        whole = self._whole_codes(codes)
        assert x is None or x.shape == (len(whole), self.d)
        return into(x, self._tree.decode(self._at, whole))

    def add_sa_codes(self, codes: npt.NDArray[np.uint8], ids: npt.ArrayLike | None = None) -> None:
        """Adds rows as codes, such as :meth:`sa_encode` makes: in lists with ``ids`` if given, under an id map with
        them always. Other indexes number their rows, and leave ``ids`` aside."""
        whole = self._whole_codes(codes)
        numbers = None if ids is None else np.ascontiguousarray(ids, dtype="int64")
        assert numbers is None or numbers.shape == (len(whole),)
        self._tree.add_codes(self._at, whole, numbers)

    def _whole_codes(self, codes: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        _, size = codes.shape
        assert size == self.sa_code_size()
        assert codes.dtype == np.uint8 or codes.dtype == np.int8
        return np.ascontiguousarray(codes).view(np.uint8)


class IndexBinary(AnyIndex):
    """An index over bits, eight to a byte.

    Rows and queries are matrices of ``uint8``, distances the number of bits that differ.
    """

    metric_type = 1

    def _begin_as(self, description: str, d: int) -> None:
        self._begin(Place(Tree.made(description, int(d), HAMMING, 0.0)))

    def _rows(self, x: Any) -> npt.NDArray[Any]:
        if x.dtype != np.uint8 and x.dtype != np.int8:
            raise TypeError(f"Input argument dtype {x.dtype} is not supported: it must be uint8 or int8")
        n, d = x.shape
        assert d == self.code_size
        return np.ascontiguousarray(x).view(np.uint8)

    def search(
        self, x: Any, k: int, *, params: SearchParameters | None = None
    ) -> tuple[npt.NDArray[np.int32], Labels]:
        """Distances and labels of the ``k`` nearest rows to each query, -1 where there are no more."""
        rows = self._rows(x)
        assert k > 0
        return self._searched(rows, int(k), None if params is None else self._how(params))

    def range_search(
        self, x: Any, thresh: float, *, params: SearchParameters | None = None
    ) -> tuple[npt.NDArray[np.uint64], Floats, Labels]:
        """All rows nearer than ``thresh``: where each query's begin, their distances and labels."""
        settings = None if params is None else self._how_within(params)
        return self._within(self._rows(x), float(thresh), settings)

    def assign(self, x: Any, k: int, labels: Labels | None = None) -> Labels:
        """The labels of the ``k`` nearest rows."""
        assert labels is None or labels.shape == (len(x), k)
        return into(labels, self.search(x, k)[1])

    @staticmethod
    def _packed(components: Floats) -> npt.NDArray[np.uint8]:
        packed: npt.NDArray[np.uint8] = np.packbits(components.astype(np.uint8), axis=1, bitorder="little")
        return packed

    def reconstruct(self, key: int) -> npt.NDArray[np.uint8]:
        """The row with an id."""
        row: npt.NDArray[np.uint8] = self._packed(self._reconstructed([int(key)]))[0]
        return row

    def reconstruct_n(
        self, n0: int = 0, ni: int = -1, x: npt.NDArray[np.uint8] | None = None
    ) -> npt.NDArray[np.uint8]:
        """The rows with ids from ``n0`` on, ``ni`` of them; as many as there are rows for -1. Of rows in lists
        some may have other ids: zeros stand in the place of an id that no row has."""
        n0 = int(n0)
        ni = self.ntotal - n0 if ni == -1 else int(ni)
        assert x is None or x.shape == (ni, self.code_size)
        return into(x, self._packed(self._reconstructed_n(n0, ni)))


def into(place: npt.NDArray[Any] | None, answers: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The answers, in the caller's array if there is one."""
    if place is None:
        return answers
    place[...] = answers
    return place
