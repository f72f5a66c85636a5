"""Times anear's AnnoyIndex beside Annoy's own, on the same files.

    python3 bench/trees.py                                 # every data set found
    python3 bench/trees.py --rows 2000 --runs 1 --large-mib 16    # a smoke run

(Not called annoy.py, so that nobody imports it in place of Annoy.) Makes a virtual environment
below target/search with both libraries. bench/README.md says how it measures. Exit status: 0
done, 1 failed (also when an answer or a file differs from Annoy's), 77 when Annoy or another
package cannot be had.
"""

import sys

from harness import arguments, packages

PACKAGES = ("numpy", "pyarrow", "h5py", "annoy", "anear")


def parse():
    parser = arguments.parser(__doc__, 7, "benchmarks-annoy.md")
    parser.add_argument("--trees", type=int, default=20, help="trees in an index (default: 20)")
    parser.add_argument("--large-mib", type=int, default=1_024, help="size of the file to open (default: 1024)")
    return arguments.parsed(parser, "trees", "large_mib")


def main():
    given = parse()
    packages.go_on_with((), PACKAGES)
    from harness.trees import driver

    sys.exit(driver.main(given))


if __name__ == "__main__":
    main()
