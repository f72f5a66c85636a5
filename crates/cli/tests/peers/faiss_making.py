"""Indexes that anear makes are loaded by FAISS, which finds in them what anear finds, and are as good as
those that FAISS makes of the same rows: what both draw and decide is the same but for rounding.
"""

import re
from pathlib import Path

import faiss
import numpy as np
from common import anear, anear_json, case, finish, folder
from faiss_answers import FACTORIES, compare, compare_nearer, data, set_effort

CASES = 2 * len(FACTORIES)


def told_error(place, index, rows):
    """How far rows are from what their codes tell anear, on the average; None where nothing is told."""
    faiss.write_index(index, str(place / "told.faiss"))
    try:
        anear("convert", place / "told.faiss", place / "told.npy", "--force")
    except RuntimeError:
        return None
    return float(((np.load(place / "told.npy") - rows) ** 2).sum(1).mean())


def recall(index, queries, truth):
    _, found = index.search(queries, 10)
    return np.mean([len(set(found[q]) & set(truth[q])) / 10 for q in range(len(queries))])


def as_good(place, made, theirs, rows, queries, metric):
    """Both leave out as much of the rows, and find as many of the nearest."""
    ours, expected = told_error(place, made, rows), told_error(place, theirs, rows)
    if ours is not None and expected is not None:
        assert ours <= 1.15 * expected + 1e-6, f"rows are told {ours} off, {expected} by FAISS"
    flat = faiss.IndexFlat(rows.shape[1], metric)
    flat.add(rows)
    truth = flat.search(queries, 10)[1]
    ours, expected = recall(made, queries, truth), recall(theirs, queries, truth)
    assert ours >= expected - 0.12, f"recall {ours}, {expected} by FAISS"


def like_graph(made, theirs):
    """Graphs over rows as they are have the same levels and as many edges."""
    vector = faiss.vector_to_array
    ours, expected = (faiss.downcast_index(index).hnsw for index in (made, theirs))
    assert (vector(ours.levels) == vector(expected.levels)).all(), "other levels"
    assert ours.entry_point == expected.entry_point, "another entry point"
    edges = [float((vector(graph.neighbors) >= 0).mean()) for graph in (ours, expected)]
    assert abs(edges[0] - edges[1]) < 0.03, f"{edges[0]:.1%} of the room for edges is used, {edges[1]:.1%} by FAISS"


def check(place, number):
    random = np.random.default_rng(1000 + number)
    factory = re.sub("^IDMap2?,", "", FACTORIES[number % len(FACTORIES)])
    only_l2 = "LSH" in factory or "+" in factory or "HNSW8,PQ" in factory
    metric = faiss.METRIC_L2 if only_l2 or random.random() < 0.6 else faiss.METRIC_INNER_PRODUCT
    d, n = int(random.choice([16, 24, 32])), int(random.integers(800, 1500))
    rows, queries = data(random, n, d), data(random, 40, d)
    np.save(place / "rows.npy", rows)
    np.save(place / "queries.npy", queries[:5])
    path = place / f"{number}.faiss"
    name = "l2" if metric == faiss.METRIC_L2 else "ip"
    anear("index", place / "rows.npy", "-o", path, "--kind", factory, "--metric", name)
    made = faiss.read_index(str(path))
    assert made.is_trained and made.ntotal == n, f"{made.ntotal} rows"
    theirs = faiss.index_factory(d, factory, metric)
    theirs.train(rows)
    theirs.add(rows)
    effort = int(random.choice([2, 8])) if "IVF" in factory else 30
    for index in (made, theirs):
        has_effort = set_effort(index, factory, effort)
        if isinstance(index, faiss.IndexRefine):
            index.k_factor = 20
    flags = ["--effort", effort] if has_effort else []
    faiss.write_index(made, str(path))
    reply = anear_json("search", path, "--query", place / "queries.npy", "-k", 10, *flags)
    distances, labels = made.search(queries[:5], 10)
    if factory.endswith(("RaBitQ3", "RaBitQ4")):
        compare_nearer(reply["results"], distances, 1 if metric == faiss.METRIC_L2 else -1)
    else:
        compare(reply["results"], labels, distances)
    as_good(place, made, theirs, rows, queries, metric)
    if factory == "HNSW8":
        like_graph(made, theirs)
    path.unlink()


def main():
    faiss.omp_set_num_threads(1)
    with folder() as name:
        for number in range(CASES):
            factory = FACTORIES[number % len(FACTORIES)]
            case(f"case {number}, {factory}", check, Path(name), number)
    finish()


if __name__ == "__main__":
    main()
