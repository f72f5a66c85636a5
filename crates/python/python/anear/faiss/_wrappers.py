"""Indexes around others: ids, transforms, refinement."""

from __future__ import annotations

from typing import Any

from ._constants import Float32
from ._fields import Numbers, Setting
from ._index import AnyIndex, Index, IndexBinary
from ._parameters import IndexRefineSearchParameters, SearchParameters, how
from ._place import Place
from ._transforms import Chain, VectorTransform


class _Around(AnyIndex):
    """An index around another one, which it asks with its parameters."""

    _step = "inner"

    @property
    def index(self) -> Any:
        """The index inside."""
        return self._place.inside(self._step)

    def train(self, x: Any, numeric_type: int = Float32) -> None:
        """Learns what is needed to take rows from such as these."""
        if self._learns_otherwise():
            self._train_inside(self._rows(x))
            self._set_field("is_trained", 1.0)
        else:
            super().train(x, numeric_type)

    def _train_inside(self, rows: Any) -> None:
        """Lets each index inside learn, as it was told to."""
        self.index.train(rows)

    def _how(self, params: SearchParameters) -> dict[str, Any]:
        inner = params._nested() if params._nests else params
        if inner is not None:
            self.index._how(inner)
        return how(params)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")


class _IdMap(_Around):
    """Ids for the rows of an index."""

    _both_ways = False

    def __init__(self, index: AnyIndex) -> None:
        self._begin(Place(index._alone().with_ids(self._both_ways)))
        self._place.take_in(index, "inner")

    id_map = Numbers("id_map", "The ids in the order of the rows.")


class IndexIDMap(_IdMap, Index):
    """Ids for the rows of an index."""


class IndexIDMap2(IndexIDMap):
    """Ids for the rows of an index, by which rows are found as well."""

    _both_ways = True

    def check_consistency(self) -> None:
        """Fails if there is not an id for each row."""
        if not len(self.id_map) == self.ntotal == self.index.ntotal:
            raise RuntimeError(f"{len(self.id_map)} ids for {self.index.ntotal} rows")


class IndexBinaryIDMap(_IdMap, IndexBinary):
    """Ids for rows of bits."""


class IndexBinaryIDMap2(IndexBinaryIDMap):
    """Ids for rows of bits, by which rows are found as well."""

    _both_ways = True


class IndexPreTransform(_Around, Index):
    """Transforms, and an index over what they give."""

    def __init__(self, *parts: Any) -> None:
        *transforms, index = parts
        self._begin(Place(index._alone()))
        if not transforms:
            self._begin(Place(index._alone().untransformed()))
        for transform in reversed(transforms):
            self.prepend_transform(transform)
        if type(index).__name__ != "IndexPreTransform":
            self._place.take_in(index, "inner")

    def prepend_transform(self, transform: VectorTransform) -> None:
        """Puts a transform before those that are there."""
        place = self._place
        place.put(self._alone().behind(transform._alone()))
        moved = {number + 1: known for number, known in place.transforms.items()}
        for number, known in moved.items():
            known._number = number
        transform._place, transform._number = place, 0
        place.transforms = {0: transform, **moved}

    def _goes_through_rows(self) -> bool:
        return bool(self.index._goes_through_rows())

    def _train_inside(self, rows: Any) -> None:
        for number in range(self.chain.size()):
            transform = self.chain.at(number)
            if not transform.is_trained:
                transform.train(rows)
            rows = transform.apply(rows)
        self.index.train(rows)

    @property
    def chain(self) -> Chain:
        """The transforms."""
        return Chain(self)

    def apply_chain(self, x: Any) -> Any:
        """What the transforms make of rows."""
        return self._tree.apply(self._at, -1, self._rows(x)).reshape(-1, self.index.d)

    def reverse_chain(self, x: Any) -> Any:
        """Rows that become these, as near as can be told."""
        return self._tree.undo(self._at, -1, self.index._rows(x)).reshape(-1, self.d)


class IndexRefine(_Around, Index):
    """An index finds rows, and a second one orders them."""

    _step = "base"
    _parameters = (IndexRefineSearchParameters,)

    def __init__(self, base_index: Index, refine_index: Index) -> None:
        self._begin(Place(base_index._alone().refined_by(refine_index._alone())))
        self._place.take_in(base_index, "base")
        self._place.take_in(refine_index, "refinement")

    def _how(self, params: SearchParameters) -> dict[str, Any]:
        if not isinstance(params, IndexRefineSearchParameters):
            raise RuntimeError(f"{type(params).__name__} given to a {type(self).__name__}")
        return super()._how(params)

    def _train_inside(self, rows: Any) -> None:
        self.base_index.train(rows)
        self.refine_index.train(rows)

    @property
    def base_index(self) -> Any:
        """What finds rows."""
        return self._place.inside("base")

    @property
    def refine_index(self) -> Any:
        """What orders them."""
        return self._place.inside("refinement")

    k_factor = Setting("k_factor", float, "How many times as many rows as wanted are found first.")


class IndexRefineFlat(IndexRefine):
    """An index finds rows, and the rows as they are order them."""

    def __init__(self, base_index: Index, xb: Any = None) -> None:
        from ._flat import IndexFlat

        flat = IndexFlat(base_index.d, base_index.metric_type)
        if xb is not None:
            flat.add(xb)
        super().__init__(base_index, flat)
