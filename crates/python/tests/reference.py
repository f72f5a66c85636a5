"""What searches must find: plain NumPy in double precision."""

import numpy as np


def _pairwise(function):
    return lambda x, q: np.array([[function(a, b) for a in x] for b in q])


def _cosine(x, q):
    norms = np.linalg.norm(q, axis=1)[:, None] * np.linalg.norm(x, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(norms == 0, 0.0, q @ x.T / norms)


def _set_bits(x):
    return x > 0.5


DISTANCES = {
    "l2": _pairwise(lambda a, b: ((a - b) ** 2).sum()),
    "euclidean": _pairwise(lambda a, b: np.sqrt(((a - b) ** 2).sum())),
    "cosine": lambda x, q: 1 - _cosine(x, q),
    "angular": lambda x, q: np.sqrt(np.maximum(0, 2 - 2 * _cosine(x, q))),
    "ip": lambda x, q: q @ x.T,
    "manhattan": _pairwise(lambda a, b: np.abs(a - b).sum()),
    "chebyshev": _pairwise(lambda a, b: np.abs(a - b).max()),
    "canberra": _pairwise(
        lambda a, b: (np.abs(a - b) / np.where(a == b, 1, np.abs(a) + np.abs(b))).sum()
    ),
    "braycurtis": _pairwise(lambda a, b: np.abs(a - b).sum() / np.abs(a + b).sum()),
    "jensenshannon": _pairwise(
        lambda a, b: 0.5 * (a * np.log(2 * a / (a + b)) + b * np.log(2 * b / (a + b))).sum()
    ),
    "hamming": _pairwise(lambda a, b: (_set_bits(a) != _set_bits(b)).sum()),
    "jaccard": _pairwise(
        lambda a, b: 1 - (_set_bits(a) & _set_bits(b)).sum() / (_set_bits(a) | _set_bits(b)).sum()
    ),
}


def nearest(x, q, k, metric):
    """Distances and rows of the k nearest, ties by row; padded as anear pads."""
    distances = DISTANCES[metric](np.asarray(x, float), np.asarray(q, float)).astype(float)
    keys = -distances if metric == "ip" else distances
    order = np.argsort(keys, axis=1, kind="stable")[:, :k]
    found = np.take_along_axis(distances, order, axis=1)
    missing = max(0, k - len(x))
    fill = -np.inf if metric == "ip" else np.inf
    return (
        np.pad(found, ((0, 0), (0, missing)), constant_values=fill),
        np.pad(order, ((0, 0), (0, missing)), constant_values=-1),
    )


def agree(answer, x, q, k, metric):
    """Checks an answer against the plain one. Rows may change places only where distances differ
    by less than the precision they are told in."""
    D, I = answer
    expected_D, expected_I = nearest(x, q, k, metric)
    assert D.dtype == np.float32 and I.dtype == np.int64
    assert D.shape == I.shape == expected_D.shape
    np.testing.assert_allclose(D, expected_D, rtol=2e-6, atol=2e-6)
    different = I != expected_I
    all_distances = DISTANCES[metric](np.asarray(x, float), np.asarray(q, float))
    for query, place in zip(*np.nonzero(different), strict=True):
        row = I[query, place]
        np.testing.assert_allclose(
            all_distances[query, row], expected_D[query, place], rtol=1e-9, atol=1e-9
        )
