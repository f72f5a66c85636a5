import anear
import numpy as np
import pytest
from reference import DISTANCES, agree


@pytest.mark.parametrize("metric", DISTANCES)
@pytest.mark.parametrize("threads", [1, 2])
def test_every_metric_agrees_with_plain_numpy(x, q, metric, threads):
    agree(anear.search(x, q, k=7, metric=metric, threads=threads), x, q, 7, metric)


def test_cosine_is_the_usual_metric(x, q):
    agree(anear.search(x, q), x, q, 10, "cosine")


def test_a_single_vector_is_one_query(x, q):
    D, I = anear.search(x, q[0], k=3, metric="l2")
    assert D.shape == I.shape == (1, 3)
    agree((D, I), x, q[:1], 3, "l2")


@pytest.mark.parametrize("metric", ["l2", "ip"])
def test_places_without_a_row_are_marked(x, q, metric):
    agree(anear.search(x[:3], q, k=5, metric=metric), x[:3], q, 5, metric)
    D, I = anear.search(x[:0], q, k=2, metric=metric)
    assert (I == -1).all()
    assert (D == (-np.inf if metric == "ip" else np.inf)).all()
    D, I = anear.search(x, q[:0], k=2, metric=metric)
    assert D.shape == I.shape == (0, 2)


@pytest.mark.parametrize("metric,radius", [("l2", 2.5), ("ip", 7.0)])
def test_everything_within_a_radius(x, q, metric, radius):
    lims, D, I = anear.search(x, q, metric=metric, radius=radius)
    distances = DISTANCES[metric](x.astype(float), q.astype(float))
    inside = distances >= radius if metric == "ip" else distances <= radius
    assert (lims.dtype, D.dtype, I.dtype) == (np.uint64, np.float32, np.int64)
    assert lims[0] == 0 and len(lims) == len(q) + 1
    assert 0 < lims[-1] == len(D) == len(I)
    for query in range(len(q)):
        rows = I[lims[query] : lims[query + 1]]
        assert sorted(rows) == list(np.flatnonzero(inside[query]))
        np.testing.assert_allclose(
            D[lims[query] : lims[query + 1]], distances[query, rows], rtol=1e-6
        )
        ranked = distances[query, rows] * (-1 if metric == "ip" else 1)
        assert (np.diff(ranked) >= 0).all()


def test_filters_leave_exactly_k_hits(x, q, rng):
    mask = rng.random(len(x)) < 0.1
    rows = np.flatnonzero(mask)
    D, I = anear.search(x, q, k=5, metric="l2", filter=mask)
    assert (I >= 0).all() and mask[I].all()
    agree((D, np.searchsorted(rows, I)), x[rows], q, 5, "l2")
    unaligned = np.frombuffer(b"0" + rows.tobytes(), np.int64, offset=1)
    listed = (rows, rows[::-1], rows.tolist(), rows.astype(np.uint8), [*rows, 10**6, -3])
    for same in (*listed, unaligned, rows.astype(">i8"), np.repeat(mask, 2)[::2], mask.tolist(),
                 (mask * np.uint8(6)).view(bool)):
        again_D, again_I = anear.search(x, q, k=5, metric="l2", filter=same)
        assert (again_I == I).all() and (again_D == D).all()
    assert (anear.search(x, q, k=5, filter=[])[1] == -1).all()
    assert (anear.search(x, q, k=5, filter=np.zeros(len(x), bool))[1] == -1).all()


def test_filters_that_make_no_sense_are_refused(x, q):
    with pytest.raises(anear.UsageError, match="199 rows, there are 200"):
        anear.search(x, q, filter=np.ones(199, bool))
    with pytest.raises(anear.InputTypeError, match="an id is 0.5"):
        anear.search(x, q, filter=[0.5])
    with pytest.raises(anear.UsageError, match="these ids are text"):
        anear.search(x, q, filter=["a"])


def test_rows_that_are_not_finite(x, q):
    x[17, 3] = np.nan
    with pytest.raises(anear.DataError) as caught:
        anear.search(x, q, metric="l2")
    assert caught.value.row == 17 and isinstance(caught.value, ValueError)
    D, I = anear.search(x, q, k=200, metric="l2", nonfinite="skip")
    assert 17 not in I and (I[:, -1] == -1).all()
    with pytest.raises(anear.UsageError, match="nonfinite is 'keep'"):
        anear.search(x, q, nonfinite="keep")
    q[2, 0] = np.inf
    with pytest.raises(anear.DataError, match="query 2 holds inf in component 0"):
        anear.search(x[:10], q)


def test_arguments_that_make_no_sense_are_refused(x, q):
    for arguments, message in [
        ({"k": 0}, "k is 0"),
        ({"k": -1}, "k is -1"),
        ({"metric": "cosin"}, "there is no metric 'cosin'|there is no metric \"cosin\""),
        ({"radius": float("nan")}, "radius is not a number"),
        ({"threads": 0}, "threads is 0"),
        ({"threads": -1}, "threads is -1"),
    ]:
        with pytest.raises(anear.UsageError, match=message):
            anear.search(x, q, **arguments)
    with pytest.raises(anear.UsageError, match="23"):
        anear.search(x, q[:, :23])
    with pytest.raises(anear.UsageError, match="23"):
        anear.search(x[:0], q[:, :23])
    with pytest.raises(anear.LimitError, match="do not fit in memory"):
        anear.search(x, q, k=2**61)


def test_a_file_is_searched_like_its_rows(q):
    for path in ["examples/data/glosses.parquet", "examples/data/food.db"]:
        with anear.open(path) as v:
            rows = v.numpy()
            expected = anear.search(rows, rows[:3], k=4)
            for answer in (anear.search(v, v[:3], k=4), anear.search(path, rows[:3], k=4)):
                np.testing.assert_array_equal(answer, expected)
            mask = np.arange(len(v)) % 3 == 0
            np.testing.assert_array_equal(
                anear.search(v, rows[:3], k=4, filter=mask),
                anear.search(rows, rows[:3], k=4, filter=mask),
            )
            some = [5, 17, 400]
            assert set(anear.search(v, rows[0], k=3, filter=some)[1][0]) == set(some)


def test_a_condition_on_the_metadata_of_a_file():
    v = anear.open("examples/data/food.db")
    pages = np.array(v.metadata["page_num"])
    D, I = anear.search(v, v[42], k=5, filter="page_num > 10")
    assert (pages[I] > 10).all()
    expected = anear.search(v, v[42], k=5, filter=pages > 10)
    np.testing.assert_array_equal((D, I), expected)
    with pytest.raises(anear.Error, match="nothing"):
        anear.search(v, v[42], filter="nothing = 1")


def test_a_mapped_file_is_searched_in_place(tmp_path, x, q):
    anear.save(tmp_path / "x.npy", x)
    np.testing.assert_array_equal(
        anear.search(tmp_path / "x.npy", q, metric="l2"), anear.search(x, q, metric="l2")
    )
    with pytest.raises(anear.UsageError, match="23"):
        anear.search(tmp_path / "x.npy", q[:, :23])


def test_damage_met_on_the_way_names_the_file(tmp_path, x, q):
    x[11, 0] = np.inf
    anear.save(tmp_path / "x.jsonl.npy", x)
    with pytest.raises(anear.DataError) as caught:
        anear.search(anear.open(tmp_path / "x.jsonl.npy"), q)
    assert caught.value.row == 11
