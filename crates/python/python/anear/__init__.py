"""Opens, converts and searches embeddings, whatever file they are in.

>>> import anear
>>> with anear.open("examples/data/glosses.parquet") as v:
...     v.shape, v.ids[:2]
((3855, 384), ['conspecific.n', 'critter.n'])
"""

from ._anear import __version__
from ._collection import Added, Collection, Problem
from ._errors import (
    ColumnError,
    DamagedError,
    DataError,
    Error,
    FileError,
    InputTypeError,
    LimitError,
    MissingFileError,
    RowError,
    UnsupportedError,
    UsageError,
)
from ._index import Index
from ._rows import Hit, Hits, Rows
from ._search import search
from ._vectors import Metadata, Vectors, open
from ._write import Saved, convert, save

__all__ = [
    "Added",
    "Collection",
    "ColumnError",
    "DamagedError",
    "DataError",
    "Error",
    "FileError",
    "Hit",
    "Hits",
    "Index",
    "InputTypeError",
    "LimitError",
    "Metadata",
    "MissingFileError",
    "Problem",
    "RowError",
    "Rows",
    "Saved",
    "UnsupportedError",
    "UsageError",
    "Vectors",
    "__version__",
    "convert",
    "open",
    "save",
    "search",
]
