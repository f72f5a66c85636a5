"""Several indexes as one, with ``anear.faiss``."""

import anear.faiss as faiss
import numpy as np
import pytest


@pytest.fixture
def x(rng):
    return rng.random((300, 16), dtype=np.float32)


@pytest.fixture
def q(rng):
    return rng.random((9, 16), dtype=np.float32)


def of(kind, x):
    index = kind(x.shape[1] * (8 if x.dtype == np.uint8 else 1))
    index.add(x)
    return index


def same(one, other):
    for expected, found in zip(one, other, strict=True):
        assert expected.dtype == found.dtype
        np.testing.assert_array_equal(expected, found)


@pytest.mark.parametrize("kind", [faiss.IndexFlatL2, faiss.IndexFlatIP])
def test_shards_find_what_one_index_finds(kind, x, q):
    whole = of(kind, x)
    shards = faiss.IndexShards(16)
    for part in (x[:70], x[70:200], x[200:]):
        shards.add_shard(of(kind, part))
    assert (shards.ntotal, shards.count(), shards.is_trained, shards.metric_type) == (300, 3, True, whole.metric_type)
    same(whole.search(q, 8), shards.search(q, 8))
    found = shards.search(q, 8, params=faiss.SearchParameters(sel=faiss.IDSelectorRange(0, 5)))
    assert (found[1] >= 0).all() and set(found[1].ravel() % 10) <= set(range(5))
    with pytest.raises(RuntimeError, match="added once"):
        shards.add(x)
    shards.reset()
    shards.add(x)
    assert [shards.at(number).ntotal for number in range(3)] == [100, 100, 100]
    same(whole.search(q, 8), shards.search(q, 8))
    with pytest.raises(RuntimeError, match="dimension 8"):
        shards.add_shard(faiss.IndexFlatL2(8))
    with pytest.raises(RuntimeError, match="was not added"):
        shards.remove_shard(whole)


def test_shards_with_ids_of_their_own(x, q):
    shards = faiss.IndexShards(16, False, False)
    with pytest.raises(RuntimeError, match="no shard"):
        shards.add(x)
    for _ in range(2):
        shards.add_shard(faiss.IndexIDMap(faiss.IndexFlatL2(16)))
    shards.add(x[:100])
    shards.add_with_ids(x[100:], np.arange(100, 300))
    same(of(faiss.IndexFlatL2, x).search(q, 8), shards.search(q, 8))
    assert faiss.IndexShards(False).successive_ids and not faiss.IndexShards(False, False).successive_ids
    with pytest.raises(RuntimeError, match="no ids of their own"):
        faiss.IndexShards(16).add_with_ids(x, np.arange(300))


def test_missing_rows_have_no_label(x, q):
    shards = faiss.IndexShards(16)
    shards.add_shard(of(faiss.IndexFlatL2, x[:3]))
    shards.add_shard(of(faiss.IndexFlatL2, x[3:5]))
    distances, labels = shards.search(q, 8)
    assert ((labels >= 0).sum(1) == 5).all() and (labels[:, 5:] == -1).all()
    assert (distances[:, 5:] == np.finfo(np.float32).max).all()


def test_replicas_share_queries(x, q):
    replicas = faiss.IndexReplicas(16)
    replicas.add_replica(faiss.IndexFlatL2(16))
    replicas.add_replica(faiss.IndexFlatL2(16))
    replicas.add(x)
    assert (replicas.ntotal, replicas.count(), replicas.is_trained) == (300, 2, True)
    same(of(faiss.IndexFlatL2, x).search(q, 8), replicas.search(q, 8))
    same(of(faiss.IndexFlatL2, x).search(q[:1], 8), replicas.search(q[:1], 8))
    np.testing.assert_array_equal(replicas.reconstruct(7), x[7])
    with pytest.raises(RuntimeError, match="0 rows"):
        replicas.add_replica(faiss.IndexFlatL2(16))
    replicas.remove_replica(replicas.at(0))
    assert (replicas.ntotal, replicas.count()) == (300, 1)


def test_shards_and_replicas_over_bits(rng):
    bits, queries = (rng.integers(0, 256, (rows, 4), dtype=np.uint8) for rows in (90, 6))
    whole = of(faiss.IndexBinaryFlat, bits)
    shards, replicas = faiss.IndexBinaryShards(32), faiss.IndexBinaryReplicas(32)
    for part in (bits[:40], bits[40:]):
        shards.add_shard(of(faiss.IndexBinaryFlat, part))
        replicas.add_replica(of(faiss.IndexBinaryFlat, bits))
    assert shards.code_size == replicas.code_size == 4
    expected = whole.search(queries, 7)
    np.testing.assert_array_equal(shards.search(queries, 7)[0], expected[0])
    same(expected, replicas.search(queries, 7))
    assert (shards.search(queries, 95)[0][:, 90:] == np.iinfo(np.int32).max).all()
