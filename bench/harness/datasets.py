"""Data sets: folders of .npy files, ann-benchmarks HDF5 files, and the glosses in the repository."""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

from harness import places

GLOSSES = places.PROJECT / "examples" / "data" / "glosses.parquet"
GLOSS_QUERIES = 255
METRICS = {"euclidean": "l2", "l2": "l2", "angular": "cosine", "cosine": "cosine", "ip": "ip", "dot": "ip"}


class DataSet(NamedTuple):
    """Rows and queries as float32; `neighbors` are the nearest rows of each query, if stored."""

    name: str
    metric: str
    base: np.ndarray
    queries: np.ndarray
    neighbors: np.ndarray | None

    def cut(self, rows, queries):
        """The first rows and queries; the stored neighbours stay true only for all rows."""
        base, queries = self.base[:rows], self.queries[:queries]
        whole = len(base) == len(self.base) and self.neighbors is not None
        return self._replace(base=base, queries=queries, neighbors=self.neighbors[:len(queries)] if whole else None)

    def write(self, folder):
        """Writes what the workers load; gives their request."""
        paths = {"base": str(folder / "base.npy"), "queries": str(folder / "queries.npy")}
        np.save(paths["base"], self.base)
        np.save(paths["queries"], self.queries)
        return {"do": "load", "metric": self.metric, **paths}


def find(paths):
    """A function for each data set at the paths that loads it."""
    for path in paths:
        if path.is_file():
            yield lambda path=path: from_hdf5(path)
        elif (path / "base.npy").exists():
            yield lambda path=path: from_folder(path)
        else:
            inner = sorted(file.parent for file in path.glob("*/base.npy"))
            if not inner:
                raise FileNotFoundError(f"{path}: expected an HDF5 file, or a folder with base.npy or folders of that kind")
            yield from find(inner)


def from_folder(folder):
    info = json.loads((folder / "info.json").read_text(encoding="utf-8"))
    stored = folder / "neighbors.npy"
    return DataSet(
        info["name"], METRICS[info["metric"]], single(np.load(folder / "base.npy")),
        single(np.load(folder / "queries.npy")), np.load(stored) if stored.exists() else None)


def from_hdf5(path):
    import h5py

    with h5py.File(path) as file:
        stored = file["neighbors"][:] if "neighbors" in file else None
        return DataSet(
            Path(path).stem, METRICS[file.attrs["distance"]], single(file["train"][:]), single(file["test"][:]), stored)


def glosses():
    """The sentence embeddings in the repository: some rows, spread over the file, ask for the others."""
    from pyarrow import parquet

    column = parquet.read_table(GLOSSES, columns=["embedding"])["embedding"].combine_chunks()
    vectors = single(column.flatten().to_numpy(zero_copy_only=False).reshape(len(column), -1))
    order = np.random.default_rng(1).permutation(len(vectors))
    return DataSet("glosses-384-cosine", "cosine", vectors[order[GLOSS_QUERIES:]], vectors[order[:GLOSS_QUERIES]], None)


def single(array):
    return np.ascontiguousarray(array, dtype=np.float32)
