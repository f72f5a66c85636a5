"""What a program that was written for Annoy relies on, without Annoy."""

import copy
import inspect
import os
import pickle
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from anear.annoy import AnnoyIndex

METRICS = ["angular", "euclidean", "manhattan", "hamming", "dot"]


def filled(x, metric="angular", trees=10, items=None):
    index = AnnoyIndex(x.shape[1], metric)
    for item, row in zip(range(len(x)) if items is None else items, x, strict=True):
        assert index.add_item(item, row) is None
    if trees:
        assert index.build(trees, n_jobs=1) is True
    return index


def true_distances(x, query, metric):
    if metric == "angular":
        cosines = x @ query / np.sqrt((x**2).sum(1) * (query**2).sum())
        return np.sqrt(np.maximum(2 - 2 * cosines, 0))
    if metric == "dot":
        return x @ query
    if metric == "hamming":
        return ((x > 0.5) != (query > 0.5)).sum(1)
    return np.linalg.norm(x - query, ord={"euclidean": 2, "manhattan": 1}[metric], axis=1)


@pytest.mark.parametrize("metric", METRICS)
def test_a_thorough_search_is_exact(x, q, metric):
    index = filled(x, metric)
    assert (index.f, index.get_n_items(), index.get_n_trees()) == (24, 200, 10)
    for query in q:
        items, distances = index.get_nns_by_vector(query, 10, search_k=10**6, include_distances=True)
        expected = true_distances(x.astype(np.float64), query.astype(np.float64), metric)
        np.testing.assert_allclose(distances, expected[items], atol=1e-5)
        nearest = np.sort(-expected if metric == "dot" else expected)[:10]
        np.testing.assert_allclose(np.abs(distances), np.abs(nearest), atol=1e-5)
    assert index.get_nns_by_item(7, 1) == [7] or metric in ("dot", "hamming")
    assert index.get_distance(3, 4) == pytest.approx(
        true_distances(x[3:4], x[4], metric)[0], rel=1e-4
    )


def test_answers_are_plain_lists(x):
    index = filled(x)
    items = index.get_nns_by_item(0, 3)
    assert type(items) is list and [type(item) for item in items] == [int] * 3
    answer = index.get_nns_by_item(0, 3, -1, True)
    assert type(answer) is tuple and [type(part) for part in answer] == [list, list]
    assert [type(distance) for distance in answer[1]] == [float] * 3
    assert answer == index.get_nns_by_item(i=0, n=3, search_k=-1, include_distances=1)
    assert items == index.get_nns_by_vector(vector=x[0], n=3, include_distances=0)
    assert type(index.get_item_vector(0)) is list
    assert index.get_item_vector(0) == x[0].tolist()


@pytest.mark.parametrize("trees", [0, 1])
def test_before_there_is_anything_to_find(trees):
    index = AnnoyIndex(3, "euclidean")
    assert index.get_nns_by_vector([1, 2, 3], 5, include_distances=True) == ([], [])
    assert index.build(trees)
    assert index.get_nns_by_vector([1, 2, 3], 5) == []
    assert (index.get_n_items(), index.get_n_trees()) == (0, trees)


class Sequence:
    """The least that a vector has."""

    def __init__(self, values):
        self.values = values

    def __len__(self):
        return len(self.values)

    def __getitem__(self, position):
        return self.values[position]


def test_whatever_a_vector_is():
    index = AnnoyIndex(3, "euclidean")
    row = [1, 0, 3]
    kinds = [row, tuple(row), range(3), Sequence(row), dict(enumerate(row)), b"abc", memoryview(b"abc")]
    arrays = [np.array(row, dtype) for dtype in ("f2", "f4", "f8", "g", "i1", "u2", "i8", "?", "O", ">f4", ">f8")]
    strided = [np.arange(9.0)[::3], np.arange(9, dtype="f4").reshape(3, 3)[:, 1], np.array(row)[::-1]]
    for kind in [*kinds, *arrays, *strided, [np.float32(1), True, 0.5]]:
        index.add_item(0, kind)
        assert index.get_item_vector(0) == [float(kind[position]) for position in range(3)]
    index.add_item(0, [1e300, -1e300, 1e-300])
    assert index.get_item_vector(0) == [float("inf"), float("-inf"), 0.0]


@pytest.mark.parametrize(
    "vector,error,message",
    [
        ([1, 2], IndexError, r"Vector has wrong length \(expected 3, got 2\)"),
        (np.ones(4, "f4"), IndexError, r"Vector has wrong length \(expected 3, got 4\)"),
        ([], IndexError, r"Vector has wrong length \(expected 3, got 0\)"),
        (range(4), IndexError, r"Vector has wrong length \(expected 3, got 4\)"),
        (7, TypeError, r"object of type 'int' has no len\(\)"),
        (None, TypeError, r"object of type 'NoneType' has no len\(\)"),
        ({1, 2, 3}, TypeError, "'set' object is not subscriptable"),
        (["1", "2", "3"], TypeError, "must be real number, not str"),
        ("abc", TypeError, "must be real number, not str"),
        ([1, None, 3], TypeError, "must be real number, not NoneType"),
        (np.array(["a", "b", "c"]), TypeError, "must be real number, not "),
        ({"a": 1, "b": 2, "c": 3}, KeyError, "0"),
        ([10**400, 1, 2], OverflowError, "int too large to convert to float"),
        (np.ones((3, 2)), TypeError, None),
    ],
    ids=repr,
)
def test_whatever_a_vector_is_not(vector, error, message):
    index = AnnoyIndex(3, "angular")
    index.add_item(0, [1, 2, 3])
    index.build(2)
    for call in (lambda: index.add_item(0, vector), lambda: index.get_nns_by_vector(vector, 1)):
        with pytest.raises(error, match=message):
            call()
    assert index.get_item_vector(0) == [1, 2, 3]


def test_a_list_that_empties_itself_is_read_as_it_was():
    class Emptying:
        def __float__(self):
            row.clear()
            return 1.0

    row = [Emptying(), 2.0, 3.0]
    index = AnnoyIndex(3, "angular")
    index.add_item(0, row)
    assert row == [] and index.get_item_vector(0) == [1.0, 2.0, 3.0]


def test_items_that_are_not_there(x):
    index = filled(x)
    for item, message in [(-1, "can not be negative"), (-1000, "negative"), (200, "larger than the largest"), (10**6, "larger")]:
        calls = [
            lambda item=item: index.get_distance(0, item),
            lambda item=item: index.get_distance(item, 0),
            lambda item=item: index.get_nns_by_item(item, 1),
            lambda item=item: index.get_item_vector(item),
        ]
        for call in calls:
            with pytest.raises(IndexError, match=f"Item index .*{message}"):
                call()
    with pytest.raises(IndexError, match="Item index can not be negative"):
        index.add_item(-1, [1])
    with pytest.raises(OverflowError):
        index.get_nns_by_item(2**31, 1)


def test_numbers_of_items_have_to_be_integers(x):
    index = filled(x)
    for bad in (1.0, "1", None):
        for call in (
            lambda bad=bad: index.add_item(bad, x[0]),
            lambda bad=bad: index.get_nns_by_item(bad, 3),
            lambda bad=bad: index.get_nns_by_item(0, bad),
            lambda bad=bad: index.get_nns_by_item(0, 3, bad),
            lambda bad=bad: index.get_nns_by_item(0, 3, -1, bad),
            lambda bad=bad: index.get_distance(0, bad),
            lambda bad=bad: index.build(bad),
            lambda bad=bad: index.set_seed(bad),
            lambda bad=bad: index.verbose(bad),
        ):
            with pytest.raises(TypeError):
                call()
    assert index.get_nns_by_item(np.int64(0), np.uint8(3)) == index.get_nns_by_item(0, 3)


def test_how_many(x):
    index = filled(x)
    assert index.get_nns_by_item(0, 0) == []
    assert len(index.get_nns_by_item(0, 10**9)) == 200
    assert sorted(index.get_nns_by_item(0, -1)) == list(range(200))
    assert len(index.get_nns_by_item(0, 10, 0)) == 0
    assert len(index.get_nns_by_item(0, 10, -2)) == 10


def test_states(x, tmp_path):
    path = str(tmp_path / "x.ann")
    index = filled(x, trees=0)
    with pytest.raises(OSError, match="You can't save an index that hasn't been built"):
        index.save(path)
    index.build(3)
    with pytest.raises(Exception, match="You can't build a built index") as caught:
        index.build(3)
    assert caught.type is Exception
    assert index.unbuild() is True
    assert index.get_n_trees() == 0
    index.add_item(200, x[0])
    assert index.build(4)
    assert index.save(path) is True
    for call, message in [
        (lambda: index.add_item(0, x[0]), "You can't add an item to a loaded index"),
        (lambda: index.build(3), "You can't build a loaded index"),
        (lambda: index.unbuild(), "You can't unbuild a loaded index"),
    ]:
        with pytest.raises(Exception, match=message) as caught:
            call()
        assert caught.type is Exception
    assert (index.get_n_items(), index.get_n_trees()) == (201, 4)
    assert index.unload() is True
    assert (index.get_n_items(), index.get_n_trees()) == (0, 0)
    assert index.load(path) is True
    assert (index.get_n_items(), index.get_n_trees()) == (201, 4)
    assert index.get_item_vector(200) == x[0].tolist()


def test_a_new_item_does_not_go_over_the_trees(x):
    index = filled(x)
    with pytest.raises(Exception, match="a new item cannot be added to built trees"):
        index.add_item(200, x[0])
    assert len(index.get_nns_by_item(0, 200)) == 200


@pytest.mark.parametrize("metric", METRICS)
def test_files(x, q, metric, tmp_path, monkeypatch):
    index = filled(x, metric, items=range(0, 600, 3))
    before = [index.get_nns_by_vector(query, 20, include_distances=True) for query in q]
    monkeypatch.chdir(tmp_path)
    for path in ("x.ann", tmp_path / "y.ann", "-"):
        assert index.save(path, prefault=True)
        again = AnnoyIndex(24, metric)
        assert again.load(path, prefault=path == "x.ann")
        assert again.get_n_items() == 598
        assert [again.get_nns_by_vector(query, 20, include_distances=True) for query in q] == before
        assert again.get_item_vector(1) == [0.0] * 24
    contents = {path.read_bytes() for path in tmp_path.iterdir()}
    assert len(contents) == 1 and len(list(tmp_path.iterdir())) == 3
    on_disk = AnnoyIndex(24, metric)
    assert on_disk.on_disk_build("disk.ann") is True
    for item, row in zip(range(0, 600, 3), x, strict=True):
        on_disk.add_item(item, row)
    on_disk.build(10, n_jobs=1)
    assert on_disk.save("elsewhere.ann") and not os.path.exists("elsewhere.ann")
    assert {(tmp_path / "disk.ann").read_bytes()} == contents
    assert on_disk.get_nns_by_vector(q[0], 20, include_distances=True) == before[0]


def test_a_file_may_be_replaced_while_it_is_used(x, tmp_path):
    path = str(tmp_path / "x.ann")
    filled(x).save(path)
    old = AnnoyIndex(24, "angular")
    old.load(path)
    before = old.get_nns_by_item(0, 50)
    filled(x[:50]).save(path)
    assert old.get_nns_by_item(0, 50) == before
    old.load(path)
    assert old.get_n_items() == 50


def test_files_that_are_none(x, tmp_path):
    index = filled(x)
    path = tmp_path / "x.ann"
    index.save(str(path))
    (tmp_path / "empty.ann").touch()
    (tmp_path / "odd.ann").write_bytes(path.read_bytes()[:-1])
    for name, message in [
        ("missing.ann", r"^Unable to open: No such file or directory \(2\)$"),
        ("empty.ann", "^Size of file is zero"),
        ("odd.ann", "^Index size is not a multiple of vector size. Ensure you are opening using the same metric"),
        (".", None),
        ("x.ann/y", r"^Unable to open: Not a directory \(20\)$"),
    ]:
        with pytest.raises(OSError, match=message) as caught:
            index.load(str(tmp_path / name))
        assert caught.type is OSError
    assert index.get_n_items() == 200
    for name, message in [("no/x.ann", "No such file or directory"), (".", None)]:
        for write in (filled(x).save, AnnoyIndex(2, "dot").on_disk_build):
            with pytest.raises(OSError, match=message) as caught:
                write(str(tmp_path / name))
            assert caught.type is OSError
    for other in (AnnoyIndex(25, "angular"), AnnoyIndex(24, "dot")):
        with pytest.raises(OSError, match="Index size is not a multiple"):
            other.load(str(path))
    for bad, error in [(b"x", TypeError), (None, TypeError), (3, TypeError), ("a\0b", ValueError)]:
        for call in (index.load, index.save, index.on_disk_build):
            with pytest.raises(error):
                call(bad)
    for bad in (-1, 256):
        with pytest.raises(OverflowError):
            index.load(str(path), bad)


def test_making_one():
    with pytest.raises(ValueError, match="No such metric"):
        AnnoyIndex(10, "banana")
    for arguments in [(), ("x", "dot"), (2.0, "dot"), (2, None), (2, b"dot"), (2, "dot", 3)]:
        with pytest.raises(TypeError):
            AnnoyIndex(*arguments)
    with pytest.raises(OverflowError):
        AnnoyIndex(2**31, "dot")
    for f in (0, -1):
        with pytest.raises(ValueError, match="components"):
            AnnoyIndex(f, "dot")
    assert AnnoyIndex(f=3, metric="euclidean").f == 3


def test_no_metric_is_angular(recwarn):
    with pytest.warns(FutureWarning, match="Please pass metric='angular' explicitly"):
        index = AnnoyIndex(2)
    index.add_item(0, [1, 0])
    index.add_item(1, [0, 7])
    assert index.get_distance(0, 1) == pytest.approx(2**0.5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(FutureWarning):
            AnnoyIndex(2)


def test_copies_are_refused():
    index = AnnoyIndex(2, "dot")
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="cannot pickle"):
            pickle.dumps(index, protocol)
    for how in (copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="cannot pickle"):
            how(index)
    assert pickle.loads(pickle.dumps(AnnoyIndex)) is AnnoyIndex
    with pytest.raises(AttributeError):
        index.anything = 1


def test_classes_derived_from_it(x):
    class Named(AnnoyIndex):
        def __init__(self, f, metric, name="unnamed"):
            super().__init__(f, metric)
            self.name = name

        def get_nns_by_item(self, i, n):
            return [f"{self.name} {item}" for item in super().get_nns_by_item(i, n)]

    index = Named(24, metric="angular")
    index.add_item(0, x[0])
    index.build(1)
    assert index.get_nns_by_item(0, 1) == ["unnamed 0"]
    with pytest.raises(TypeError):
        AnnoyIndex(3, "dot").__init__("x")


def test_bits_are_what_is_above_a_half():
    index = AnnoyIndex(70, "hamming")
    index.add_item(0, [0.5] * 70)
    index.add_item(1, [0.6] * 69 + [float("nan")])
    assert index.get_item_vector(1) == [1.0] * 69 + [0.0]
    assert index.get_distance(0, 1) == 69
    index.build(2)
    assert index.get_nns_by_vector([2] * 70, 2, include_distances=True) == ([1, 0], [1.0, 70.0])


def test_seeds(x, tmp_path):
    def built(seed):
        index = filled(x, trees=0)
        assert seed is None or index.set_seed(seed) is None
        index.build(3, n_jobs=1)
        index.save(str(tmp_path / "x.ann"))
        return (tmp_path / "x.ann").read_bytes()

    files = [built(seed) for seed in (None, 0, 1, -1, 2**31 - 1)]
    assert len(set(files)) == 5
    assert built(1) == files[2]


@pytest.mark.parametrize("jobs", [1, 2, 4, 8, -1])
def test_threads_share_the_trees(x, jobs):
    index = filled(x, "euclidean", trees=0)
    assert index.build(31, n_jobs=jobs)
    assert index.get_n_trees() == 31
    assert index.get_nns_by_item(5, 1) == [5]


def test_verbose_tells_on_standard_error(x, tmp_path, capfd):
    index = filled(x, trees=0)
    assert index.verbose(True) is True
    index.build(3)
    index.save(str(tmp_path / "x.ann"))
    index.unload()
    told = capfd.readouterr()
    assert told.out == "" and "found 3 roots with degree 200" in told.err and "unloaded" in told.err
    assert index.verbose(0) is True
    index.load(str(tmp_path / "x.ann"))
    assert capfd.readouterr() == ("", "")


def test_signatures():
    def names(method):
        return list(inspect.signature(getattr(AnnoyIndex, method)).parameters)[1:]

    for method, expected in {
        "add_item": ["i", "vector"],
        "build": ["n_trees", "n_jobs"],
        "save": ["fn", "prefault"],
        "load": ["fn", "prefault"],
        "on_disk_build": ["fn"],
        "get_nns_by_item": ["i", "n", "search_k", "include_distances", "filter"],
        "get_nns_by_vector": ["vector", "n", "search_k", "include_distances", "filter"],
    }.items():
        assert names(method) == expected, method
    positional = {"get_item_vector": (0,), "get_distance": (0, 0), "set_seed": (1,), "verbose": (0,)}
    index = AnnoyIndex(2, "dot")
    index.add_item(0, [1, 2])
    for method, arguments in positional.items():
        getattr(index, method)(*arguments)
        with pytest.raises(TypeError):
            getattr(index, method)(**dict(zip(["i", "j"], arguments)))


def test_one_index_in_many_threads(x):
    index = filled(x)
    expected = [index.get_nns_by_item(item, 20, include_distances=True) for item in range(200)]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            found = pool.map(lambda item: index.get_nns_by_item(item, 20, -1, True), range(200))
            assert list(found) == expected


def test_changes_wait_for_searches(x):
    index = filled(x)
    stop = threading.Event()

    def search():
        while not stop.is_set():
            found = index.get_nns_by_vector(x[3], 5)
            assert found == [] or found[0] == 3

    with ThreadPoolExecutor(4) as pool:
        searches = [pool.submit(search) for _ in range(4)]
        for _ in range(20):
            index.unbuild()
            index.add_item(5, x[5])
            index.build(2, n_jobs=2)
        stop.set()
        assert [job.result(timeout=60) for job in searches] == [None] * 4
