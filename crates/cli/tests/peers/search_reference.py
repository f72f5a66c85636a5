"""Exact search against a float64 reference: every metric, every type, every k."""

from pathlib import Path

import numpy as np

from common import anear_json, case, finish, folder, same

random = np.random.default_rng(9)
ROWS, DIM, QUERIES = 300, 40, 6
FLOATS = ["f2", "f4", "f8"]
SIGNED = ["i1", "i2", "i4", "i8"]
UNSIGNED = ["u1"]


def norms(x):
    return np.sqrt((x * x).sum(-1))


def cosines(x, q):
    with np.errstate(invalid="ignore", divide="ignore"):
        cosine = (x * q).sum(-1) / (norms(x) * norms(q))
    return np.where(np.isfinite(cosine), cosine, 0.0)


def angular(x, q):
    """The length of the difference of unit vectors: sqrt(2 - 2 cos) without its rounding near 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        distance = norms(x / norms(x)[..., None] - q / norms(q))
    return np.where(np.isfinite(distance), distance, np.sqrt(2))


def ratio(a, b):
    return np.divide(a, b, out=np.zeros(np.broadcast(a, b).shape), where=b != 0)


def jensen_shannon(x, q):
    middle = (x + q) / 2
    left = x * np.log(ratio(x, middle) + (x == 0))
    right = q * np.log(ratio(np.broadcast_to(q, x.shape), middle) + (q == 0))
    return (left + right).sum(-1) / 2


REFERENCE = {
    "l2": lambda x, q: ((x - q) ** 2).sum(-1),
    "euclidean": lambda x, q: np.sqrt(((x - q) ** 2).sum(-1)),
    "cosine": lambda x, q: 1 - cosines(x, q),
    "angular": angular,
    "ip": lambda x, q: (x * q).sum(-1),
    "manhattan": lambda x, q: np.abs(x - q).sum(-1),
    "chebyshev": lambda x, q: np.abs(x - q).max(-1),
    "canberra": lambda x, q: ratio(np.abs(x - q), np.abs(x) + np.abs(q)).sum(-1),
    "braycurtis": lambda x, q: ratio(np.abs(x - q).sum(-1), np.abs(x + q).sum(-1)),
    "jensenshannon": jensen_shannon,
    "hamming": lambda x, q: (x != q).sum(-1).astype(float),
    "jaccard": lambda x, q: 1 - np.where((x | q).sum(-1) == 0, 1, ratio((x & q).sum(-1), (x | q).sum(-1))),
}


def data(dtype, count, metric):
    dtype = np.dtype(dtype)
    if dtype == bool:
        return random.random((count, DIM)) < 0.3
    if dtype.kind == "f":
        values = random.standard_normal((count, DIM))
        return np.abs(values).astype(dtype) if metric == "jensenshannon" else values.astype(dtype)
    low = 0 if dtype.kind == "u" or metric == "jensenshannon" else -100
    return random.integers(low, 101, (count, DIM)).astype(dtype)


def compare(reply, distances, metric, k):
    """Ids as the reference has them, equal distances in any order; distances within 1e-5."""
    larger = metric == "ip"
    same(len(reply["results"]), len(distances), "queries")
    for result, row in zip(reply["results"], distances):
        order = np.lexsort((np.arange(len(row)), -row if larger else row))[:k]
        hits = result["hits"]
        same(len(hits), len(order), "hits")
        found = np.array([hit["distance"] for hit in hits])
        ids = np.array([hit["row"] for hit in hits])
        assert np.allclose(found, row[ids], rtol=1e-5, atol=1e-12), "a distance is not that of its row"
        assert np.allclose(found, row[order], rtol=1e-5, atol=1e-12), "not the nearest"
        differing = ids != order
        tied = np.isclose(row[ids], row[order], rtol=1e-9, atol=1e-12)
        assert (tied | ~differing).all(), f"ids {ids[differing & ~tied]} for {order[differing & ~tied]}"


def search(place, metric, dtype, k, layout="C"):
    base, queries = data(dtype, ROWS, metric), data(dtype, QUERIES, metric)
    base[20] = base[10]  # a tie
    queries[0] = base[10]  # distance 0
    if metric not in ("jensenshannon",):
        queries[1] = base[11] + (np.dtype(dtype).type(1) if base.dtype != bool else False)
    base[30] = 0
    np.save(place / "x.npy", np.asarray(base, order=layout))
    np.save(place / "q.npy", queries)
    reply = anear_json("search", place / "x.npy", "--query", place / "q.npy", "-k", k, "--metric", metric)
    same((reply["metric"], reply["exact"], reply["k"]), (metric, True, k), "reply")
    if metric in ("hamming", "jaccard") and base.dtype != bool:
        base, queries = (np.unpackbits(a, axis=1, bitorder="little").astype(bool) for a in (base, queries))
    if metric not in ("hamming", "jaccard"):
        base, queries = base.astype("f8"), queries.astype("f8")
    compare(reply, [REFERENCE[metric](base, query) for query in queries], metric, k)


def near_duplicates(place, metric):
    """Distances so small that float32 sums alone would be wrong."""
    base = random.standard_normal((200, DIM)).astype("f4")
    base[:100] = base[0] * (1 + 1e-6 * random.standard_normal((100, DIM))).astype("f4")
    np.save(place / "x.npy", base)
    np.save(place / "q.npy", base[:1])
    reply = anear_json("search", place / "x.npy", "--query", place / "q.npy", "-k", 50, "--metric", metric)
    wide = base.astype("f8")
    compare(reply, [REFERENCE[metric](wide, wide[0])], metric, 50)


def radius(place, metric, value):
    base = random.standard_normal((ROWS, DIM)).astype("f4")
    np.save(place / "x.npy", base)
    reply = anear_json("search", place / "x.npy", "--row", 5, "--radius", value, "--metric", metric)
    distances = REFERENCE[metric](base.astype("f8"), base[5].astype("f8"))
    inside = distances >= value if metric == "ip" else distances <= value
    same(sorted(hit["row"] for hit in reply["results"][0]["hits"]), np.flatnonzero(inside).tolist(), "rows")


def main():
    with folder() as name:
        place = Path(name)
        for metric in REFERENCE:
            binary = metric in ("hamming", "jaccard")
            types = ["?", "u1"] if binary else ["?", *FLOATS, *SIGNED, *UNSIGNED]
            for dtype in types:
                if dtype == "?" and not binary:
                    continue
                for k in (1, 10, 1000):
                    case(f"{metric} {dtype} k={k}", search, place, metric, dtype, k)
            if not binary:
                case(f"{metric} fortran", search, place, metric, "f4", 10, "F")
            if metric in ("l2", "euclidean", "cosine", "angular", "manhattan", "ip"):
                case(f"{metric} near duplicates", near_duplicates, place, metric)
        for metric, value in (("l2", 60.0), ("euclidean", 8.0), ("cosine", 0.9), ("ip", 2.0), ("manhattan", 40.0)):
            case(f"{metric} radius", radius, place, metric, value)
    finish()


if __name__ == "__main__":
    main()
