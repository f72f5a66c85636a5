import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import anear
import numpy as np
import pytest


@pytest.fixture
def c(tmp_path, x):
    collection = anear.Collection(tmp_path / "c.anear", dim=24, metric="l2", model="tiny")
    collection.add(
        x,
        ids=np.arange(len(x)) + 1000,
        metadata={"page": np.arange(len(x)) % 10, "name": [f"{row % 7}.pdf" for row in range(len(x))]},
    )
    return collection


def test_a_collection_is_opened_again(tmp_path, c, q):
    hits = c.search(q[0])
    c.close()
    with pytest.raises(anear.UsageError, match="closed"):
        c.search(q[0])
    assert repr(c) == f"<anear.Collection {str(tmp_path / 'c.anear')!r}, closed>"
    with anear.Collection(tmp_path / "c.anear") as again:
        assert (again.dim, again.metric, again.model) == (24, "l2", "tiny")
        assert (again.dtype, again.storage) == ("float32", "npy")
        assert again.columns == {"page": "int", "name": "text"}
        assert len(again) == 200 and again
        np.testing.assert_array_equal(again.search(q[0]).ids, hits.ids)
        assert repr(again) == f"<anear.Collection {str(tmp_path / 'c.anear')!r}, 200 x 24 float32, l2>"
    with pytest.raises(anear.UsageError, match="closed"):
        len(again)


@pytest.mark.parametrize(
    "other,message", [({"dim": 3}, "24"), ({"metric": "cosine"}, "l2"), ({"model": "large"}, "tiny")]
)
def test_what_a_collection_is_taken_for_is_checked(c, other, message):
    with pytest.raises(anear.UsageError, match=message):
        anear.Collection(c.path, **other)
    same = anear.Collection(c.path, dim=24, metric="l2", model="tiny")
    assert len(same) == 200


def test_the_model_is_checked_at_every_call(c, x, q):
    assert len(c.search(q[0], model="tiny")) == 10
    for call in (
        lambda: c.search(q[0], model="large"),
        lambda: c.add(x[:1], model="large"),
        lambda: c.upsert(x[:1], [1000], model="large"),
    ):
        with pytest.raises(anear.UsageError, match="tiny"):
            call()
    assert len(c) == 200


def test_nothing_is_made_without_being_asked(tmp_path):
    for arguments in ({}, {"dim": 3, "create": False}, {"dim": 3, "read_only": True}):
        with pytest.raises(FileNotFoundError):
            anear.Collection(tmp_path / "none.anear", **arguments)
    (tmp_path / "folder").mkdir()
    with pytest.raises(anear.UsageError, match="no collection"):
        anear.Collection(tmp_path / "folder")
    for arguments, message in [
        ({"dim": 0}, "0"),
        ({"metric": "nothing", "dim": 3}, "nothing"),
        ({"dtype": "nothing", "dim": 3}, "nothing"),
        ({"storage": "paper", "dim": 3}, "paper"),
        ({"compress": "gzip", "dim": 3}, "hdf5"),
        ({"compress": "zstd", "storage": "hdf5", "dim": 3}, "gzip"),
    ]:
        with pytest.raises(anear.UsageError, match=message):
            anear.Collection(tmp_path / "none.anear", **arguments)
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


@pytest.mark.parametrize("storage", ["npy", "hdf5"])
@pytest.mark.parametrize("dtype", [np.float32, "float16", "int8"])
def test_storages_and_types(tmp_path, rng, storage, dtype):
    rows = (rng.random((50, 8)) * 100).astype(dtype)
    more = {"compress": "gzip:4", "shuffle": False, "group_by": "page"} if storage == "hdf5" else {}
    with anear.Collection(
        tmp_path / "c.anear", dim=8, metric="l2", dtype=dtype, storage=storage, **more
    ) as c:
        ids = c.add(rows, metadata={"page": np.arange(50) % 3})
        np.testing.assert_array_equal(ids, np.arange(50))
        assert (c.dtype, c.storage) == (np.dtype(dtype).name, storage)
        got = c.get(ids[::-1])
        assert got.vectors.dtype == rows.dtype
        np.testing.assert_array_equal(got.vectors, rows[::-1])
        D, I = anear.search(rows, rows[:4], k=5, metric="l2")
        for hits, row in zip(c.search(rows[:4], k=5), I, strict=True):
            np.testing.assert_array_equal(hits.ids, row)


def test_search_agrees_with_arrays(c, x, q):
    D, I = anear.search(x, q, k=7, metric="l2")
    found = c.search(q, k=7)
    assert isinstance(found, list) and len(found) == 5
    for hits, distances, rows in zip(found, D, I, strict=True):
        assert isinstance(hits, anear.Hits)
        np.testing.assert_allclose(hits.distances, distances, rtol=1e-6)
        np.testing.assert_array_equal(hits.ids, rows + 1000)
        assert hits.metadata == {
            "page": [int(row) % 10 for row in rows],
            "name": [f"{row % 7}.pdf" for row in rows],
        }
    single = c.search(q[0], k=7, threads=1)
    np.testing.assert_array_equal(single.ids, found[0].ids)
    np.testing.assert_array_equal(c.search(q[:1].tolist(), k=7)[0].ids, single.ids)
    np.testing.assert_array_equal(c.search(q[0].tolist(), k=7).ids, single.ids)


def test_conditions(c, x, q):
    hits = c.search(q[0], k=5, where="page > ? AND name LIKE ?", params=[6, "3%"])
    assert len(hits) == 5
    assert all(hit.metadata["page"] > 6 and hit.metadata["name"] == "3.pdf" for hit in hits)
    assert c.count("page > ? AND name LIKE ?", (np.int64(6), "3%")) == len(
        [row for row in range(200) if row % 10 > 6 and row % 7 == 3]
    )
    assert list(c.search(q[0], where="id IN (1003, 1005, 7)").ids) in ([1003, 1005], [1005, 1003])
    assert len(c.search(q[0], where="page > 100")) == 0
    for condition in ("chapter = 1", "1; DROP TABLE embeddings", "load_extension('x')", "1) UNION SELECT (1"):
        with pytest.raises(anear.UsageError):
            c.search(q[0], where=condition)
    for params in ([], [1, 2], "1", [object()]):
        with pytest.raises(anear.Error):
            c.count("page > ?", params)


def test_search_by_id(c, x):
    hits = c.search(id=1017, k=3, columns=["page"])
    assert hits[0] == anear.Hit(1017, 0.0, 17, {"page": 7})
    two = c.search(id=[1017, np.int64(1002)], k=3)
    assert [of_one[0].id for of_one in two] == [1017, 1002]
    with pytest.raises(anear.UsageError, match="999"):
        c.search(id=999)


def test_ranges(c, x, q):
    lims, D, I = anear.search(x, q[:1], metric="l2", radius=2.5)
    hits = c.search(q[0], radius=2.5)
    np.testing.assert_array_equal(hits.ids, I + 1000)
    assert (hits.distances <= 2.5).all()


def test_an_index_changes_no_answer(c, q):
    before = c.search(q, k=50)
    c.index(threads=1)
    assert any(name.endswith(".anx") for name in c.info()["files"])
    for collection in (c, anear.Collection(c.path, read_only=True)):
        for one, other in zip(collection.search(q, k=50), before, strict=True):
            np.testing.assert_array_equal(one.ids, other.ids)
            np.testing.assert_array_equal(one.distances, other.distances)


def test_trees_find_most_of_the_nearest(c, q):
    nearest = c.search(q, k=50, where="page < 50")
    assert c.info()["index"] is None
    c.index(kind="forest")
    assert c.info()["index"] == "forest"
    for collection in (c, anear.Collection(c.path, read_only=True)):
        found = collection.search(q, k=50, where="page < 50")
        assert [len(hits) for hits in found] == [len(hits) for hits in nearest]
        same = [np.intersect1d(a.ids, b.ids).size for a, b in zip(found, nearest, strict=True)]
        assert sum(same) > 0.8 * sum(len(hits) for hits in nearest)
        for one, other in zip(collection.search(q, 50, where="page < 50", exact=True), nearest, strict=True):
            np.testing.assert_array_equal(one.ids, other.ids)
    c.index(threads=1, kind="flat")
    np.testing.assert_array_equal(c.search(q[0], 50, where="page < 50").ids, nearest[0].ids)
    with pytest.raises(anear.UsageError, match="HNSW32"):
        c.index(kind="HNSW32")


def test_text(tmp_path, rng):
    c = anear.Collection(tmp_path / "c.anear", dim=4, text="about")
    texts = ["green tea", "black tea with milk", "milk", "water"]
    c.add(rng.random((4, 4)), ids=["a", "b", "c", "d"], metadata={"about": texts, "title": texts[::-1]})
    found = c.search(text="tea")
    assert sorted(found.ids) == ["a", "b"] and (np.diff(found.distances) >= 0).all()
    assert [hit.id for hit in c.search(text="tea", where="about LIKE 'black%'")] == ["b"]
    assert len(c.search(text="water")) == 1
    c.index_text("title")
    assert len(c.search(text="water")) == 2
    assert c.info()["text"] == ["about", "title"]
    vector = c.get("d").vectors[0]
    both = c.search(vector, text="milk", k=4)
    assert isinstance(both, anear.Hits) and {"b", "c", "d"} <= set(both.ids)
    with pytest.raises(anear.UsageError, match="title"):
        c.index_text("chapter")


def test_what_is_sought_must_go_together(c, q):
    for arguments in ({}, {"query": q[0], "id": 1000}, {"id": 1000, "text": "x"}):
        with pytest.raises(anear.UsageError, match="a search is for"):
            c.search(**arguments)
    for call, message in [
        (lambda: c.search(q[0], k=0), "k is 0"),
        (lambda: c.search(q[0], threads=0), "threads is 0"),
        (lambda: c.search(q[0, :3]), "3"),
        (lambda: c.search(q[0] * np.nan), "NaN"),
        (lambda: c.search(q[0], columns=["chapter"]), "page, name"),
        (lambda: c.search(text="tea"), "text"),
    ]:
        with pytest.raises(anear.Error, match=message):
            call()


def test_rows_are_got_by_id(c, x):
    rows = c.get([1005, 1, 1003, 2])
    assert len(rows) == 2 and rows.missing == [1, 2]
    np.testing.assert_array_equal(rows.ids, [1005, 1003])
    np.testing.assert_array_equal(rows.vectors, x[[5, 3]])
    assert rows.metadata == {"page": [5, 3], "name": ["5.pdf", "3.pdf"]}
    row = rows[1]
    assert (row["id"], row["metadata"]) == (1003, {"page": 3, "name": "3.pdf"})
    np.testing.assert_array_equal(row["vector"], x[3])
    assert [row["id"] for row in rows] == [1005, 1003] and len(rows[:1]) == 1
    bare = c.get(1005, columns=[], vectors=False)
    assert (bare.vectors, bare.metadata, dict(bare[0])) == (None, {}, {"id": 1005, "metadata": {}})
    assert repr(rows) == "<anear.Rows, 2, metadata: page, name, 2 missing>"
    assert 1005 in c and np.int64(1005) in c and 7 not in c and None not in c and "1005" not in c
    with pytest.raises(anear.UsageError, match="chapter"):
        c.get(1005, columns=["chapter"])


def test_ids_are_checked(c, x):
    for ids, message in [
        ([1000], "1000"),
        (["a"], "int, not text"),
        ([1, 2], "2 ids"),
        ([0.5], "an id is 0.5"),
    ]:
        with pytest.raises(anear.Error, match=message):
            c.add(x[:1], ids=ids)
    with pytest.raises(anear.Error, match="7"):
        c.add(x[:2], ids=[7, 7])
    assert len(c) == 200
    np.testing.assert_array_equal(c.add(x[:2]), [1200, 1201])


def test_a_failed_add_adds_nothing(c, x):
    bad = x[:3].copy()
    bad[1, 2] = np.inf
    for vectors, metadata in [
        (bad, None),
        (x[:3, :5], None),
        (x[:3], {"page": [1, 2]}),
        (x[:3], {"page": [1, 2, object()]}),
        (x[:3], {"Id": [1, 2, 3]}),
    ]:
        with pytest.raises(anear.Error):
            c.add(vectors, metadata=metadata)
    assert len(c) == 200 and c.columns == {"page": "int", "name": "text"}


def test_upserts_and_updates(c, x):
    c.upsert(x[:2] + 1, [1005, 7], {"page": [50, 70]})
    rows = c.get([1005, 7])
    np.testing.assert_array_equal(rows.vectors, x[:2] + 1)
    assert rows.metadata == {"page": [50, 70], "name": [None, None]}
    assert len(c) == 201
    assert c.update([1006, 1007, 5], [{"read": True}, {"read": False}, {}]) == 2
    assert c.get([1006, 1007, 1008]).metadata == {
        "page": [6, 7, 8],
        "name": ["6.pdf", "0.pdf", "1.pdf"],
        "read": [True, False, None],
    }
    assert c.update(12345, {"read": True}) == 0
    np.testing.assert_array_equal(c.get(1006).vectors[0], x[6])


def test_deleting_and_compacting(c, x, q):
    assert c.delete([1003, 1003, 5]) == 1 and c.delete(1004) == 1
    assert c.delete(where="page = ?", params=[7]) == 20
    assert len(c) == c.count() == 178
    assert not {1003, 1004, 1017} & set(c.search(q[0], k=200).ids)
    assert c.info()["deleted"] == 22
    before = c.search(q, k=30)
    done = c.compact()
    assert (done["rows"], done["removed"]) == (178, 22) and c.info()["deleted"] == 0
    for one, other in zip(c.search(q, k=30), before, strict=True):
        np.testing.assert_array_equal(one.ids, other.ids)
    for arguments in ({}, {"ids": [1], "where": "1"}):
        with pytest.raises(anear.UsageError, match="ids or a condition"):
            c.delete(**arguments)
    assert c.delete(where="1") == 178 and len(c) == 0


def test_going_through_rows(c, x):
    batches = list(c.rows(batch=64))
    assert [len(rows) for rows in batches] == [64, 64, 64, 8]
    np.testing.assert_array_equal(np.concatenate([rows.vectors for rows in batches]), x)
    np.testing.assert_array_equal(np.concatenate([rows.ids for rows in batches]), np.arange(1000, 1200))
    (some,) = c.rows("page = ?", [3], columns=["name"], vectors=False)
    assert len(some) == 20 and some.vectors is None and list(some.metadata) == ["name"]
    assert list(c.rows("page > 100")) == []
    with pytest.raises(anear.UsageError, match="never end"):
        c.rows(batch=0)
    with pytest.raises(anear.UsageError):
        c.rows("chapter = 1")
    walk = c.rows(batch=150)
    assert len(next(walk)) == 150
    c.delete(where="1")
    assert len(next(walk)) == 50, "what is changed meanwhile does not show"


def test_files_go_in_and_out(tmp_path):
    v = anear.open("examples/data/food.db")
    with anear.Collection(tmp_path / "c.anear", dim=384) as c:
        assert c.import_file("examples/data/food.db") == anear.Added(600, 0, 600)
        assert c.import_file("examples/data/food.db", upsert=True) == (0, 600, 600)
        with pytest.raises(anear.DataError, match="there already"):
            c.import_file("examples/data/food.db")
        np.testing.assert_array_equal(c.get(v.ids).vectors, v.numpy())
        saved = c.export(tmp_path / "x.parquet", where="page_num = ?", params=[3], dtype="f16")
        assert saved.rows == c.count("page_num = 3") and saved.element == "f16"
        with pytest.raises(anear.UsageError):
            c.export(tmp_path / "x.parquet")
        out = anear.open(tmp_path / "x.parquet")
        assert set(out.metadata["page_num"]) == {3}
        np.testing.assert_array_equal(out.numpy(), c.get(out.ids).vectors.astype("f2"))


def test_collections_are_opened_and_converted_like_files(tmp_path, c, x, q):
    v = anear.open(c.path)
    assert v.shape == (200, 24) and list(v.ids) == list(range(1000, 1200))
    np.testing.assert_array_equal(v[10:12], x[10:12])
    np.testing.assert_array_equal(anear.search(c.path, q, metric="l2"), anear.search(x, q, metric="l2"))
    index = anear.Index.build(c.path, metric="l2")
    np.testing.assert_array_equal(index.search(q[0], 3)[1][0], c.search(q[0], 3).ids)
    saved = anear.convert(c.path, tmp_path / "x.npz", where="page = 3")
    assert saved.rows == 20
    saved = anear.convert(tmp_path / "x.npz", tmp_path / "new.anear", metric="l2")
    assert (saved.format, saved.rows) == ("collection", 20)
    with anear.Collection(tmp_path / "new.anear", metric="l2") as new:
        assert new.count("page = 3") == 20
        np.testing.assert_array_equal(new.get(1003).vectors[0], x[3])


def test_the_parts_open_in_their_own_tools(c, x):
    c.close()
    np.testing.assert_array_equal(np.load(f"{c.path}/vectors-000001.npy"), x)
    with closing(sqlite3.connect(f"file:{c.path}/metadata.sqlite?mode=ro", uri=True)) as metadata:
        query = "SELECT _row, id, page, name FROM embeddings ORDER BY _row"
        expected = [(row, row + 1000, row % 10, f"{row % 7}.pdf") for row in range(200)]
        assert metadata.execute(query).fetchall() == expected


def test_verify(tmp_path, c, x):
    assert c.verify() == []
    c.close()
    path = tmp_path / "c.anear" / "vectors-000001.npy"
    data = bytearray(path.read_bytes())
    data[-300] ^= 4
    path.write_bytes(data)
    c = anear.Collection(c.path)
    (problem,) = c.verify(repair=False)
    assert not problem.repaired and "vectors-000001.npy" in problem.what


def test_readers_write_nothing(c, x, q):
    reader = anear.Collection(c.path, read_only=True)
    for call in (lambda: reader.add(x[:1]), lambda: reader.delete([1000]), reader.compact):
        with pytest.raises(anear.Error):
            call()
    c.add(x[:1] * 0, ids=[5])
    assert len(reader) == 201 and reader.search(x[0] * 0, k=1).ids[0] == 5


def test_many_threads_read_and_write(c, x, q):
    def write(at):
        c.add(x[at : at + 1], ids=[at], metadata=[{"page": -1}])
        return len(c.search(q[at % 5], k=3))

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(write, range(40))) == [3] * 40
    assert len(c) == 240 and c.count("page = -1") == 40
    assert c.verify() == []


def _add_in_a_process(path):
    with anear.Collection(path) as c:
        return c.add(np.ones((3, 24))).tolist()


def test_other_processes_are_seen_at_once(c):
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(_add_in_a_process, (c.path,)) == [1200, 1201, 1202]
    assert len(c) == 203 and c.search(np.ones(24), k=1).ids[0] == 1200


@pytest.mark.skipif(os.name != "posix", reason="signals are sent the POSIX way")
def test_ctrl_c_stops_a_long_search(tmp_path):
    script = """
import anear, numpy as np, signal, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever this process was told to ignore
x = np.random.default_rng(1).random((60_000, 48), dtype=np.float32)
c = anear.Collection("c.anear", dim=48, metric="manhattan")
c.add(x)
print("begun", flush=True)
try:
    c.search(x)
except KeyboardInterrupt:
    print("stopped", time.time(), flush=True)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=tmp_path
    )
    assert process.stdout.readline() == "begun\n"
    time.sleep(0.5)
    assert process.poll() is None, "the search is long enough"
    sent = time.time()
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    word, moment = said.split()
    assert word == "stopped" and float(moment) - sent < 5
