"""Times anear's AnnoyIndex beside Annoy's own, on the same files.

    python3 bench/trees.py                                 # every data set found
    python3 bench/trees.py --rows 2000 --runs 1 --large-mib 16    # a smoke run

(Not called annoy.py, so that nobody imports it in place of Annoy.) Makes a virtual environment
below target/search with both libraries. bench/README.md says how it measures. Exit status: 0
done, 1 failed (also when an answer or a file differs from Annoy's), 77 when Annoy or another
package cannot be had.
"""

import argparse
import os
import sys
from pathlib import Path

from harness import packages, places

NOT_TO_BE_HAD = 77
NEIGHBOURING_DATA = places.PROJECT.parent / "shared" / "data"
PACKAGES = ("numpy", "pyarrow", "h5py", "annoy", "anear")


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, nargs="+", metavar="PATH",
                        help="folders of .npy files, folders of such folders, ann-benchmarks HDF5 files"
                             " (default: ../shared/data if there, else the glosses in the repository)")
    parser.add_argument("--rows", type=int, help="only the first rows of the data")
    parser.add_argument("--queries", type=int, default=1_000, help="only the first queries (default: 1000)")
    parser.add_argument("--trees", type=int, default=20, help="trees in an index (default: 20)")
    parser.add_argument("--runs", type=int, default=7, help="runs of each library (default: 7)")
    parser.add_argument("--large-mib", type=int, default=1_024, help="size of the file to open (default: 1024)")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write all that was measured")
    parser.add_argument("--markdown", type=Path, metavar="OUT",
                        help="write the tables into this file, such as docs/benchmarks-annoy.md")
    return complete(parser, parser.parse_args())


def complete(parser, arguments):
    """Fills in the data that depends on what is there, and refuses what cannot be."""
    for name in ("rows", "queries", "trees", "runs", "large_mib"):
        if getattr(arguments, name) is not None and getattr(arguments, name) < 1:
            parser.error(f"--{name.replace('_', '-')} must be at least 1")
    if arguments.data is None and NEIGHBOURING_DATA.is_dir():
        arguments.data = [NEIGHBOURING_DATA]
    for path in arguments.data or ():
        if not path.exists():
            parser.error(f"--data: there is no {path}")
    return arguments


def prepare():
    """Installs the packages, and goes on with the interpreter that has them."""
    try:
        packages.install([], PACKAGES)
    except packages.NotToBeHad as missing:
        print(f"trees.py: not there: {missing}", file=sys.stderr)
        sys.exit(NOT_TO_BE_HAD)
    os.execv(places.PYTHON, [places.PYTHON, *sys.argv])


def main():
    arguments = parse()
    if Path(sys.prefix) != places.PYTHON.parent.parent:
        prepare()
    from harness.trees import driver

    sys.exit(driver.main(arguments))


if __name__ == "__main__":
    main()
