"""The virtual environment with the libraries, below target/."""

import json
import os
import subprocess
import sys
from pathlib import Path

from harness import places

NOT_TO_BE_HAD = 77

# Package -> what pip is asked for, and what must be importable afterwards.
PACKAGES = {
    "numpy": ("numpy", "numpy"),
    "threadpoolctl": ("threadpoolctl", "threadpoolctl"),
    "h5py": ("h5py", "h5py"),
    "pyarrow": ("pyarrow", "pyarrow"),
    "matplotlib": ("matplotlib", "matplotlib"),
    "faiss-cpu": ("faiss-cpu==1.15.*", "faiss"),
    "usearch": ("usearch", "usearch.index"),
    "hnswlib": ("hnswlib", "hnswlib"),
    "annoy": ("annoy", "annoy"),
    "scann": ("scann", "scann"),
    "lancedb": ("lancedb", "lancedb"),
    "chromadb": ("chromadb", "chromadb"),
    "sqlite-vec": ("sqlite-vec", "sqlite_vec"),
    # Python's own sqlite3 is often built without extensions.
    "pysqlite3-binary": ("pysqlite3-binary", "pysqlite3"),
    "anear": (str(places.PROJECT / "crates" / "python"), "anear"),
}
MISSING = places.WORK / "missing.json"


def go_on_with(packages, necessary):
    """Installs the packages and starts this script again with the interpreter that has them, unless this is it.

    Exits with status 77 if one of the necessary ones cannot be had.
    """
    if Path(sys.prefix) == places.PYTHON.parent.parent:
        return
    reason = install([package for package in packages if package not in necessary], necessary)
    if reason:
        print(f"{Path(sys.argv[0]).name}: not there: {reason}", file=sys.stderr)
        sys.exit(NOT_TO_BE_HAD)
    os.execv(places.PYTHON, [places.PYTHON, *sys.argv])


def install(packages, necessary):
    """Installs each package by itself and notes which are missing, and why; what of the necessary is, if anything."""
    if not places.PYTHON.exists():
        run([sys.executable, "-m", "venv", places.PYTHON.parent.parent])
    missing = {}
    for package in [*necessary, *packages]:
        reason = why_not(package)
        if reason and package in necessary:
            return f"{package}: {reason}"
        if reason:
            missing[package] = reason
    MISSING.write_text(json.dumps(missing), encoding="utf-8")
    return None


def missing():
    """Package -> why it is not there, as `install` found it."""
    if not MISSING.exists():
        return {}
    return json.loads(MISSING.read_text(encoding="utf-8"))


def why_not(package):
    """Installs a package; the reason why it cannot be used, if so."""
    wanted, module = PACKAGES[package]
    # pip would keep an older build of the same version of what is built here.
    again = ["--force-reinstall", "--no-deps"] if package == "anear" else []
    return (run([places.PYTHON, "-m", "pip", "-q", "install", *again, wanted])
            or run([places.PYTHON, "-P", "-c", f"import {module}"]))


def run(command):
    """The last words of a command that failed; None if it did not."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return None
    said = (done.stderr.strip() or done.stdout.strip()).splitlines()
    return next((line for line in reversed(said) if "error" in line.lower()), said[-1] if said else f"status {done.returncode}")
