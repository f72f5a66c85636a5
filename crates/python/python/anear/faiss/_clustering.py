"""Centroids of rows."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import numpy.typing as npt

from .._anear import kmeans
from ._constants import is_similarity_metric, omp_get_max_threads
from ._vectors import Records, Vector


class ClusteringParameters:
    """How centroids are learned."""

    niter = 25
    nredo = 1
    verbose = False
    spherical = False
    int_centroids = False
    update_index = False
    frozen_centroids = False
    min_points_per_centroid = 39
    max_points_per_centroid = 256
    seed = 1234
    decode_block_size = 32768
    check_input_data_for_NaNs = True
    use_faster_subsampling = False
    #: Not in FAISS: while learning, no centroid has more rows than all have on average, rounded up.
    balanced = False

    def __init__(self, **parameters: Any) -> None:
        for name, value in parameters.items():
            setattr(self, name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        if not hasattr(type(self), name):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        object.__setattr__(self, name, value)

    def _warn(self, rows: int, centroids: int) -> None:
        """Says on standard error, as FAISS does, that there are few rows to learn from."""
        wanted = centroids * self.min_points_per_centroid
        if centroids <= rows < wanted:
            text = f"WARNING clustering {rows} points to {centroids} centroids: "
            print(f"{text}please provide at least {wanted} training points", file=sys.stderr)

    def _settings(self) -> dict[str, Any]:
        return {
            "iterations": int(self.niter),
            "redo": int(self.nredo),
            "spherical": bool(self.spherical),
            "products": False,
            "integer": bool(self.int_centroids),
            "frozen": bool(self.frozen_centroids),
            "balanced": bool(self.balanced),
            "most": int(self.max_points_per_centroid),
            "seed": int(self.seed),
            "threads": omp_get_max_threads(),
        }


def learning(parameters: ClusteringParameters | None = None) -> dict[str, Any]:
    """How the centroids of lists are learned: as FAISS does, where nothing is said."""
    return (parameters or ClusteringParameters(niter=10))._settings()


class Kmeans:
    """Learns the centroids of clusters.

    Parameters
    ----------
    d
        Components in a row.
    k
        How many centroids there are to be.
    gpu
        Must be false.
    **parameters
        Those of :class:`ClusteringParameters`.

    Examples
    --------
    >>> import numpy as np
    >>> import anear.faiss as faiss
    >>> x = np.random.default_rng(0).random((1000, 8), dtype=np.float32)
    >>> kmeans = faiss.Kmeans(8, 16)
    >>> _ = kmeans.train(x)
    >>> kmeans.centroids.shape
    (16, 8)
    """

    def __init__(self, d: int, k: int, gpu: bool = False, **parameters: Any) -> None:
        if gpu:
            raise RuntimeError("there is no k-means on GPUs here")
        self.d = int(d)
        self.k = int(k)
        self.reset(k)
        self.cp = ClusteringParameters(**parameters)
        self.centroids: npt.NDArray[np.float32] | None = None
        self.obj = np.empty(0, np.float32)
        self.iteration_stats: list[dict[str, float]] = []
        self.index: Any = None

    def reset(self, k: int | None = None) -> None:
        """Forgets what was learned; from now on there are ``k`` centroids, if it is given."""
        if k is not None:
            self.k = int(k)
        self.centroids = self.index = None

    def set_index(self) -> None:
        """Makes the index that assigns."""
        from ._flat import IndexFlatIP, IndexFlatL2

        self.index = (IndexFlatIP if self.cp.spherical else IndexFlatL2)(self.d)

    def train(
        self,
        x: Any,
        weights: npt.ArrayLike | None = None,
        init_centroids: npt.ArrayLike | None = None,
    ) -> float:
        """Learns centroids; tells the sum of distances to them."""
        return self._train(x, weights, init_centroids, False)

    def _train(
        self, x: Any, weights: npt.ArrayLike | None, init_centroids: npt.ArrayLike | None, products: bool
    ) -> float:
        """The same by inner products, if rows are assigned by them."""
        x = np.ascontiguousarray(x, dtype="float32")
        n, d = x.shape
        assert d == self.d
        if weights is not None:
            weights = np.ascontiguousarray(weights, dtype="float32")
            assert weights.shape == (n,)
        first = None
        if init_centroids is not None:
            first = np.ascontiguousarray(init_centroids, dtype="float32")
            assert first.ndim == 2 and first.shape[1] == d and len(first) <= self.k
        self.cp._warn(n, self.k)
        found = kmeans(x, self.k, {**self.cp._settings(), "products": products}, weights, first)
        self.centroids, objectives, imbalances, splits = found
        self.obj = np.asarray(objectives, dtype=np.float32)
        self.iteration_stats = [
            {"obj": obj, "imbalance_factor": imbalance, "nsplit": split}
            for obj, imbalance, split in zip(objectives, imbalances, splits, strict=True)
        ]
        self.set_index()
        self.index.add(self.centroids)
        return float(self.obj[-1]) if len(self.obj) else 0.0

    def assign(self, x: Any) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        """The distance and the number of each row's centroid."""
        assert self.centroids is not None, "should train before assigning"
        distances, labels = self.index.search(np.ascontiguousarray(x, dtype="float32"), 1)
        return distances.ravel(), labels.ravel()


class IterationStats:
    """What a round of k-means came to."""

    def __init__(self, obj: float, imbalance_factor: float, nsplit: float) -> None:
        self.obj, self.imbalance_factor, self.nsplit = obj, imbalance_factor, int(nsplit)


class Clustering(ClusteringParameters):
    """Learns the centroids of clusters, and adds them to an index."""

    d = 0
    k = 0
    centroids: Any = None
    iteration_stats: Any = None

    def __init__(self, d: int, k: int, cp: ClusteringParameters | None = None) -> None:
        self.d, self.k = int(d), int(k)
        for name, value in vars(cp).items() if cp is not None else ():
            setattr(self, name, value)

    def train(self, x: Any, index: Any, weights: npt.ArrayLike | None = None) -> None:
        """Learns centroids, from those that there are if any, and puts them into an index."""
        parameters = {name: value for name, value in vars(self).items() if hasattr(ClusteringParameters, name)}
        kmeans = Kmeans(self.d, self.k, **parameters)
        first = None if self.centroids is None else np.asarray(self.centroids).reshape(-1, self.d)
        kmeans._train(x, weights, first, is_similarity_metric(index.metric_type))
        assert kmeans.centroids is not None
        self.centroids = Vector(kmeans.centroids.reshape(-1))
        self.iteration_stats = Records(IterationStats(**stats) for stats in kmeans.iteration_stats)
        if index.ntotal:
            index.reset()
        if not index.is_trained:
            index.train(kmeans.centroids)
        index.add(kmeans.centroids)

