"""Attributes that the compiled half keeps: each class of indexes says which it has, and under what name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast

from ._codecs import _Codec
from ._vectors import Vector

T = TypeVar("T")
C = TypeVar("C", bound=_Codec)


def check_settable(thing: Any, name: str, value: object, own: str) -> None:
    """Fails unless the class of a thing has the attribute (or it is its ``own``) and it may have this value."""
    kind = type(thing)
    if not hasattr(kind, name) and name != own:
        raise AttributeError(f"{kind.__name__!r} object has no attribute {name!r}.")
    if name in kind._fixed and value != getattr(kind, name):
        raise RuntimeError(f"{name} of {kind.__name__} can only be {getattr(kind, name)}")


class Field(Generic[T]):
    """A number that an index has."""

    def __init__(self, name: str, kind: Callable[[Any], T], doc: str) -> None:
        self.name, self.kind, self.__doc__ = name, kind, doc

    def __get__(self, index: Any, owner: Any = None) -> T:
        if index is None:
            return cast(T, self)
        try:
            return self.kind(index._field(self.name))
        except KeyError:
            raise AttributeError(self.name) from None

    def __set__(self, index: Any, value: T) -> None:
        raise AttributeError(f"{self.name} of a {type(index).__name__} cannot be set")


class Setting(Field[T]):
    """A number that an index has and that may be set."""

    def __set__(self, index: Any, value: T) -> None:
        index._set_field(self.name, value)


class Remembered(Setting[T]):
    """A setting that every search asks for, and which is looked up but once."""

    def __set_name__(self, owner: Any, name: str) -> None:
        self.slot = f"_{name}"

    def __get__(self, index: Any, owner: Any = None) -> T:
        if index is None:
            return cast(T, self)
        kept = index.__dict__
        if self.slot not in kept:
            kept[self.slot] = super().__get__(index, owner)
        return cast(T, kept[self.slot])

    def __set__(self, index: Any, value: T) -> None:
        super().__set__(index, value)
        vars(index)[self.slot] = self.kind(value)


class Numbers:
    """An array that an index has, as a copy."""

    def __init__(self, name: str, doc: str) -> None:
        self.name, self.__doc__ = name, doc

    def __get__(self, index: Any, owner: Any = None) -> Vector:
        if index is None:
            return cast(Vector, self)
        found: Vector = index._array(self.name)
        return found

    def __set__(self, index: Any, value: Any) -> None:
        raise AttributeError(f"{self.name} of a {type(index).__name__} cannot be set")


class Codec(Generic[C]):
    """A codec of an index, the same object each time; another one of its kind may be set in its place. One that
    ``refines`` is for what the codes of another leave out."""

    def __init__(self, kind: type[C], refines: bool = False) -> None:
        self.kind, self.refines = kind, refines
        self.__doc__ = "The codec of what the codes leave out." if refines else "The codec."

    def __set_name__(self, owner: Any, name: str) -> None:
        self.name = f"_{name}"

    def __get__(self, index: Any, owner: Any = None) -> C:
        if index is None:
            return cast(C, self)
        known = vars(index).get(self.name)
        if known is None:
            known = self.kind.__new__(self.kind)
            known._index, known._refines = index, self.refines
            vars(index)[self.name] = known
        return cast(C, known)

    def __set__(self, index: Any, codec: C) -> None:
        index._tree.set_codec(index._at, self.refines, codec._alone)
