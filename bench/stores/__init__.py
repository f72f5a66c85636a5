"""One file a library: how to keep embeddings with metadata in it, and how to ask it.

The driver reads this table and the adapters' class attributes without having any of the libraries:
so each imports its library when it is made, never at the top of the file.
"""

from importlib import import_module
from typing import NamedTuple


class Entry(NamedTuple):
    """The adapter's module and class, its column's title, and the packages; the first names its version."""

    module: str
    adapter: str
    label: str
    packages: tuple


# In the order of the tables.
STORES = {
    "anear": Entry("anear", "Anear", "anear", ("anear",)),
    "lancedb": Entry("lancedb", "Lancedb", "LanceDB", ("lancedb",)),
    "chroma": Entry("chroma", "Chroma", "Chroma", ("chromadb",)),
    "vec0": Entry("sqlite_vec", "Vec0", "sqlite-vec vec0", ("sqlite-vec", "pysqlite3-binary")),
    "vec-table": Entry("sqlite_vec", "VecTable", "sqlite-vec table", ("sqlite-vec", "pysqlite3-binary")),
    "plain": Entry("plain", "Plain", "SQLite+FAISS", ("faiss-cpu",)),
}


def adapter(name):
    """The class of a store. Importing it needs NumPy."""
    entry = STORES[name]
    return getattr(import_module(f"stores.{entry.module}"), entry.adapter)
