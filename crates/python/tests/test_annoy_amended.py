"""Changes beside a file of trees."""

import numpy as np
import pytest

import anear
from anear.annoy import AmendedIndex, AnnoyIndex


@pytest.fixture
def path(tmp_path):
    x = np.random.default_rng(5).normal(size=(200, 6)).astype("f4")
    index = AnnoyIndex(6, "euclidean")
    for item, row in enumerate(x):
        index.add_item(item, row)
    index.build(5)
    index.save(str(tmp_path / "x.ann"))
    return tmp_path / "x.ann"


def test_changes_are_found_kept_and_folded_in(path, tmp_path):
    amended = AmendedIndex(path, 6, "euclidean")
    q = np.full((2, 6), 9, "f4")
    amended.put([500, 3], q + [[0], [0.5]])
    assert amended.delete([0, 1, 0, 777, -1]) == 2
    assert amended.changes() == (2, 2)
    items, distances = amended.get_nns_by_vectors(q, 300, include_distances=True, threads=2)
    assert items.shape == (2, 300) and items.dtype == np.int64 and distances.dtype == np.float32
    assert items[0, :2].tolist() == [500, 3] and distances[0, 0] == 0
    assert sorted(items[1, :199].tolist()) == [*range(2, 200), 500] and (items[1, 199:] == -1).all()
    assert amended.get_nns_by_vectors(q[:1], 9, filter=[0, 3, 5, 500]).tolist()[0][:4] == [500, 3, 5, -1]
    assert amended.get_item_vector(500) == [9.0] * 6 and amended.get_item_vector(0) is None
    assert not path.with_name("x.ann.delta").exists()
    amended.save()
    again = AmendedIndex(path, 6, "euclidean")
    assert (again.get_nns_by_vectors(q, 300) == items).all()
    with anear.open(path) as v:
        assert v.shape == (199, 6)
    anear.convert(path, tmp_path / "y.ann")
    folded = AnnoyIndex(6, "euclidean")
    folded.load(str(tmp_path / "y.ann"))
    assert folded.get_nns_by_vector(q[0], 2) == [500, 3]
    # Annoy's own class sees the file as it is.
    plain = AnnoyIndex(6, "euclidean")
    plain.load(str(path))
    assert plain.get_n_items() == 200


def test_changes_that_cannot_be(path):
    amended = AmendedIndex(path, 6, "euclidean")
    for items, vectors, error in [
        ([1, 2], np.ones((1, 6)), anear.UsageError),
        ([1], np.ones((1, 5)), anear.UsageError),
        ([-1], np.ones((1, 6)), anear.UsageError),
        ([2**31], np.ones((1, 6)), anear.UsageError),
        (["a"], np.ones((1, 6)), anear.UsageError),
        ([1], np.full((1, 6), np.nan), anear.DataError),
    ]:
        with pytest.raises(error):
            amended.put(items, vectors)
    assert amended.changes() == (0, 0)
    path.with_name("x.ann.delta").write_bytes(b"nothing")
    with pytest.raises(anear.DamagedError):
        AmendedIndex(path, 6, "euclidean")


def test_a_file_without_trees_has_its_items(tmp_path):
    index = AnnoyIndex(3, "angular")
    for item in range(4):
        index.add_item(item, [item + 1, 1, 2])
    index.build(0)
    index.save(str(tmp_path / "x.ann"))
    assert (index.get_n_items(), index.get_n_trees()) == (4, 0)
    assert index.get_nns_by_item(0, 3) == []
    assert sorted(index.get_nns_by_item(0, 9, filter=range(4))) == [0, 1, 2, 3]
