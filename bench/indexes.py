"""Times anear.faiss beside FAISS, on the same index files.

    python3 bench/indexes.py                                 # every data set found
    python3 bench/indexes.py --rows 2000 --runs 1            # a smoke run

Makes a virtual environment below target/search with both libraries. bench/README.md says how it
measures. Exit status: 0 done, 1 failed (also when answers differ by more than ties and rounding),
77 when FAISS or another package cannot be had.
"""

import argparse
from pathlib import Path

from harness import packages, places

NEIGHBOURING_DATA = places.PROJECT.parent / "shared" / "data"
PACKAGES = ("numpy", "pyarrow", "h5py", "faiss-cpu", "anear")


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, nargs="+", metavar="PATH",
                        help="folders of .npy files, folders of such folders, ann-benchmarks HDF5 files"
                             " (default: ../shared/data if there, else the glosses in the repository)")
    parser.add_argument("--rows", type=int, help="only the first rows of the data")
    parser.add_argument("--queries", type=int, default=1_000, help="only the first queries (default: 1000)")
    parser.add_argument("--runs", type=int, default=5, help="runs of each library (default: 5)")
    parser.add_argument("--kinds", nargs="+", metavar="NAME", help="only these kinds, by the first words of the table")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write all that was measured")
    parser.add_argument("--markdown", type=Path, metavar="OUT",
                        help="write the tables into this file, such as docs/benchmarks-faiss.md")
    arguments = parser.parse_args()
    for name in ("rows", "queries", "runs"):
        if getattr(arguments, name) is not None and getattr(arguments, name) < 1:
            parser.error(f"--{name} must be at least 1")
    if arguments.data is None and NEIGHBOURING_DATA.is_dir():
        arguments.data = [NEIGHBOURING_DATA]
    for path in arguments.data or ():
        if not path.exists():
            parser.error(f"--data: there is no {path}")
    return arguments


def main():
    arguments = parse()
    packages.go_on_with(PACKAGES, PACKAGES)
    from harness.indexes import driver

    raise SystemExit(driver.main(arguments))


if __name__ == "__main__":
    main()
