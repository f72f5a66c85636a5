"""What Annoy cannot do: many queries at once, and filters."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import anear
import numpy as np
import pytest
from anear.annoy import AnnoyIndex
from test_annoy import METRICS, filled


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("threads", [1, 3, None])
def test_many_queries_find_what_each_finds(x, rng, metric, threads):
    index = filled(x, metric, items=range(1, 401, 2))
    queries = rng.random((70, 24), dtype=np.float32)
    items, distances = index.get_nns_by_vectors(queries, 5, 40, True, threads=threads)
    assert (items.shape, items.dtype, distances.dtype) == ((70, 5), np.int64, np.float32)
    for query, row, near in zip(queries, items, distances, strict=True):
        assert (row.tolist(), near.tolist()) == index.get_nns_by_vector(query, 5, 40, True)
    np.testing.assert_array_equal(items, index.get_nns_by_vectors(queries, 5, 40))
    wanted = [1, 399, 7, 7]
    items, distances = index.get_nns_by_items(wanted, 5, include_distances=True, threads=threads)
    for item, row, near in zip(wanted, items, distances, strict=True):
        assert (row.tolist(), near.tolist()) == index.get_nns_by_item(item, 5, -1, True)


def test_where_fewer_are_found(x, q):
    for metric, nowhere in [("euclidean", np.inf), ("dot", -np.inf)]:
        index = filled(x[:3], metric)
        items, distances = index.get_nns_by_vectors(q, 5, include_distances=True)
        assert (items[:, 3:] == -1).all() and (distances[:, 3:] == nowhere).all()
        assert (np.sort(items[:, :3]) == [0, 1, 2]).all()
    assert index.get_nns_by_vectors(q, -1).shape == (5, 3)
    assert index.get_nns_by_vectors(q, 0).shape == (5, 0)
    assert index.get_nns_by_vectors(q[:0], 4).shape == (0, 4)
    assert index.get_nns_by_items([], 4).shape == (0, 4)


def test_queries_of_any_kind(x, q):
    index = filled(x)
    expected = index.get_nns_by_vectors(q, 7)
    kinds = [q.tolist(), q.astype("f8"), np.asfortranarray(q), np.repeat(q, 2, 0)[::2], q.astype(">f4")]
    for kind in kinds:
        np.testing.assert_array_equal(index.get_nns_by_vectors(kind, 7), expected)
    np.testing.assert_array_equal(
        index.get_nns_by_items(np.array([3, 5], "u2"), 7), index.get_nns_by_items([3, 5], 7)
    )
    with pytest.raises(ValueError, match=r"wrong length \(expected 24, got 23\)"):
        index.get_nns_by_vectors(q[:, 1:], 7)
    with pytest.raises(TypeError):
        index.get_nns_by_vectors(7, 7)
    with pytest.raises(IndexError, match="larger than the largest"):
        index.get_nns_by_items([0, 200], 7)
    with pytest.raises(IndexError, match="negative"):
        index.get_nns_by_items([0, -1], 7)
    with pytest.raises(anear.LimitError, match="do not fit in memory"):
        index.get_nns_by_vectors(np.repeat(q, 200_000, 0), 2**31 - 1, 1)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("passing", [0, 1, 3, 10, 60, 150, 200])
def test_filters_give_as_many_as_there_are(x, q, rng, metric, passing):
    index = filled(x, metric)
    allowed = rng.permutation(200)[:passing]
    mask = np.isin(np.arange(200), allowed)
    for query in q:
        items, distances = index.get_nns_by_vector(query, 10, include_distances=True, filter=mask)
        assert len(items) == min(10, passing) and set(items) <= set(allowed.tolist())
        everything = index.get_nns_by_vector(query, 200, 10**6, include_distances=True)
        order = {item: place for place, item in enumerate(everything[0])}
        assert items == sorted(items, key=order.__getitem__)
        assert distances == [everything[1][order[item]] for item in items]
        assert index.get_nns_by_vector(query, 10, filter=allowed) == items
        if passing:
            assert index.get_nns_by_vector(query, 10, filter=[*allowed.tolist(), -5, 10**12]) == items
        thorough = [item for item in everything[0] if mask[item]][:10]
        assert index.get_nns_by_vector(query, 10, 10**6, filter=mask) == thorough
        assert index.get_nns_by_vectors(query[None], 10, 10**6, filter=mask)[0, :passing].tolist() == thorough
    by_item = index.get_nns_by_item(4, 10, 10**6, filter=mask)
    assert len(by_item) == min(10, passing)
    np.testing.assert_array_equal(index.get_nns_by_items([4], 10, 10**6, filter=mask)[0, :len(by_item)], by_item)


def test_filters_that_are_none(x, q):
    index = filled(x)
    with pytest.raises(ValueError, match="the filter has 199 truth values, there are 200 items"):
        index.get_nns_by_vector(q[0], 3, filter=np.ones(199, bool))
    with pytest.raises(ValueError, match="the filter holds strings"):
        index.get_nns_by_vector(q[0], 3, filter=["a"])
    with pytest.raises(TypeError):
        index.get_nns_by_vector(q[0], 3, -1, False, [1, 2])


def test_other_threads_run_meanwhile(rng):
    x = rng.random((20_000, 32), dtype=np.float32)
    index = filled(x, "euclidean", trees=0)
    ticks, done = [], threading.Event()

    def tick():
        while not done.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.001)

    with ThreadPoolExecutor(1) as pool:
        ticking = pool.submit(tick)
        spans = []
        for work in (lambda: index.build(20, n_jobs=1), lambda: index.get_nns_by_vectors(x[:4000], 10, threads=1)):
            begin = time.perf_counter()
            work()
            spans.append((begin, time.perf_counter()))
        done.set()
        ticking.result(timeout=60)
    for begin, end in spans:
        within = sum(begin < moment < end for moment in ticks)
        assert within > 3, (begin, end, within)


def test_an_index_that_is_built_with_trees_from_python_threads(x):
    indexes = [AnnoyIndex(24, "angular") for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        def build(index):
            for item, row in enumerate(x):
                index.add_item(item, row)
            return index.build(5, n_jobs=1)

        assert list(pool.map(build, indexes)) == [True] * 4
    answers = [index.get_nns_by_item(9, 30, include_distances=True) for index in indexes]
    assert answers == answers[:1] * 4
