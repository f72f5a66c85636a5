"""Graphs in ``anear.faiss`` that are written without their rows, which are put under them again."""

import pickle

import anear
import anear.faiss as faiss
import numpy as np
import pytest
from conftest import PROJECT

KINDS = ["HNSW8,Flat", "HNSW8,SQ8", "HNSW8,PQ4x4np", "HNSW2Level"]


@pytest.fixture
def x(rng):
    return rng.random((600, 16), dtype=np.float32)


@pytest.fixture
def q(rng):
    return rng.random((20, 16), dtype=np.float32)


def made(description, x):
    if description == "HNSW2Level":
        index = faiss.IndexHNSW2Level(faiss.IndexFlatL2(16), 12, 4, 8)
    else:
        index = faiss.index_factory(16, description)
    index.train(x)
    index.add(x)
    index.hnsw.efSearch = 30
    return index


def bare(index):
    return faiss.deserialize_index(faiss.serialize_index(index, faiss.IO_FLAG_SKIP_STORAGE))


def same(found, expected):
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("description", KINDS)
def test_a_graph_is_written_without_its_rows_and_takes_them_again(description, x, q):
    index = made(description, x)
    graph = bare(index)
    assert type(graph) is type(index) and graph.storage is None
    assert (graph.ntotal, graph.d, graph.hnsw.efSearch, graph.is_trained) == (600, 16, 30, True)
    np.testing.assert_array_equal(graph.hnsw.neighbors, index.hnsw.neighbors)
    written = faiss.serialize_index(graph)
    np.testing.assert_array_equal(written, faiss.serialize_index(index, faiss.IO_FLAG_SKIP_STORAGE))
    for copy in (faiss.clone_index(graph), pickle.loads(pickle.dumps(graph))):
        assert copy.storage is None
        np.testing.assert_array_equal(faiss.serialize_index(copy), written)
    graph.storage = index.storage
    same(graph.search(q, 5), index.search(q, 5))
    same([faiss.serialize_index(graph)], [faiss.serialize_index(index)])


@pytest.mark.parametrize("description", KINDS)
def test_what_needs_rows_is_refused(description, x, q):
    graph = bare(made(description, x))
    for call in (
        lambda: graph.search(q, 1),
        lambda: graph.range_search(q, 1.0),
        lambda: graph.reconstruct(3),
        lambda: graph.reconstruct_n(0, 2),
        lambda: graph.add(x),
        lambda: graph.train(x),
        lambda: graph.sa_encode(x),
        lambda: graph.sa_code_size(),
    ):
        with pytest.raises(RuntimeError, match="no rows.*set its storage"):
            call()
    with pytest.raises(RuntimeError, match="599 rows for a graph over 600"):
        graph.storage = made(description, x[:599]).storage
    with pytest.raises(RuntimeError, match="dimension 4"):
        graph.storage = faiss.IndexFlatL2(4)
    assert graph.storage is None
    graph.reset()
    assert graph.ntotal == 0 and bare(graph).ntotal == 0


def test_other_rows_may_be_put_under_a_graph(x, q):
    index = made("HNSW8,SQ8", x)
    exact = faiss.IndexFlatL2(16)
    exact.add(x)
    graph = bare(index)
    graph.storage = exact
    graph.hnsw.efSearch = 600
    np.testing.assert_array_equal(graph.search(q, 3)[1], exact.search(q, 3)[1])
    graph.storage = faiss.IndexScalarQuantizer(16, faiss.ScalarQuantizer.QT_fp16)
    with pytest.raises(RuntimeError, match="600 rows and metric l2 over an index of 0 rows"):
        graph.search(q, 3)
    graph.storage.add(x)
    np.testing.assert_array_equal(graph.search(q, 3)[1], graph.storage.search(q, 3)[1])
    index.storage = faiss.clone_index(index.storage)
    same(index.search(q, 5), made("HNSW8,SQ8", x).search(q, 5))


def test_what_is_around_a_graph_is_written_with_its_rows(x, q, tmp_path):
    index = faiss.IndexIDMap(faiss.IndexHNSWFlat(16, 8))
    index.add_with_ids(x, np.arange(600) * 3)
    whole, flag = faiss.serialize_index(index), faiss.IO_FLAG_SKIP_STORAGE
    np.testing.assert_array_equal(faiss.serialize_index(index, flag), whole)
    faiss.write_index(index.index, tmp_path / "graph", flag)
    faiss.write_index(index, tmp_path / "index", flag)
    assert (tmp_path / "graph").stat().st_size < len(whole) - x.nbytes < (tmp_path / "index").stat().st_size
    graph = faiss.read_index(tmp_path / "graph")
    graph.storage = index.index.storage
    same(graph.search(q, 5), index.index.search(q, 5))
    flat = faiss.IndexFlatL2(16)
    flat.add(x)
    np.testing.assert_array_equal(faiss.serialize_index(flat, flag), faiss.serialize_index(flat))


def test_a_graph_inside_an_index_may_lack_its_rows():
    path = PROJECT / "testdata/golden/faiss/idmap-graph-over-no-flat.faiss"
    index = faiss.read_index(path)
    assert (index.ntotal, index.index.storage, type(index.index)) == (5, None, faiss.IndexHNSWFlat)
    with pytest.raises(RuntimeError, match="no rows"):
        index.search(np.zeros((1, 3), np.float32), 1)
    rows = (np.arange(15, dtype=np.float32).reshape(5, 3) + 1) / 8
    flat = faiss.IndexFlatL2(3)
    flat.add(rows)
    index.index.storage = flat
    assert index.search(rows, 1)[1].ravel().tolist() == [5, -3, 2**40, 7, 6]
    with pytest.raises(anear.Error, match="without the rows"):
        anear.open(path)


def test_a_graph_over_bits_keeps_its_rows(rng):
    index = faiss.IndexBinaryHNSW(32, 4)
    index.add(rng.integers(0, 256, (50, 4), dtype=np.uint8))
    with pytest.raises(RuntimeError, match="over bits"):
        faiss.serialize_index_binary(index, faiss.IO_FLAG_SKIP_STORAGE)
