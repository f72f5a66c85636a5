"""Times anear's collections beside LanceDB, Chroma, sqlite-vec, and sqlite3 with pickle and FAISS.

    python3 bench/collection.py                                           # 100,000 rows, every store
    python3 bench/collection.py --rows 2000 --runs 1 --engines anear,plain    # a smoke run

Makes a virtual environment below target/search with the libraries. bench/README.md says how it
measures. Exit status: 0 done, 1 failed (also when an answer of anear's is not exact), 77 when
NumPy or another package that the driver itself needs cannot be had.
"""

import argparse
import sys
from pathlib import Path

import stores
from harness import packages, places

NEIGHBOURING_DATA = places.PROJECT.parent / "shared" / "data" / "wordnet-minilm-384-angular"
NECESSARY = ("numpy", "threadpoolctl", "pyarrow")
# Fewer do not give every run conditions of its own.
ROWS_AT_LEAST = 1_000


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, metavar="PATH",
                        help="a folder of .npy files or an ann-benchmarks HDF5 file (default: the WordNet folder"
                             " in ../shared/data if there, else the glosses in the repository)")
    parser.add_argument("--engines", type=lambda text: text.split(","), metavar="A,B", default=list(stores.STORES),
                        help="of " + ",".join(stores.STORES) + " (default: all)")
    parser.add_argument("--rows", type=int, default=100_000, help="how many (default: 100000)")
    parser.add_argument("--runs", type=int, default=5, help="runs of each contender (default: 5)")
    parser.add_argument("--folder", type=Path, help="where the stores are made, 5 GB (default: below target/search)")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write all that was measured")
    parser.add_argument("--markdown", type=Path, metavar="OUT",
                        help="write the tables into this file, such as docs/benchmarks-collection.md")
    return complete(parser, parser.parse_args())


def complete(parser, arguments):
    """Fills in the data that depends on what is there, and refuses what cannot be."""
    for name in arguments.engines:
        if name not in stores.STORES:
            parser.error(f"no engine {name!r}; there are {', '.join(stores.STORES)}")
    if arguments.rows < ROWS_AT_LEAST:
        parser.error(f"--rows must be at least {ROWS_AT_LEAST}")
    if not 1 <= arguments.runs <= 100:
        parser.error("--runs must be between 1 and 100")
    if arguments.data is None and NEIGHBOURING_DATA.is_dir():
        arguments.data = NEIGHBOURING_DATA
    for path in (arguments.data, arguments.folder):
        if path is not None and not path.exists():
            parser.error(f"there is no {path}")
    return arguments


def needed(arguments):
    """The packages of the stores, and those that the driver itself cannot do without."""
    necessary = list(NECESSARY)
    if arguments.data is not None and arguments.data.is_file():
        necessary.append("h5py")
    return dict.fromkeys(package for name in arguments.engines for package in stores.STORES[name].packages), necessary


def main():
    arguments = parse()
    packages.go_on_with(*needed(arguments))
    from harness.collection import driver

    sys.exit(driver.main(arguments))


if __name__ == "__main__":
    main()
