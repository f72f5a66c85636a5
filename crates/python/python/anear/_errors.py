"""What can go wrong."""

from __future__ import annotations

__all__ = [
    "ColumnError",
    "DamagedError",
    "DataError",
    "Error",
    "FileError",
    "InputTypeError",
    "LimitError",
    "MissingFileError",
    "RowError",
    "UnsupportedError",
    "UsageError",
]


class Error(Exception):
    """Anything that anear reports; each of its subclasses is also a builtin exception.

    ``help`` is the next step to take, ``path`` the file and ``row`` the row it happened at, each
    ``None`` where there is none.
    """

    help: str | None
    path: str | None
    row: int | None

    def __init__(
        self,
        message: str,
        *,
        help: str | None = None,
        path: object = None,
        row: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.help = help
        self.path = None if path is None else str(path)
        self.row = row

    def __str__(self) -> str:
        return self.message if self.help is None else f"{self.message}\nhelp: {self.help}"


class DamagedError(Error, ValueError):
    """A file contradicts its own format: damaged, truncated or hostile."""


class UnsupportedError(Error, ValueError):
    """A file is what it says, but holds something that anear does not read."""


class LimitError(Error, ValueError):
    """Reading on would take more memory or time than is allowed; see ``limits`` of `open`."""


class DataError(Error, ValueError):
    """Values that make no sense as vectors: not finite, ragged, another dimension."""


class UsageError(Error, ValueError):
    """Something was asked for that is not there or does not go together, such as ``k=0``."""


class FileError(Error, OSError):
    """The operating system refused."""


class MissingFileError(FileError, FileNotFoundError):
    """There is no such file."""


class RowError(Error, IndexError):
    """There is no such row."""


class ColumnError(Error, KeyError):
    """There is no such metadata column."""


class InputTypeError(Error, TypeError):
    """Something that is no vectors, or that is not in main memory."""
