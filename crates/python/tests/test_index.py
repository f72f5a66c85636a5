import copy
import pickle

import anear
import numpy as np
import pytest
from reference import DISTANCES, agree


@pytest.mark.parametrize("metric", DISTANCES)
@pytest.mark.parametrize("kind", ["flat", "auto"])
def test_an_index_agrees_with_plain_numpy(x, q, metric, kind):
    index = anear.Index.build(x, metric=metric, kind=kind)
    assert (len(index), index.dim, index.metric) == (200, 24, metric)
    agree(index.search(q, 7), x, q, 7, metric)
    agree(index.search(q, 7, effort=3, threads=1), x, q, 7, metric)


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i1", "u1", "i4"])
def test_types(rng, dtype):
    x = (rng.random((60, 8)) * 100).astype(dtype)
    index = anear.Index.build(np.asfortranarray(x), metric="l2")
    agree(index.search(x[:4], 5), x, x[:4], 5, "l2")
    agree(index.search(x[0], 5), x, x[:1], 5, "l2")


def test_rows_are_copied(x, q):
    index = anear.Index.build(x, metric="l2")
    before = index.search(q)
    x[:] = 0
    np.testing.assert_array_equal(index.search(q), before)


def test_ids_of_integers(x, q):
    ids = np.arange(len(x)) * 7 - 50
    index = anear.Index.build(x, ids=ids, metric="l2")
    rows = anear.search(x, q, metric="l2")[1]
    np.testing.assert_array_equal(index.search(q)[1], ids[rows])
    np.testing.assert_array_equal(index.ids, ids)
    assert index.names([[-1, 6]]) == [[None, 6]]
    allowed = ids[::3]
    D, I = index.search(q, 5, filter=allowed)
    assert np.isin(I, allowed).all()
    np.testing.assert_array_equal(I, index.search(q, 5, filter=np.isin(ids, allowed))[1])
    np.testing.assert_array_equal(I, index.search(q, 5, filter=[*allowed.tolist(), 10**9])[1])


def test_ids_of_strings(x, q):
    ids = [f"row {row}" for row in range(len(x))]
    index = anear.Index.build(x, ids=ids, metric="l2")
    assert index.ids == ids
    D, I = index.search(q, 3)
    rows = anear.search(x, q, k=3, metric="l2")[1]
    np.testing.assert_array_equal(I, rows)
    assert index.names(I) == [[f"row {row}" for row in hits] for hits in rows]
    assert index.names(index.search(q, 3, filter=["row 4", "row 5"])[1])[0][2] is None
    assert index.remove(["row 4", "nobody"]) == 1
    assert "row 4" not in index.ids and len(index) == 199
    with pytest.raises(anear.UsageError, match="these ids are integers"):
        index.search(q, filter=[1, 2])


@pytest.mark.parametrize(
    "ids,message",
    [
        ([1, 2], "2 ids for 200 rows"),
        ([5] * 200, "id 5 is that of row 0 already"),
        ([0.5] * 200, "an id is 0.5"),
        ([2**63] * 200, "does not fit in 64 bits"),
        (["a", 1] * 100, "an id is 'a'"),
        ("page", "no file"),
    ],
)
def test_ids_that_make_no_sense_are_refused(x, ids, message):
    with pytest.raises(anear.Error, match=message):
        anear.Index.build(x, ids=ids)


def test_adding_and_removing(x, q):
    index = anear.Index.build(x[:100], metric="l2")
    assert index.add(x[100:]) == range(100, 200)
    agree(index.search(q, 7), x, q, 7, "l2")
    assert index.remove([3, 3, 5, 10**6]) == 2 and len(index) == 198
    left = np.delete(np.arange(200), [3, 5])
    D, I = index.search(q, 198)
    assert set(I[0]) == set(left)
    agree((D, np.searchsorted(left, I)), x[left], q, 198, "l2")
    np.testing.assert_array_equal(index.ids, left)
    mask = np.zeros(200, bool)
    mask[[3, 4]] = True
    assert index.search(q[0], 2, filter=mask)[1].tolist() == [[4, -1]]
    assert index.stats()["removed"] == 2
    for bad, message in [(x[:, :5], "5"), (np.full((1, 24), np.nan, "f4"), "NaN")]:
        with pytest.raises(ValueError, match=message):
            index.add(bad)
    assert len(index) == 198


def test_range_search(x, q):
    index = anear.Index.build(x, metric="l2")
    for one, other in zip(
        index.range_search(q, 2.5), anear.search(x, q, metric="l2", radius=2.5), strict=True
    ):
        np.testing.assert_array_equal(one, other)
    lims, D, I = index.range_search(q, 2.5, filter=[1, 2, 3], threads=1)
    assert set(I) <= {1, 2, 3}


@pytest.mark.parametrize("metric", ["l2", "ip"])
def test_an_empty_index_finds_nothing(x, q, metric):
    index = anear.Index.build(x[:0], metric=metric)
    D, I = index.search(q, 3)
    assert (I == -1).all() and (D == (-np.inf if metric == "ip" else np.inf)).all()
    assert len(index) == 0
    index.add(x)
    agree(index.search(q, 3), x, q, 3, metric)


def test_arguments_that_make_no_sense_are_refused(x, q):
    index = anear.Index.build(x)
    for call, message in [
        (lambda: index.search(q, 0), "k is 0"),
        (lambda: index.search(q, effort=0), "effort is 0"),
        (lambda: index.search(q[:, :3]), "3"),
        (lambda: index.search(q, threads=0), "threads is 0"),
        (lambda: index.search(q * np.nan), "NaN"),
        (lambda: index.search(q, filter=np.ones(3, bool)), "3 rows"),
        (lambda: anear.Index.build(x, kind="nothing"), "nothing"),
        (lambda: anear.Index.build(x, metric="nothing"), "nothing"),
        (lambda: anear.Index.build(x * np.inf), "row 0"),
        (lambda: anear.Index(x), "Index.build"),
    ]:
        with pytest.raises(anear.Error, match=message) as caught:
            call()
        assert isinstance(caught.value, ValueError)


def test_files(tmp_path, x, q):
    index = anear.Index.build(x, ids=np.arange(200) + 1000, metric="manhattan")
    index.remove([1003])
    path = tmp_path / "x.anx"
    assert index.save(path) == path.stat().st_size
    with pytest.raises(anear.UsageError):
        index.save(path)
    index.save(path, force=True)
    loaded = anear.Index.load(path)
    np.testing.assert_array_equal(loaded.search(q), index.search(q))
    assert (loaded.kind, loaded.metric, len(loaded)) == ("flat", "manhattan", 199)
    np.testing.assert_array_equal(loaded.ids, index.ids)
    loaded.add(x[:1], ids=[7])
    assert 7 in loaded.ids
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(anear.Error):
        anear.Index.load(path)
    with pytest.raises(FileNotFoundError):
        anear.Index.load(tmp_path / "none.anx")


def test_an_index_over_a_file(tmp_path):
    path = "examples/data/glosses.parquet"
    v = anear.open(path)
    for index in (anear.Index.build(path), anear.Index.build(v)):
        assert index.ids == v.ids
        D, I = index.search(v[5], 3)
        np.testing.assert_array_equal((D, I), anear.search(v, v[5], k=3))
    db = anear.Index.build("examples/data/food.db", ids="id")
    assert len(db) == 600 and list(db.ids) == list(anear.open("examples/data/food.db").ids)


def test_copies_are_independent(x, q):
    index = anear.Index.build(x, ids=[str(row) for row in range(200)], metric="l2")
    index.remove(["17"])
    for twin in (copy.copy(index), copy.deepcopy(index), pickle.loads(pickle.dumps(index))):
        assert twin.names(twin.search(q)[1]) == index.names(index.search(q)[1])
        assert (len(twin), twin.metric) == (199, "l2")
        twin.remove(["3"])
        assert len(twin) == 198 and len(index) == 199


def test_a_closed_index_is_not_searched(x, q):
    with anear.Index.build(x) as index:
        index.search(q)
    with pytest.raises(anear.UsageError, match="closed"):
        index.search(q)
    assert repr(index) == "<anear.Index, closed>"


def test_what_an_index_says_of_itself(x):
    index = anear.Index.build(x, metric="ip")
    assert index.stats() == {
        "rows": 200,
        "removed": 0,
        "dim": 24,
        "element": "f32",
        "metric": "ip",
        "kind": "flat",
        "params": {"prefilter": True},
    }
    assert repr(index) == "<anear.Index 'flat', 200 x 24 f32, ip>"
