"""The transformers against those of scikit-learn, and against its checks of estimators."""

import pickle

import anear
import numpy as np
import pytest
import sklearn
from anear.sklearn import KNeighborsTransformer, RadiusNeighborsTransformer
from scipy.sparse import csr_array, csr_matrix
from sklearn import neighbors
from sklearn.base import clone
from sklearn.cluster import DBSCAN, SpectralClustering
from sklearn.datasets import make_blobs
from sklearn.manifold import TSNE
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier, sort_graph_by_row_values
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

METRICS = [
    "euclidean",
    "l2",
    "minkowski",
    "sqeuclidean",
    "cosine",
    "manhattan",
    "l1",
    "cityblock",
    "chebyshev",
    "canberra",
    "braycurtis",
]


@pytest.fixture(scope="module")
def blobs():
    x, labels = make_blobs(150, 5, centers=3, cluster_std=0.7, random_state=1)
    return x - x.min() + 0.1, labels


@parametrize_with_checks([KNeighborsTransformer(), RadiusNeighborsTransformer()])
def test_checks_of_estimators(estimator, check):
    check(estimator)


def same(ours, theirs):
    """The same neighbours at the same distances, those of each sample from near to far."""
    assert type(ours) is type(theirs) and ours.shape == theirs.shape
    theirs = sort_graph_by_row_values(theirs, warn_when_not_sorted=False)
    np.testing.assert_array_equal(ours.indptr, theirs.indptr)
    np.testing.assert_allclose(ours.data, theirs.data, rtol=1e-6, atol=1e-7)
    for row in range(ours.shape[0]):
        of_row = slice(ours.indptr[row], ours.indptr[row + 1])
        assert set(ours.indices[of_row]) == set(theirs.indices[of_row])
        assert (np.diff(ours.data[of_row]) >= 0).all()


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("mode", ["distance", "connectivity"])
def test_graphs_of_nearest_neighbors(blobs, metric, mode):
    x, queries = blobs[0][:100], blobs[0][100:]
    settings = {"n_neighbors": 7, "metric": metric, "mode": mode}
    ours, theirs = KNeighborsTransformer(**settings), neighbors.KNeighborsTransformer(**settings)
    same(ours.fit_transform(x), theirs.fit_transform(x))
    same(ours.transform(queries), theirs.transform(queries))
    same(ours.kneighbors_graph(queries, 3), theirs.kneighbors_graph(queries, 3))
    graph = ours.fit_transform(x)
    assert graph.nnz == 100 * (8 if mode == "distance" else 7)
    if mode == "distance":  # each sample is there, as its own first neighbour
        np.testing.assert_array_equal(graph.indices[::8], np.arange(100))
        assert (graph.data[::8] == 0).all()


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("mode", ["distance", "connectivity"])
def test_graphs_within_a_radius(blobs, metric, mode):
    x, queries = blobs[0][:100], blobs[0][100:]
    near = neighbors.NearestNeighbors(n_neighbors=10, metric=metric).fit(x).kneighbors(x)[0]
    settings = {"radius": float(np.median(near[:, -1])), "metric": metric, "mode": mode}
    ours = RadiusNeighborsTransformer(**settings)
    theirs = neighbors.RadiusNeighborsTransformer(**settings)
    same(ours.fit_transform(x), theirs.fit_transform(x))
    same(ours.transform(queries), theirs.transform(queries))
    empty = ours.transform(queries + 1e6) if metric == "euclidean" else None
    assert empty is None or (empty.nnz == 0 and empty.shape == (50, 100))


@pytest.mark.parametrize("metric", ["hamming", "jaccard"])
def test_metrics_of_bits(rng, metric):
    x = rng.random((80, 30)) < 0.4
    settings = {"n_neighbors": 79, "metric": metric, "mode": "distance"}
    theirs = neighbors.KNeighborsTransformer(**settings).fit_transform(x)
    same(KNeighborsTransformer(**settings).fit_transform(x.astype(int)), theirs)
    within = RadiusNeighborsTransformer(radius=2.0, metric=metric).fit_transform(x.astype(int))
    same(within, theirs)
    with pytest.raises(ValueError, match="0 or 1"):
        KNeighborsTransformer(metric=metric).fit(x * 0.5)


def test_neighbors_of_the_samples_themselves(blobs):
    x = np.concatenate([blobs[0], np.repeat(blobs[0][:1], 9, axis=0)])  # one is there ten times
    ours = KNeighborsTransformer(n_neighbors=4).fit(x)
    theirs = neighbors.KNeighborsTransformer(n_neighbors=4).fit(x)
    distances, found = ours.kneighbors()
    np.testing.assert_allclose(distances, theirs.kneighbors()[0], rtol=1e-6)
    assert (found != np.arange(len(x))[:, None]).all() and found.shape == (159, 4)
    np.testing.assert_array_equal(ours.kneighbors(n_neighbors=2)[0], distances[:, :2])
    assert ours.kneighbors(x[:9], 2, return_distance=False).shape == (9, 2)
    assert ours.kneighbors_graph().nnz == 159 * 4


@pytest.mark.parametrize("dtype", ["f4", "f8", "i4", "f2"])
def test_types(blobs, dtype):
    x = (blobs[0] * 1000).astype(dtype)
    expected = neighbors.KNeighborsTransformer().fit_transform(x.astype("f8"))
    graph = KNeighborsTransformer().fit_transform(x)
    assert graph.dtype == np.float64
    same(graph, expected)


def test_what_a_pipeline_is_made_of(blobs):
    x, labels = blobs
    embedding = make_pipeline(
        KNeighborsTransformer(n_neighbors=91, metric="cosine"),
        TSNE(metric="precomputed", init="random", max_iter=250, random_state=0),
    )
    assert embedding.fit_transform(x).shape == (150, 2)
    clusters = make_pipeline(
        RadiusNeighborsTransformer(radius=1.2), DBSCAN(eps=1.2, metric="precomputed")
    )
    np.testing.assert_array_equal(clusters.fit_predict(x), DBSCAN(eps=1.2).fit_predict(x))
    spectral = make_pipeline(
        KNeighborsTransformer(n_neighbors=60, n_jobs=-1),
        SpectralClustering(3, affinity="precomputed_nearest_neighbors", n_neighbors=60),
    )
    assert len(set(zip(spectral.fit_predict(x), labels, strict=True))) == 3
    classifier = make_pipeline(
        KNeighborsTransformer(n_neighbors=15), KNeighborsClassifier(metric="precomputed")
    )
    search = GridSearchCV(classifier, {"kneighborsclassifier__n_neighbors": [1, 5, 15]})
    assert search.fit(x, labels).best_score_ == 1.0


def test_a_radius_is_not_lost_in_rounding(rng):
    """A graph's distances are never over the radius, so that DBSCAN sees all of it."""
    x = rng.random((60, 1))
    for other in range(1, 60):
        radius = float(abs(x[0, 0] - x[other, 0]))
        graph = RadiusNeighborsTransformer(radius=radius).fit_transform(x)
        assert graph.data.max() <= radius
        assert graph[0, other] == pytest.approx(radius)


def test_names_of_features(blobs):
    graph = KNeighborsTransformer().fit(blobs[0][:3])
    assert graph.get_feature_names_out().tolist() == [f"kneighborstransformer{i}" for i in range(3)]


def test_kinds_of_sparse_matrices(blobs):
    transformer = KNeighborsTransformer().fit(blobs[0])
    assert type(transformer.transform(blobs[0])) is csr_matrix
    if "sparse_interface" in sklearn.get_config():
        with sklearn.config_context(sparse_interface="sparray"):
            assert type(transformer.transform(blobs[0])) is csr_array


def test_copies_are_kept(blobs):
    transformer = KNeighborsTransformer(n_neighbors=3, metric="manhattan", effort=9)
    assert clone(transformer).get_params() == transformer.get_params()
    expected = transformer.fit_transform(blobs[0])
    kept = pickle.loads(pickle.dumps(transformer))
    same(kept.transform(blobs[0]), expected)
    np.testing.assert_array_equal(kept.kneighbors()[1], transformer.kneighbors()[1])


@pytest.mark.parametrize(
    "parameters,message",
    [
        ({"n_neighbors": 0}, "n_neighbors is 0"),
        ({"n_neighbors": 2.5}, "n_neighbors is 2.5"),
        ({"n_neighbors": 150}, "n_neighbors <= n_samples_fit"),
        ({"metric": "ip"}, "metric is 'ip'; it can be one of"),
        ({"mode": "similarity"}, "mode is 'similarity'"),
        ({"kind": "nothing"}, "nothing"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(blobs, parameters, message):
    with pytest.raises(ValueError, match=message):
        KNeighborsTransformer(**parameters).fit_transform(blobs[0])


@pytest.mark.parametrize("radius", [-1, float("nan"), "near"])
def test_radii_that_make_no_sense_are_refused(blobs, radius):
    with pytest.raises(ValueError, match="radius is"):
        RadiusNeighborsTransformer(radius=radius).fit(blobs[0])


def test_open_files_are_samples():
    vectors = anear.open("examples/data/food.db")
    graph = KNeighborsTransformer(n_neighbors=3, metric="cosine").fit_transform(vectors)
    distances, found = anear.search(vectors, vectors.numpy(), k=4, metric="cosine")
    np.testing.assert_array_equal(graph.indices.reshape(-1, 4), found)
    np.testing.assert_array_equal(graph.data.reshape(-1, 4).astype("f4"), np.maximum(distances, 0))
