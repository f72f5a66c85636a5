"""Times anear.faiss beside FAISS, on the same index files.

    python3 bench/indexes.py                                 # every data set found
    python3 bench/indexes.py --rows 2000 --runs 1            # a smoke run

Makes a virtual environment below target/search with both libraries. bench/README.md says how it
measures. Exit status: 0 done, 1 failed (also when answers differ by more than ties and rounding),
77 when FAISS or another package cannot be had.
"""

import sys

from harness import arguments, packages

PACKAGES = ("numpy", "pyarrow", "h5py", "faiss-cpu", "anear")


def parse():
    parser = arguments.parser(__doc__, 5, "benchmarks-faiss.md")
    parser.add_argument("--kinds", nargs="+", metavar="NAME", help="only these kinds, by the first words of the table")
    return arguments.parsed(parser)


def main():
    given = parse()
    packages.go_on_with((), PACKAGES)
    from harness.indexes import driver

    sys.exit(driver.main(given))


if __name__ == "__main__":
    main()
