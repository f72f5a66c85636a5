"""Frameworks that may not be installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def needs(module: str, package: str) -> Iterator[None]:
    """Says what to install where an import within fails, because ``module`` needs it."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise ImportError(
            f"{module} needs {package}, which is not installed ({error})\n"
            f"help: pip install '{package}'",
            name=error.name,
        ) from error
