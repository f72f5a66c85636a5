"""One file a library: how to build its indexes and how to ask them.

The driver reads the adapters' tables without having any of the libraries: so each imports its
library when it is made, never at the top of the file.
"""

from importlib import import_module
from typing import NamedTuple


class Entry(NamedTuple):
    """The adapter's class in the module of that name, and the package with the library."""

    adapter: str
    package: str


# In the order of the tables.
ENGINES = {
    "anear": Entry("Anear", "anear"),
    "faiss": Entry("Faiss", "faiss-cpu"),
    "usearch": Entry("Usearch", "usearch"),
    "numpy": Entry("Numpy", "numpy"),
    "hnswlib": Entry("Hnswlib", "hnswlib"),
    "annoy": Entry("Annoy", "annoy"),
    "scann": Entry("Scann", "scann"),
}


def adapter(name):
    """The class of an engine. Importing it needs NumPy."""
    return getattr(import_module(f"engines.{name}"), ENGINES[name].adapter)
