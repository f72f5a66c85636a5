"""Times anear's search beside FAISS, usearch, NumPy, hnswlib, Annoy and ScaNN.

    python3 bench/search.py                        # exact search, every data set found
    python3 bench/search.py --suite approximate    # recall against queries a second
    python3 bench/search.py --quick                # a smoke run, NumPy and FAISS only

Makes a virtual environment below target/search with the libraries. bench/README.md says how it
measures. Exit status: 0 done, 1 failed (also when anear's exact answers are not exact), 77 when
NumPy or another package that the driver itself needs cannot be had.
"""

import argparse
import sys
from pathlib import Path

import engines
from harness import packages, places

NEIGHBOURING_DATA = places.PROJECT.parent / "shared" / "data"


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--suite", choices=("exact", "approximate"), default="exact")
    parser.add_argument("--data", type=Path, nargs="+", metavar="PATH",
                        help="folders of .npy files, folders of such folders, ann-benchmarks HDF5 files"
                             " (default: ../shared/data if there, else the glosses in the repository)")
    parser.add_argument("--engines", type=lambda text: text.split(","), metavar="A,B",
                        help="of " + ",".join(engines.ENGINES) + " (default: all; with --quick: numpy,faiss)")
    parser.add_argument("--only", default="", metavar="TEXT",
                        help="only scenarios, or curves, whose name contains this")
    parser.add_argument("--runs", type=int, help="runs of each contender (default: 7; with --quick: 2)")
    parser.add_argument("--rows", type=int, help="only the first rows of the data")
    parser.add_argument("--queries", type=int, help="only the first queries")
    parser.add_argument("--quick", action="store_true", help="a smoke run: few scenarios, short times")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write all that was measured")
    parser.add_argument("--svg", type=Path, metavar="OUT", help="draw the ratios, or the curves")
    parser.add_argument("--markdown", type=Path, metavar="OUT",
                        help="write the suite's section into this file, such as docs/benchmarks-search.md")
    return complete(parser, parser.parse_args())


def complete(parser, arguments):
    """Fills in the defaults that depend on other arguments, and refuses what cannot be."""
    if arguments.engines is None:
        arguments.engines = ["faiss", "numpy"] if arguments.quick else list(engines.ENGINES)
    for name in arguments.engines:
        if name not in engines.ENGINES:
            parser.error(f"no engine {name!r}; there are {', '.join(engines.ENGINES)}")
    if arguments.runs is None:
        arguments.runs = 2 if arguments.quick else 7
    for name in ("runs", "rows", "queries"):
        if getattr(arguments, name) is not None and getattr(arguments, name) < 1:
            parser.error(f"--{name} must be at least 1")
    if arguments.data is None and not arguments.quick and NEIGHBOURING_DATA.is_dir():
        arguments.data = [NEIGHBOURING_DATA]
    for path in arguments.data or ():
        if not path.exists():
            parser.error(f"--data: there is no {path}")
    return arguments


def needed(arguments):
    """The packages of the engines, and those that the driver itself cannot do without."""
    necessary = ["numpy", "threadpoolctl"]
    if arguments.data is None:
        necessary.append("pyarrow")
    elif any(path.is_file() for path in arguments.data):
        necessary.append("h5py")
    if arguments.svg:
        necessary.append("matplotlib")
    return [engines.ENGINES[name].package for name in arguments.engines], necessary


def main():
    arguments = parse()
    packages.go_on_with(*needed(arguments))
    from harness import driver

    sys.exit(driver.main(arguments))


if __name__ == "__main__":
    main()
