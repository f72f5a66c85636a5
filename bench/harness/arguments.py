"""Arguments of the benchmarks that compare two libraries over the same files."""

import argparse
from pathlib import Path

from harness import places

NEIGHBOURING_DATA = places.PROJECT.parent / "shared" / "data"


def parser(description, runs, document):
    """One for the data, how much of it, how many runs, and where the results go."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--data", type=Path, nargs="+", metavar="PATH",
                      help="folders of .npy files, folders of such folders, ann-benchmarks HDF5 files"
                           " (default: ../shared/data if there, else the glosses in the repository)")
    made.add_argument("--rows", type=int, help="only the first rows of the data")
    made.add_argument("--queries", type=int, default=1_000, help="only the first queries (default: 1000)")
    made.add_argument("--runs", type=int, default=runs, help=f"runs of each library (default: {runs})")
    made.add_argument("--json", type=Path, metavar="OUT", help="write all that was measured")
    made.add_argument("--markdown", type=Path, metavar="OUT",
                      help=f"write the tables into this file, such as docs/{document}")
    return made


def parsed(made, *counts):
    """The arguments, with the data that depends on what is there; refuses what cannot be."""
    arguments = made.parse_args()
    for name in ("rows", "queries", "runs", *counts):
        if getattr(arguments, name) is not None and getattr(arguments, name) < 1:
            made.error(f"--{name.replace('_', '-')} must be at least 1")
    if arguments.data is None and NEIGHBOURING_DATA.is_dir():
        arguments.data = [NEIGHBOURING_DATA]
    for path in arguments.data or ():
        if not path.exists():
            made.error(f"--data: there is no {path}")
    return arguments
