"""Graphs without their rows: FAISS and anear write the same bytes, and put the rows under what the other wrote."""

import anear.faiss as ours
import faiss as theirs
import numpy as np
import pytest
from agreement import answer

DIM, ROWS = 16, 400
SKIP = theirs.IO_FLAG_SKIP_STORAGE
KINDS = ["HNSW8,Flat", "HNSW8,SQ8", "HNSW8,SQfp16", "HNSW8,PQ4x4np"]
AROUND = ["IDMap,HNSW8", "L2norm,HNSW8", "HNSW8,RFlat", "IVF16_HNSW4,Flat", "Flat", "IVF4,PQ4x4np"]


def made(description, metric=1):
    """An index that FAISS has made, and its copy."""
    x = np.random.default_rng(11).random((ROWS, DIM), dtype=np.float32)
    index = theirs.index_factory(DIM, description, metric)
    index.train(x)
    if "IDMap" in description:
        index.add_with_ids(x, np.arange(ROWS) * 2)
    else:
        index.add(x)
    return index, ours.deserialize_index(theirs.serialize_index(index))


def queries():
    return np.random.default_rng(12).random((20, DIM), dtype=np.float32)


@pytest.mark.parametrize("metric", [0, 1])
@pytest.mark.parametrize("description", KINDS + AROUND)
def test_the_same_bytes_are_written(description, metric, tmp_path):
    index, copy = made(description, metric)
    written = theirs.serialize_index(index, SKIP)
    np.testing.assert_array_equal(ours.serialize_index(copy, ours.IO_FLAG_SKIP_STORAGE), written)
    again = ours.deserialize_index(written)
    np.testing.assert_array_equal(ours.serialize_index(again), written)
    ours.write_index(copy, tmp_path / "x.faiss", ours.IO_FLAG_SKIP_STORAGE)
    np.testing.assert_array_equal(np.fromfile(tmp_path / "x.faiss", np.uint8), written)


@pytest.mark.parametrize("description", KINDS)
def test_rows_are_put_under_what_the_other_wrote(description):
    index, copy = made(description)
    bare = ours.deserialize_index(theirs.serialize_index(index, SKIP))
    assert (bare.storage, bare.ntotal, type(bare).__name__) == (None, ROWS, type(index).__name__)
    assert answer(lambda: bare.search(queries(), 3)) is RuntimeError
    bare.storage = copy.storage
    # FAISS opens a graph over product codes only if it makes no table of their distances.
    flags = theirs.IO_FLAG_PQ_SKIP_SDC_TABLE
    written = ours.serialize_index(copy, ours.IO_FLAG_SKIP_STORAGE)
    theirs_bare = theirs.deserialize_index(written, flags)
    assert theirs_bare.storage is None
    assert answer(lambda: theirs_bare.search(queries(), 3)) is RuntimeError
    theirs_bare.storage = index.storage
    theirs_bare.own_fields = False
    expected, labels = index.search(queries(), 5)
    for found in (bare, theirs_bare):
        found_distances, found_labels = found.search(queries(), 5)
        np.testing.assert_allclose(found_distances, expected, rtol=2e-4, atol=1e-4)
        assert (found_labels != labels).mean() < 0.02


def test_a_graph_without_rows_inside_an_id_map():
    graph = theirs.IndexHNSWFlat(DIM, 8)
    index = theirs.IndexIDMap(graph)
    x = np.random.default_rng(13).random((ROWS, DIM), dtype=np.float32)
    index.add_with_ids(x, np.arange(ROWS) + 9)
    storage = graph.storage
    graph.storage, graph.own_fields = None, False
    written = theirs.serialize_index(index)
    found = ours.deserialize_index(written)
    np.testing.assert_array_equal(ours.serialize_index(found), written)
    found.index.storage = ours.deserialize_index(theirs.serialize_index(storage))
    graph.storage, graph.own_fields = storage, True
    np.testing.assert_array_equal(found.search(x, 3)[1], index.search(x, 3)[1])
