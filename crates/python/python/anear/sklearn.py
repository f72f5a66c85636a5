"""Neighbour graphs for scikit-learn, computed by anear.

`KNeighborsTransformer` and `RadiusNeighborsTransformer` stand in for those of
``sklearn.neighbors``: the same graphs, from an index of anear. What takes a precomputed graph of
neighbours (t-SNE, DBSCAN, spectral clustering, classifiers, ..) takes these.

>>> from anear.sklearn import RadiusNeighborsTransformer
>>> from sklearn.cluster import DBSCAN
>>> from sklearn.pipeline import make_pipeline
>>> clusters = make_pipeline(
...     RadiusNeighborsTransformer(radius=0.4, metric="cosine"),
...     DBSCAN(eps=0.4, min_samples=4, metric="precomputed"),
... )
>>> labels = clusters.fit_predict(anear.open("examples/data/food.db").numpy())
>>> len(labels)
600
"""

from __future__ import annotations

from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ._adapters.needs import needs
from ._index import Index

with needs("anear.sklearn", "scikit-learn>=1.6"):
    import sklearn
    from joblib import effective_n_jobs
    from scipy.sparse import csr_array, csr_matrix
    from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
    from sklearn.utils.validation import check_is_fitted, validate_data

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["KNeighborsTransformer", "RadiusNeighborsTransformer"]

_Array = npt.NDArray[Any]

# What scikit-learn calls a metric, and what anear does. "l2" is not squared in scikit-learn.
_METRICS = {
    "angular": "angular",
    "braycurtis": "braycurtis",
    "canberra": "canberra",
    "chebyshev": "chebyshev",
    "cityblock": "manhattan",
    "cosine": "cosine",
    "euclidean": "euclidean",
    "hamming": "hamming",
    "jaccard": "jaccard",
    "l1": "manhattan",
    "l2": "euclidean",
    "manhattan": "manhattan",
    "minkowski": "euclidean",
    "sqeuclidean": "l2",
}


class _GraphTransformer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """An index of the samples of `fit`, and the graph that leads from other samples to them."""

    mode: str
    metric: str
    kind: str
    n_jobs: int | None

    def fit(self, X: Any, y: Any = None) -> Self:
        """Builds an index over the samples.

        Parameters
        ----------
        X
            The samples, shape (samples, features).
        y
            Not used.

        Raises
        ------
        ValueError
            If a parameter makes no sense, or ``X`` holds NaN or infinity.
        """
        self._check_parameters()
        X = validate_data(self, X, dtype=[np.float64, np.float32], order="C")
        self.effective_metric_ = _METRICS[self.metric]
        self.n_samples_fit_: int = X.shape[0]
        self._fit_X = X
        self._index = Index.build(
            self._rows(X), metric=self.effective_metric_, kind=self.kind, threads=self._threads()
        )
        return self

    def _check_parameters(self) -> None:
        if self.mode not in ("distance", "connectivity"):
            raise ValueError(f"mode is {self.mode!r}; it can be 'distance' or 'connectivity'")
        if self.metric not in _METRICS:
            raise ValueError(f"metric is {self.metric!r}; it can be one of {sorted(_METRICS)}")

    def _rows(self, X: _Array) -> _Array:
        """The samples as the index takes them."""
        if self.effective_metric_ not in ("hamming", "jaccard"):
            return X
        if not np.isin(X, (0, 1)).all():
            raise ValueError(f"the metric {self.metric!r} is for values that are 0 or 1")
        return X.astype(bool)

    def _queries(self, X: Any) -> tuple[_Array, bool]:
        """The samples to look for, and whether they are those of `fit`."""
        check_is_fitted(self)
        if X is None:
            return self._fit_X, True
        dtypes = [np.float64, np.float32]
        return validate_data(self, X, dtype=dtypes, order="C", reset=False), False

    def _scale(self) -> int:
        """What a distance of anear is divided by to be one of scikit-learn."""
        return self._fit_X.shape[1] if self.effective_metric_ == "hamming" else 1

    def _distances(self, found: _Array) -> _Array:
        return np.maximum(found.astype(np.float64) / self._scale(), 0)

    def _threads(self) -> int:
        return int(effective_n_jobs(self.n_jobs))

    def _graph(self, weights: _Array, neighbors: _Array, starts: _Array) -> Any:
        """A sparse matrix whose rows have their entries in the order given."""
        sparse = sklearn.get_config().get("sparse_interface") == "sparray"
        shape = (len(starts) - 1, self.n_samples_fit_)
        return (csr_array if sparse else csr_matrix)((weights, neighbors, starts), shape=shape)

    @property
    def _n_features_out(self) -> int:
        return self.n_samples_fit_


class KNeighborsTransformer(_GraphTransformer):
    """Turns samples into a sparse graph of their nearest neighbours.

    A drop-in for ``sklearn.neighbors.KNeighborsTransformer``, without ``algorithm``,
    ``leaf_size``, ``p`` and ``metric_params``.

    Parameters
    ----------
    mode
        What an entry of the graph is: the ``"distance"``, or 1 for ``"connectivity"``.
    n_neighbors
        Neighbours of each sample. With distances one more is given, since each sample is its own
        first neighbour.
    metric
        How nearness is measured, by the names of scikit-learn: ``"euclidean"`` or ``"l2"``,
        ``"sqeuclidean"``, ``"cosine"``, ``"manhattan"`` or ``"l1"``, ``"chebyshev"``,
        ``"canberra"``, ``"braycurtis"``; for values that are 0 or 1 ``"hamming"`` and
        ``"jaccard"``; and ``"angular"``, which is sqrt(2 cosine).
    kind
        The kind of index, as in `anear.Index.build`.
    effort
        How hard an approximate index searches, as in `anear.Index.search`.
    n_jobs
        Threads, as everywhere in scikit-learn: None for one, -1 for all cores.

    Attributes
    ----------
    effective_metric_
        What anear calls the metric.
    n_samples_fit_, n_features_in_, feature_names_in_
        The shape of the samples of `fit`, and the names of their features where they have any.

    Examples
    --------
    >>> from anear.sklearn import KNeighborsTransformer
    >>> graph = KNeighborsTransformer(n_neighbors=1).fit_transform([[0.0], [2.0], [3.0]])
    >>> graph.toarray()
    array([[0., 2., 0.],
           [0., 0., 1.],
           [0., 1., 0.]])
    """

    def __init__(
        self,
        *,
        mode: str = "distance",
        n_neighbors: int = 5,
        metric: str = "euclidean",
        kind: str = "auto",
        effort: int | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.mode = mode
        self.n_neighbors = n_neighbors
        self.metric = metric
        self.kind = kind
        self.effort = effort
        self.n_jobs = n_jobs

    def transform(self, X: Any) -> Any:
        """The graph from samples to their neighbours among those of `fit`.

        Returns
        -------
        A CSR matrix, shape (samples, samples of fit); each row has its entries nearest first.

        Raises
        ------
        ValueError
            If there are fewer samples than neighbours.
        """
        check_is_fitted(self)
        extra = 1 if self.mode == "distance" else 0
        return self.kneighbors_graph(X, self.n_neighbors + extra, self.mode)

    def kneighbors(
        self, X: Any = None, n_neighbors: int | None = None, return_distance: bool = True
    ) -> Any:
        """The nearest neighbours of each sample.

        Parameters
        ----------
        X
            The samples; by default those of `fit`, of which none is its own neighbour.
        n_neighbors
            How many, by default as many as the transformer has been made for.
        return_distance
            Whether to return distances as well.

        Returns
        -------
        The distances if asked for, and the numbers of the neighbours, both of shape
        (samples, n_neighbors).
        """
        X, own = self._queries(X)
        k = _positive("n_neighbors", self.n_neighbors if n_neighbors is None else n_neighbors)
        if k + own > self.n_samples_fit_:
            raise ValueError(
                f"Expected n_neighbors {'<' if own else '<='} n_samples_fit, but n_neighbors = {k}, "
                f"n_samples_fit = {self.n_samples_fit_}, n_samples = {len(X)}"
            )
        found, neighbors = self._index.search(
            self._rows(X), k + own, effort=self.effort, threads=self._threads()
        )
        if own:
            others = _all_but_own(neighbors)
            found, neighbors = found[others].reshape(-1, k), neighbors[others].reshape(-1, k)
        return (self._distances(found), neighbors) if return_distance else neighbors

    def kneighbors_graph(
        self, X: Any = None, n_neighbors: int | None = None, mode: str = "connectivity"
    ) -> Any:
        """The graph of `kneighbors`; ``mode`` as in the class."""
        distances, neighbors = self.kneighbors(X, n_neighbors)
        queries, k = neighbors.shape
        weights = distances if mode == "distance" else np.ones_like(distances)
        starts = np.arange(0, queries * k + 1, k)
        return self._graph(weights.ravel(), neighbors.ravel(), starts)

    def _check_parameters(self) -> None:
        super()._check_parameters()
        _positive("n_neighbors", self.n_neighbors)


class RadiusNeighborsTransformer(_GraphTransformer):
    """Turns samples into a sparse graph of all neighbours within a radius.

    A drop-in for ``sklearn.neighbors.RadiusNeighborsTransformer``, without ``algorithm``,
    ``leaf_size``, ``p`` and ``metric_params``. Each sample of `fit` is its own first neighbour.

    Parameters
    ----------
    mode, metric, kind, n_jobs
        As in `KNeighborsTransformer`.
    radius
        The largest distance of a neighbour.
    """

    def __init__(
        self,
        *,
        mode: str = "distance",
        radius: float = 1.0,
        metric: str = "euclidean",
        kind: str = "auto",
        n_jobs: int | None = None,
    ) -> None:
        self.mode = mode
        self.radius = radius
        self.metric = metric
        self.kind = kind
        self.n_jobs = n_jobs

    def transform(self, X: Any) -> Any:
        """The graph from samples to their neighbours among those of `fit`.

        Returns
        -------
        A CSR matrix, shape (samples, samples of fit); each row has its entries nearest first.
        """
        X, _ = self._queries(X)
        starts, found, neighbors = self._index.range_search(
            self._rows(X), self.radius * self._scale(), threads=self._threads()
        )
        distances = np.minimum(self._distances(found), self.radius)  # which rounding may exceed
        weights = distances if self.mode == "distance" else np.ones_like(distances)
        return self._graph(weights, neighbors, starts.astype(np.int64))

    def _check_parameters(self) -> None:
        super()._check_parameters()
        if not isinstance(self.radius, Real) or not self.radius >= 0:
            raise ValueError(f"radius is {self.radius!r}; it has to be a number, 0 or more")


def _positive(name: str, value: Any) -> int:
    if not isinstance(value, Integral) or value < 1:
        raise ValueError(f"{name} is {value!r}; it has to be an integer, 1 or more")
    return int(value)


def _all_but_own(neighbors: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Which neighbours of each sample are not the sample itself. Where equal samples have pushed
    it out of the list, the first of them goes in its place."""
    others: npt.NDArray[np.bool_] = neighbors != np.arange(len(neighbors))[:, None]
    others[others.all(axis=1), 0] = False
    return others
