"""The compiled half. What users call is in the other files."""

from collections.abc import Sequence
from os import PathLike
from typing import (
    Any,
    Final,
    Literal,
    Protocol,
    SupportsFloat,
    SupportsIndex,
    TypeAlias,
    final,
    overload,
)

import numpy as np
import numpy.typing as npt
from typing_extensions import Self, disjoint_base

__all__ = [
    "AmendedIndex",
    "AnnoyIndex",
    "File",
    "Memory",
    "Selector",
    "Store",
    "Structure",
    "Tree",
    "Walk",
    "__version__",
    "convert",
    "distances",
    "kmeans",
    "save",
    "search",
]

__version__: Final[str]

_Path: TypeAlias = str | PathLike[str]
_Ids: TypeAlias = npt.NDArray[np.int64] | list[str]
_Metadata: TypeAlias = dict[str, list[Any]]
_Found: TypeAlias = tuple[_Ids, npt.NDArray[np.float64], npt.NDArray[np.int64], _Metadata]
_Report: TypeAlias = tuple[str, str, int, int, PathLike[str] | None, list[str]]

class _Vector(Protocol):
    def __len__(self) -> int: ...
    def __getitem__(self, position: int, /) -> SupportsFloat | SupportsIndex: ...

_Table: TypeAlias = tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]

@final
class AmendedIndex:
    def __new__(
        cls,
        fn: _Path,
        f: SupportsIndex,
        metric: Literal["angular", "euclidean", "manhattan", "hamming", "dot"],
    ) -> Self: ...
    def put(self, items: Any, vectors: Any) -> None: ...
    def delete(self, items: Any) -> int: ...
    def save(self) -> None: ...
    def changes(self) -> tuple[int, int]: ...
    def get_item_vector(self, i: SupportsIndex, /) -> list[float] | None: ...
    @overload
    def get_nns_by_vectors(
        self,
        vectors: Any,
        n: SupportsIndex,
        include_distances: Literal[False] = ...,
        *,
        filter: Any = ...,
        threads: int | None = ...,
    ) -> npt.NDArray[np.int64]: ...
    @overload
    def get_nns_by_vectors(
        self,
        vectors: Any,
        n: SupportsIndex,
        include_distances: Literal[True],
        *,
        filter: Any = ...,
        threads: int | None = ...,
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]: ...

@disjoint_base
class AnnoyIndex:
    def __new__(
        cls,
        f: SupportsIndex,
        metric: Literal["angular", "euclidean", "manhattan", "hamming", "dot"] = ...,
    ) -> Self: ...
    def __init__(
        self,
        f: SupportsIndex,
        metric: Literal["angular", "euclidean", "manhattan", "hamming", "dot"] = ...,
    ) -> None: ...
    @property
    def f(self) -> int: ...
    def load(self, fn: _Path, prefault: bool = False) -> Literal[True]: ...
    def save(self, fn: _Path, prefault: bool = False) -> Literal[True]: ...
    def on_disk_build(self, fn: _Path) -> Literal[True]: ...
    def unload(self) -> Literal[True]: ...
    def add_item(self, i: SupportsIndex, vector: _Vector) -> None: ...
    def build(self, n_trees: SupportsIndex, n_jobs: SupportsIndex = -1) -> Literal[True]: ...
    def unbuild(self) -> Literal[True]: ...
    @overload
    def get_nns_by_item(
        self,
        i: SupportsIndex,
        n: SupportsIndex,
        search_k: SupportsIndex = -1,
        include_distances: Literal[False] = False,
        *,
        filter: Any = None,
    ) -> list[int]: ...
    @overload
    def get_nns_by_item(
        self,
        i: SupportsIndex,
        n: SupportsIndex,
        search_k: SupportsIndex,
        include_distances: Literal[True],
        *,
        filter: Any = None,
    ) -> tuple[list[int], list[float]]: ...
    @overload
    def get_nns_by_item(
        self,
        i: SupportsIndex,
        n: SupportsIndex,
        search_k: SupportsIndex = -1,
        *,
        include_distances: Literal[True],
        filter: Any = None,
    ) -> tuple[list[int], list[float]]: ...
    @overload
    def get_nns_by_item(
        self,
        i: SupportsIndex,
        n: SupportsIndex,
        search_k: SupportsIndex = -1,
        include_distances: bool = False,
        *,
        filter: Any = None,
    ) -> list[int] | tuple[list[int], list[float]]: ...
    @overload
    def get_nns_by_vector(
        self,
        vector: _Vector,
        n: SupportsIndex,
        search_k: SupportsIndex = -1,
        include_distances: Literal[False] = False,
        *,
        filter: Any = None,
    ) -> list[int]: ...
    @overload
    def get_nns_by_vector(
        self,
        vector: _Vector,
        n: SupportsIndex,
        search_k: SupportsIndex,
        include_distances: Literal[True],
        *,
        filter: Any = None,
    ) -> tuple[list[int], list[float]]: ...
    @overload
    def get_nns_by_vector(
        self,
        vector: _Vector,
        n: SupportsIndex,
        search_k: SupportsIndex = -1,
        *,
        include_distances: Literal[True],
        filter: Any = None,
    ) -> tuple[list[int], list[float]]: ...
    @overload
    def get_nns_by_vector(
        self,
        vector: _Vector,
        n: SupportsIndex,
        search_k: SupportsIndex = -1,
        include_distances: bool = False,
        *,
        filter: Any = None,
    ) -> list[int] | tuple[list[int], list[float]]: ...
    @overload
    def get_nns_by_items(
        self,
        items: Sequence[int] | npt.NDArray[np.integer[Any]],
        n: SupportsIndex,
        search_k: SupportsIndex = -1,
        include_distances: Literal[False] = False,
        *,
        filter: Any = None,
        threads: int | None = None,
    ) -> npt.NDArray[np.int64]: ...
    @overload
    def get_nns_by_items(
        self,
        items: Sequence[int] | npt.NDArray[np.integer[Any]],
        n: SupportsIndex,
        search_k: SupportsIndex,
        include_distances: Literal[True],
        *,
        filter: Any = None,
        threads: int | None = None,
    ) -> _Table: ...
    @overload
    def get_nns_by_items(
        self,
        items: Sequence[int] | npt.NDArray[np.integer[Any]],
        n: SupportsIndex,
        search_k: SupportsIndex = -1,
        *,
        include_distances: Literal[True],
        filter: Any = None,
        threads: int | None = None,
    ) -> _Table: ...
    @overload
    def get_nns_by_items(
        self,
        items: Sequence[int] | npt.NDArray[np.integer[Any]],
        n: SupportsIndex,
        search_k: SupportsIndex = -1,
        include_distances: bool = False,
        *,
        filter: Any = None,
        threads: int | None = None,
    ) -> npt.NDArray[np.int64] | _Table: ...
    @overload
    def get_nns_by_vectors(
        self,
        vectors: Any,
        n: SupportsIndex,
        search_k: SupportsIndex = -1,
        include_distances: Literal[False] = False,
        *,
        filter: Any = None,
        threads: int | None = None,
    ) -> npt.NDArray[np.int64]: ...
    @overload
    def get_nns_by_vectors(
        self,
        vectors: Any,
        n: SupportsIndex,
        search_k: SupportsIndex,
        include_distances: Literal[True],
        *,
        filter: Any = None,
        threads: int | None = None,
    ) -> _Table: ...
    @overload
    def get_nns_by_vectors(
        self,
        vectors: Any,
        n: SupportsIndex,
        search_k: SupportsIndex = -1,
        *,
        include_distances: Literal[True],
        filter: Any = None,
        threads: int | None = None,
    ) -> _Table: ...
    @overload
    def get_nns_by_vectors(
        self,
        vectors: Any,
        n: SupportsIndex,
        search_k: SupportsIndex = -1,
        include_distances: bool = False,
        *,
        filter: Any = None,
        threads: int | None = None,
    ) -> npt.NDArray[np.int64] | _Table: ...
    def get_item_vector(self, i: SupportsIndex, /) -> list[float]: ...
    def get_distance(self, i: SupportsIndex, j: SupportsIndex, /) -> float: ...
    def get_n_items(self) -> int: ...
    def get_n_trees(self) -> int: ...
    def verbose(self, v: bool, /) -> Literal[True]: ...
    def set_seed(self, s: SupportsIndex, /) -> None: ...

@final
class Memory:
    @property
    def element(self) -> str: ...
    @property
    def __array_interface__(self) -> dict[str, Any]: ...

@final
class File:
    def __new__(
        cls,
        path: _Path,
        entry: str | None,
        ids: str | None,
        threads: int | None,
        raw: str | None,
        limits: bool,
    ) -> File: ...
    @property
    def path(self) -> PathLike[str]: ...
    @property
    def format(self) -> str: ...
    @property
    def entry(self) -> str: ...
    @property
    def entries(self) -> list[str]: ...
    @property
    def rows(self) -> int: ...
    @property
    def dim(self) -> int: ...
    @property
    def element(self) -> str: ...
    @property
    def metric(self) -> str | None: ...
    def read(self, start: int, stop: int) -> Memory: ...
    def gather(self, rows: Sequence[int]) -> Memory: ...
    def numpy(self) -> Memory: ...
    def private(self) -> Memory: ...
    def columns(self) -> tuple[list[str], str | None]: ...
    def column(self, name: str) -> Any: ...
    def attributes(self) -> dict[str, Any]: ...
    def close(self) -> None: ...

@final
class Structure:
    @staticmethod
    def build(
        rows: Any,
        ids: Any,
        metric: str | None,
        kind: str,
        threads: int | None,
        prefilter: bool,
    ) -> Structure: ...
    @staticmethod
    def load(path: _Path, ids: str | None, limits: bool) -> Structure: ...
    @staticmethod
    def from_bytes(bytes: bytes) -> Structure: ...
    def save(self, path: _Path, force: bool) -> int: ...
    def search(
        self, queries: Any, k: int, radius: float | None, filter: Any, threads: int | None
    ) -> Any: ...
    def add(self, rows: Any, ids: Any) -> tuple[int, int]: ...
    def remove(self, ids: Any) -> int: ...
    def ids(self) -> npt.NDArray[np.int64] | list[str] | None: ...
    def present(self) -> npt.NDArray[np.bool_]: ...
    def facts(self) -> tuple[int, int, int, str, str, str]: ...
    def params(self) -> dict[str, Any]: ...
    def close(self) -> None: ...

@final
class Store:
    def __new__(
        cls,
        path: _Path,
        dim: int | None,
        metric: str | None,
        model: str | None,
        read_only: bool,
        making: dict[str, Any] | None,
    ) -> Store: ...
    def facts(self) -> tuple[PathLike[str], int, str, str, str | None, str]: ...
    def rows(self) -> int: ...
    def columns(self) -> dict[str, str]: ...
    def info(self) -> dict[str, Any]: ...
    def add(
        self, vectors: Any, ids: Any, metadata: Any, upsert: bool, model: str | None
    ) -> Any: ...
    def update(self, ids: Any, metadata: Any) -> int: ...
    def delete(self, ids: Any) -> int: ...
    def delete_where(self, condition: str, params: Sequence[Any]) -> int: ...
    def count(self, condition: str | None, params: Sequence[Any]) -> int: ...
    def get(
        self, ids: Any, columns: Sequence[str] | None
    ) -> tuple[_Ids, Memory, _Metadata, dict[str, str], list[int | str]]: ...
    def contains(self, id: object) -> bool: ...
    def walk(
        self, condition: str | None, params: Sequence[Any], columns: Sequence[str] | None
    ) -> Walk: ...
    def search(
        self,
        query: Any,
        ids: Any,
        text: str | None,
        k: int,
        radius: float | None,
        condition: str | None,
        params: Sequence[Any],
        columns: Sequence[str] | None,
        exact: bool,
        threads: int | None,
        model: str | None,
    ) -> tuple[list[_Found], dict[str, str], bool]: ...
    def index(self, kind: str | None, threads: int | None) -> None: ...
    def index_text(self, columns: Sequence[str]) -> None: ...
    def compact(self) -> tuple[int, int, int, int]: ...
    def verify(self, repair: bool) -> list[tuple[str, bool]]: ...
    def import_file(
        self,
        path: _Path,
        entry: str | None,
        ids: str | None,
        meta: _Path | None,
        raw: str | None,
        limits: bool,
        threads: int | None,
        upsert: bool,
    ) -> tuple[int, int, int]: ...
    def export(
        self,
        condition: str | None,
        params: Sequence[Any],
        kind: str | None,
        metadata: bool,
        target: dict[str, Any],
    ) -> _Report: ...
    def close(self) -> None: ...

@final
class Walk:
    def next(
        self, rows: int, with_vectors: bool
    ) -> tuple[_Ids, Memory | None, _Metadata] | None: ...
    def kinds(self) -> dict[str, str]: ...

def search(
    rows: Any,
    queries: Any,
    k: int,
    metric: str | None,
    radius: float | None,
    filter: Any,
    threads: int | None,
    skip: bool,
) -> Any: ...
def save(
    rows: Any,
    columns: list[tuple[str, list[Any]]],
    ids: str | None,
    target: dict[str, Any],
) -> _Report: ...
def convert(origin: dict[str, Any], target: dict[str, Any]) -> _Report: ...

_Floats: TypeAlias = npt.NDArray[np.float32]
_Labels: TypeAlias = npt.NDArray[np.int64]

@final
class Selector:
    @staticmethod
    def all() -> Selector: ...
    @staticmethod
    def range(first: int, end: int) -> Selector: ...
    @staticmethod
    def these(ids: _Labels) -> Selector: ...
    @staticmethod
    def bitmap(bits: bytes) -> Selector: ...
    def inverted(self) -> Selector: ...
    def both(self, other: Selector) -> Selector: ...
    def either(self, other: Selector) -> Selector: ...
    def one_of(self, other: Selector) -> Selector: ...
    def translated(self, ids: _Labels) -> Selector: ...
    def has(self, id: int) -> bool: ...

@final
class Tree:
    @staticmethod
    def open(file: _Path, lists_beside: bool) -> Tree: ...
    @staticmethod
    def from_bytes(bytes: bytes) -> Tree: ...
    @staticmethod
    def made(description: str, dim: int, metric: int, argument: float) -> Tree: ...
    def save(self, at: str, file: _Path) -> None: ...
    def save_apart(self, at: str, file: _Path, lists: _Path) -> None: ...
    def to_bytes(self, at: str) -> bytes: ...
    def class_name(self, at: str) -> str: ...
    def metric(self, at: str) -> int: ...
    def dim(self, at: str) -> int: ...
    def fields(self, at: str) -> dict[str, int | float]: ...
    def set_field(self, at: str, name: str, value: float) -> None: ...
    def array(self, at: str, name: str) -> npt.NDArray[Any]: ...
    def set_array(self, at: str, name: str, values: _Floats) -> None: ...
    def list(self, at: str, number: int) -> tuple[_Labels, npt.NDArray[np.uint8]]: ...
    def part(self, at: str) -> Tree: ...
    def put(self, at: str, other: Tree) -> None: ...
    def with_ids(self, both_ways: bool) -> Tree: ...
    def behind(self, transforms: Tree) -> Tree: ...
    def untransformed(self) -> Tree: ...
    def refined_by(self, refinement: Tree) -> Tree: ...
    def with_quantizer(self, quantizer: Tree) -> Tree: ...
    def in_blocks(self, rows: int) -> Tree: ...
    def train(self, at: str, x: Any, how: dict[str, Any]) -> None: ...
    def add(self, at: str, x: Any, ids: _Labels | None, threads: int) -> None: ...
    def remove(self, at: str, ids: Selector) -> int: ...
    def reset(self, at: str) -> None: ...
    def merge(self, at: str, other: Tree, added: int) -> None: ...
    def map_ids(self, at: str, kind: int) -> None: ...
    def search(
        self, at: str, queries: Any, k: int, how: dict[str, Any]
    ) -> tuple[Any, _Labels]: ...
    def within(
        self, at: str, queries: Any, radius: float, how: dict[str, Any]
    ) -> tuple[npt.NDArray[np.uint64], _Floats, _Labels]: ...
    def reconstruct(self, at: str, ids: _Labels, found: bool) -> _Floats: ...
    def codec(self, at: str) -> Tree: ...
    def code_bytes(self, at: str) -> int: ...
    def encode(self, at: str, x: Any, threads: int) -> npt.NDArray[np.uint8]: ...
    def decode(self, at: str, codes: Any) -> _Floats: ...
    def transform(self, at: str, number: int) -> Tree: ...
    def about_transform(self, at: str, number: int) -> tuple[int, int, bool, str]: ...
    def draw_rotation(self, at: str, number: int, seed: int) -> None: ...
    def matrix(self, at: str, number: int) -> tuple[_Floats, _Floats]: ...
    def apply(self, at: str, number: int, x: Any) -> _Floats: ...
    def undo(self, at: str, number: int, x: Any) -> _Floats: ...

def distances(queries: Any, rows: Any, metric: int, argument: float) -> _Floats: ...
def kmeans(
    x: Any, k: int, how: dict[str, Any], weights: _Floats | None, initial: Any
) -> tuple[_Floats, list[float], list[float], list[int]]: ...
