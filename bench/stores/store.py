"""What every adapter has, and the conditions it is asked with."""

from typing import NamedTuple

COLUMNS = ("file_name", "page_num", "text")


class Pages(NamedTuple):
    """Rows whose page_num is in the range, both ends included."""

    first: int
    last: int


class Document(NamedTuple):
    """Rows of one file_name."""

    file_name: str


def condition(given):
    """From what JSON made of a condition: a range, a name, or None for every row."""
    if given is None:
        return None
    return Document(given) if isinstance(given, str) else Pages(*given)


def sql(condition):
    """The condition for a WHERE, and its parameters."""
    if isinstance(condition, Pages):
        return "page_num BETWEEN ? AND ?", tuple(condition)
    return "file_name = ?", tuple(condition)


class Store:
    """One library with one collection: the ids 0, 1, .., float32 vectors compared by cosine, and COLUMNS.

    The order of calls: `create`, `add`, `close`; then `open` and any of `add_one`, `build_indexes`,
    `searcher`; then `close` again. Everything is given as a user has it: a NumPy array, and a list a column.
    """

    settings = ({},)
    """Ways to open it for writing that are raced against each other; the first is as installed."""

    syncs = frozenset({"bulk", "single"})
    """Which of its adds are on the disk when they return; after others the files are synced for it."""

    about_syncs = ""
    """How that is known, in words for the document."""

    about_adds = ""
    """How rows are added, in words for the document."""

    def __init__(self, threads):
        """Imports the library."""
        self.threads = threads

    def create(self, folder, dim, **setting):
        """An empty collection in the folder, open for writing."""
        raise NotImplementedError

    def open(self, folder, **setting):
        """Opens what is there; done when it can be asked."""
        raise NotImplementedError

    def add(self, vectors, ids, metadata):
        """Adds many rows at once, in the way that suits the library best; `metadata` is a list a column."""
        raise NotImplementedError

    def add_one(self, vector, id, values):
        """Adds one row, committed; `values` are in the order of COLUMNS."""
        raise NotImplementedError

    build_indexes = None
    """A method without parameters that makes what searches need to be fast and adding has not made, if anything."""

    def ways(self, condition):
        """Parameters of `searcher`, raced against each other for conditions of this kind."""
        return ({},)

    def searcher(self, k, **way):
        """A function from a query and a condition to the k nearest: ids and metadata as Python values."""
        raise NotImplementedError

    @staticmethod
    def rows(answer):
        """The answer as a list of (id, file_name, page_num, text), outside of any time."""
        raise NotImplementedError

    def close(self):
        """Ends it as a program does that stops in good order."""
