"""Where an index is: by itself, or inside another one.

An index that is put into another (under an id map, as the quantizer of lists) becomes a part of it, as in
FAISS, where the outer one points to it. What Python holds goes on to name it, at its new place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._anear import Tree

if TYPE_CHECKING:
    from ._index import AnyIndex
    from ._transforms import VectorTransform


class Place:
    """A tree and a path in it."""

    def __init__(self, tree: Tree | None, parent: Place | None = None, step: str = "") -> None:
        self._tree = tree
        self.parent = parent
        self._step = step
        self._inside: dict[str, AnyIndex] = {}
        #: The transforms that Python knows of, by their numbers.
        self.transforms: dict[int, VectorTransform] = {}

    @property
    def tree(self) -> Tree:
        """The tree of indexes."""
        place = self
        while place.parent is not None:
            place = place.parent
        assert place._tree is not None
        return place._tree

    @property
    def at(self) -> str:
        """The path in the tree."""
        return self._step if self.parent is None else f"{self.parent.at}/{self._step}".strip("/")

    def reach(self) -> tuple[Tree, str]:
        """The tree of indexes and the path in it, found at once where every search asks for them."""
        tree = self._tree
        return (self.tree, self.at) if tree is None else (tree, self._step)

    def put(self, tree: Tree) -> None:
        """Puts another index in the place of this one."""
        if self.parent is None:
            self._tree = tree
        else:
            self.tree.put(self.at, tree)
        self._inside.clear()

    def inside(self, step: str) -> AnyIndex:
        """The index inside this one, the same object each time."""
        from ._index import wrapped

        kind = self.tree.class_name(f"{self.at}/{step}")
        known = self._inside.get(step)
        if known is None or type(known).__name__ != kind and not known._is_a(kind):
            known = self._inside[step] = wrapped(Place(None, self, step))
        return known

    def take_in(self, index: AnyIndex, step: str) -> None:
        """An index has become a part of this one."""
        if index._place.parent is None:
            index._place._tree, index._place.parent, index._place._step = None, self, step
            self._inside[step] = index
