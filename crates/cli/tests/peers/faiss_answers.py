"""Indexes that FAISS trained and filled are searched by anear with FAISS's answers.

Random cases of factory string, dimension, rows, metric, k and effort. Ids may differ where distances
are the same but for rounding.
"""

from pathlib import Path

import faiss
import numpy as np
from common import anear_json, case, finish, folder

CASES = 208
TOLERANCE = 1e-4

FACTORIES = [
    "Flat", "SQ8", "SQ4", "SQ6", "SQfp16", "SQbf16", "PQ8", "PQ8x4", "PQ4x6", "PQ8x4fs", "LSH", "RaBitQ", "RaBitQ4",
    "IVF8,Flat", "IVF8,SQ8", "IVF8,SQ4", "IVF8,SQfp16", "IVF8,PQ8x4", "IVF8,PQ4x6", "IVF8,PQ4x8", "IVF8,PQ8x4fs",
    "IVF8,PQ8x4fsr", "IVF8,RaBitQ", "IVF8,RaBitQ3", "IVF8_HNSW8,Flat", "HNSW8", "HNSW8,SQ8", "HNSW8,PQ8x4",
    "PCA8,Flat", "PCA8,IVF8,SQ8", "PCAR8,Flat", "OPQ8_16,PQ8x4", "OPQ8_16,IVF8,PQ8x4", "L2norm,Flat", "L2norm,HNSW8",
    "RR16,IVF8,Flat", "Pad40,Flat", "IDMap,Flat", "IDMap,SQ8", "IDMap2,HNSW8", "IVF8,PQ8x4,RFlat", "PQ8x4,Refine(SQ8)",
    "IVF8,PQ8x4fs,RFlat", "ITQ16,LSH", "IVF8,PQ4+8", "RaBitQfs", "RaBitQfs4", "RaBitQfs_64", "IVF8,RaBitQfs",
    "IVF8,RaBitQfs3", "IVF8,RaBitQfs_96", "IDMap,RaBitQfs",
]  # fmt: skip


def data(random, n, d):
    """Rows in clusters, with a direction that matters more."""
    centers = random.normal(size=(6, d)) * 2
    rows = centers[random.integers(0, 6, n)] + random.normal(size=(n, d))
    return (rows * np.linspace(0.5, 2, d)).astype("float32")


def has_ids(random, factory):
    """Whether rows get ids of their own; refined rows are found by their numbers."""
    takes_ids = factory.startswith("IVF") and not any(part in factory for part in ("RFlat", "+"))
    return factory.startswith("IDMap") or takes_ids and random.random() < 0.2


def build(random, factory, metric):
    d, n = int(random.choice([16, 24, 32])), int(random.integers(400, 900))
    rows = data(random, n, d)
    index = faiss.index_factory(d, factory, metric)
    index.train(rows)
    if has_ids(random, factory):
        index.add_with_ids(rows, random.permutation(10 * n)[:n].astype("int64") + 5)
    else:
        index.add(rows)
    return index, data(random, 5, d)


def set_effort(index, factory, effort):
    if "IVF" in factory:
        faiss.extract_index_ivf(index).nprobe = effort
        return True
    if "HNSW" in factory:
        inner = faiss.downcast_index(index)
        while not hasattr(inner, "hnsw"):
            inner = faiss.downcast_index(inner.index)
        inner.hnsw.efSearch = effort
        return True
    return False


def near(x, y):
    return abs(x - y) <= TOLERANCE * max(abs(x), abs(y), 1)


def compare_nearer(found, distances, sign):
    """Of codes that FAISS does not score all, ours are as near at least."""
    for query, (hits, distances) in enumerate(zip(found, distances)):
        for hit, distance in zip(hits["hits"], distances):
            ours = hit["distance"]
            nearer = sign * ours <= sign * distance
            assert nearer or near(ours, distance), f"query {query}: {ours}, {distance} is expected"


def compare(found, labels, distances):
    """Distances must be the same, and labels where no other distance is as near."""
    for query, (hits, labels, distances) in enumerate(zip(found, labels, distances)):
        hits = hits["hits"]
        wanted = [(label, distance) for label, distance in zip(labels, distances) if label >= 0]
        assert len(hits) == len(wanted), f"query {query}: {len(hits)} hits, {len(wanted)} are expected"
        for hit, (label, distance) in zip(hits, wanted):
            assert near(hit["distance"], distance), f"query {query}: {hit['distance']}, {distance} is expected"
            ties = [other for other, at in wanted if near(at, distance)]
            last = near(wanted[-1][1], distance)
            assert hit["id"] in ties or last, f"query {query}: {hit['id']}, {ties} are expected"


def check(place, number):
    random = np.random.default_rng(number)
    factory = FACTORIES[number % len(FACTORIES)]
    only_l2 = "LSH" in factory or "+" in factory
    metric = faiss.METRIC_L2 if only_l2 or random.random() < 0.6 else faiss.METRIC_INNER_PRODUCT
    index, queries = build(random, factory, metric)
    effort = int(random.choice([1, 2, 4, 8])) if "IVF" in factory else int(random.choice([4, 16, 40]))
    k = int(random.choice([1, 5, 10, 30]))
    has_effort = set_effort(index, factory, effort)
    if isinstance(index, faiss.IndexRefine):
        index.k_factor = 50  # rows that tie in the first index would decide else
    path = place / f"{number}.faiss"
    faiss.write_index(index, str(path))
    np.save(place / "queries.npy", queries)
    flags = ["--effort", effort] if has_effort and random.random() < 0.5 else []
    reply = anear_json("search", path, "--query", place / "queries.npy", "-k", k, *flags)
    distances, labels = index.search(queries, k)
    if factory.endswith(("RaBitQ3", "RaBitQ4")):
        compare_nearer(reply["results"], distances, 1 if metric == faiss.METRIC_L2 else -1)
    else:
        compare(reply["results"], labels, distances)
    path.unlink()


def main():
    with folder() as name:
        for number in range(CASES):
            factory = FACTORIES[number % len(FACTORIES)]
            case(f"case {number}, {factory}", check, Path(name), number)
    finish()


if __name__ == "__main__":
    main()
