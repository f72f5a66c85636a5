"""``anear.faiss`` by itself: answers against plain NumPy, and what is refused."""

import pickle

import anear.faiss as faiss
import numpy as np
import pytest

TRAINABLE = [
    "Flat", "SQ8", "PQ4x4np", "IVF8,Flat", "IVF8,SQ8", "IVF8,PQ4x4np", "IVF8,PQ4x4fsr", "HNSW8", "HNSW8,SQ8",
    "PCA8,IVF8,Flat", "IVF8_HNSW4,Flat", "SQ8,RFlat",
]  # fmt: skip


@pytest.fixture
def x(rng):
    return rng.random((400, 16), dtype=np.float32)


@pytest.fixture
def q(rng):
    return rng.random((7, 16), dtype=np.float32)


def nearest(q, x, k):
    distances = ((q[:, None] - x[None]) ** 2).sum(2)
    return np.argsort(distances, axis=1, kind="stable")[:, :k], np.sort(distances, axis=1)[:, :k]


def filled(description, x):
    index = faiss.index_factory(x.shape[1], description)
    index.train(x)
    index.add(x)
    return index


def test_a_flat_index_finds_the_nearest_rows(x, q):
    index = faiss.IndexFlatL2(16)
    index.add(x.astype("float64"))  # made float32, as in FAISS
    labels, distances = nearest(q, x, 5)
    found = index.search(q, 5)
    np.testing.assert_array_equal(found[1], labels)
    np.testing.assert_allclose(found[0], distances, rtol=1e-5)
    limits, near, rows = index.range_search(q, float(distances[0, 3]))
    assert set(rows[: limits[1]]) == set(labels[0, :3]) and len(near) == limits[-1]


@pytest.mark.parametrize("description", TRAINABLE)
def test_an_index_is_the_same_as_bytes_in_a_file_and_as_a_copy(description, x, q, tmp_path):
    index = filled(description, x)
    faiss.write_index(index, str(tmp_path / "index.faiss"))
    others = [
        faiss.read_index(tmp_path / "index.faiss"),
        faiss.deserialize_index(faiss.serialize_index(index)),
        faiss.clone_index(index),
        pickle.loads(pickle.dumps(index)),
    ]
    expected = index.search(q, 6)
    assert (expected[1][:, 0] >= 0).all()
    for other in others:
        assert type(other) is type(index) and other.ntotal == 400
        for theirs, ours in zip(expected, other.search(q, 6), strict=True):
            np.testing.assert_array_equal(theirs, ours)


def test_an_index_inside_another_is_the_one_that_was_put_there(x, q):
    flat = faiss.IndexFlatL2(16)
    index = faiss.IndexIDMap2(flat)
    ids = np.arange(400) * 3 + 1
    index.add_with_ids(x, ids)
    assert flat.ntotal == 400 and index.index is flat and faiss.downcast_index(index.index) is flat
    np.testing.assert_array_equal(index.search(q, 3)[1], ids[flat.search(q, 3)[1]])
    np.testing.assert_array_equal(index.reconstruct(ids[9]), x[9])
    np.testing.assert_array_equal(faiss.vector_to_array(index.id_map), ids)


def test_a_quantizer_is_shared_until_it_is_changed(x, q):
    quantizer = faiss.IndexFlatL2(16)
    first = faiss.IndexIVFFlat(quantizer, 16, 8)
    first.train(x)
    assert quantizer.ntotal == 8 and first.quantizer is quantizer and first.is_trained
    second = faiss.IndexIVFFlat(quantizer, 16, 8)
    assert second.is_trained
    for index in (first, second):
        index.add(x)
        index.nprobe = 3
    np.testing.assert_array_equal(first.search(q, 4)[1], second.search(q, 4)[1])
    quantizer.reset()
    assert (first.quantizer.ntotal, second.quantizer.ntotal) == (0, 8)


def test_parameters_by_name_reach_the_index_they_are_for(x):
    index = filled("PCA8,IVF8_HNSW4,Flat", x)
    space = faiss.ParameterSpace()
    space.set_index_parameters(index, "nprobe=5,quantizer_efSearch=33")
    lists = faiss.extract_index_ivf(index)
    assert (lists.nprobe, lists.quantizer.hnsw.efSearch) == (5, 33)
    with pytest.raises(RuntimeError, match="could not set parameter"):
        space.set_index_parameter(index, "no_such_parameter", 1)


def test_a_search_has_parameters_of_its_own(x, q):
    index = filled("IVF8,Flat", x)
    wide = index.search(q, 4, params=faiss.SearchParametersIVF(nprobe=8))
    np.testing.assert_array_equal(wide[1], nearest(q, x, 4)[0])
    index.nprobe = 8
    np.testing.assert_array_equal(index.search(q, 4)[1], wide[1])
    with pytest.raises(RuntimeError):
        index.search(q, 4, params=faiss.SearchParametersHNSW(efSearch=3))
    with pytest.raises(AttributeError):
        faiss.SearchParametersIVF(probes=8)
    with pytest.raises(RuntimeError, match="max_codes"):
        index.search(q, 4, params=faiss.SearchParametersIVF(max_codes=8))
    with pytest.raises(RuntimeError, match="can only be 0"):
        index.max_codes = 8


@pytest.mark.parametrize("description", ["Flat", "IVF8,Flat", "SQ8"])
def test_selected_rows_only(description, x, q):
    index = filled(description, x)
    kind = faiss.SearchParametersIVF if "IVF" in description else faiss.SearchParameters
    even = faiss.IDSelectorBatch(np.arange(0, 400, 2))
    selected = faiss.IDSelectorAnd(faiss.IDSelectorNot(even), faiss.IDSelectorRange(100, 200))
    labels = index.search(q, 10, params=kind(sel=selected))[1]
    assert all(100 <= label < 200 and label % 2 for label in labels[labels >= 0])
    assert selected.is_member(101) and not selected.is_member(102)
    nowhere = index.search(q, 2, params=kind(sel=faiss.IDSelectorArray([4000])))
    assert (nowhere[1] == -1).all() and (nowhere[0] == np.finfo(np.float32).max).all()


def test_rows_come_go_and_move(x, q):
    index = faiss.index_factory(16, "IVF8,Flat")
    index.train(x)
    other = faiss.clone_index(index)
    index.add_with_ids(x[:100], np.arange(100) + 1000)
    other.add_with_ids(x[100:150], np.arange(50))
    index.merge_from(other, 5000)
    assert (index.ntotal, other.ntotal) == (150, 0)
    assert index.remove_ids(np.array([1000, 5007, 77])) == 2
    index.set_direct_map_type(faiss.DirectMap.Hashtable)
    np.testing.assert_array_equal(index.reconstruct(5008), x[108])
    with pytest.raises(RuntimeError):
        index.reconstruct(1000)
    index.reset()
    assert index.ntotal == 0 and index.is_trained


def test_codes_by_themselves(x):
    for description in ("SQfp16", "IVF8,SQ8", "PCA16,PQ4x4np"):
        index = faiss.index_factory(16, description)
        index.train(x)
        codes = index.sa_encode(x)
        assert codes.shape == (400, index.sa_code_size()) and codes.dtype == np.uint8
        told = index.sa_decode(codes)
        assert ((told - x) ** 2).mean() < ((x - x.mean(0)) ** 2).mean()
        index.add(x)
        np.testing.assert_allclose(index.reconstruct_n(0, 400), told, atol=1e-6)


def test_a_product_quantizer_by_itself(x):
    quantizer = faiss.ProductQuantizer(16, 4, 4)
    quantizer.train(x)
    codes = quantizer.compute_codes(x)
    assert (quantizer.M, quantizer.dsub, quantizer.ksub, codes.shape) == (4, 4, 16, (400, 2))
    centroids = faiss.vector_to_array(quantizer.centroids).reshape(4, 16, 4)
    numbers = np.stack([codes & 15, codes >> 4], axis=2).reshape(400, 4)
    told = np.concatenate([centroids[part][numbers[:, part]] for part in range(4)], axis=1)
    np.testing.assert_array_equal(quantizer.decode(codes), told)


def test_transforms_by_themselves(x):
    rotation = faiss.RandomRotationMatrix(16, 16)
    rotation.train(x)
    rotated = rotation.apply(x)
    matrix = faiss.vector_to_array(rotation.A).reshape(16, 16)
    np.testing.assert_allclose(rotated, x @ matrix.T, atol=1e-5)
    np.testing.assert_allclose(rotation.reverse_transform(rotated), x, atol=1e-5)
    index = faiss.IndexPreTransform(rotation, faiss.IndexFlatL2(16))
    index.add(x)
    np.testing.assert_allclose(index.index.reconstruct(3), rotated[3], atol=1e-5)
    with pytest.raises(RuntimeError):
        faiss.PCAMatrix(16, 4).apply(x)


def test_bits():
    x = np.random.default_rng(3).integers(0, 256, (200, 4), dtype=np.uint8)
    index = faiss.index_binary_factory(32, "BFlat")
    index.add(x)
    distances, labels = index.search(x[:3], 2)
    assert distances.dtype == np.int32 and labels[:, 0].tolist() == [0, 1, 2]
    np.testing.assert_array_equal(index.reconstruct_n(0, 5), x[:5])
    few = faiss.IndexBinaryFlat(32)
    assert few.search(x[:1], 1)[0].tolist() == [[2**31 - 1]]
    with pytest.raises(TypeError):
        index.add(x.astype(np.float32))


def test_k_means(x):
    kmeans = faiss.Kmeans(16, 5, niter=7, seed=3)
    last = kmeans.train(x)
    assert kmeans.centroids.shape == (5, 16) and len(kmeans.obj) <= 7 and kmeans.obj[-1] == last
    distances, labels = kmeans.assign(x)
    np.testing.assert_array_equal(labels, nearest(x, kmeans.centroids, 1)[0].ravel())
    np.testing.assert_allclose(distances.sum(), ((x - kmeans.centroids[labels]) ** 2).sum(), rtol=1e-5)
    with pytest.raises(AttributeError):
        faiss.Kmeans(16, 5, iterations=7)


def test_arrays(x, q):
    np.testing.assert_array_equal(faiss.knn(q, x, 3)[1], nearest(q, x, 3)[0])
    products = faiss.pairwise_distances(q, x, faiss.METRIC_INNER_PRODUCT)
    np.testing.assert_allclose(products, q @ x.T, rtol=1e-5)
    heap = faiss.ResultHeap(len(q), 3)
    for start in (0, 200):
        distances, labels = faiss.knn(q, x[start : start + 200], 3)
        heap.add_result(distances, labels + start)
    heap.finalize()
    np.testing.assert_array_equal(heap.I, nearest(q, x, 3)[0])
    assert faiss.eval_intersection(heap.I, heap.I) == 21
    faiss.normalize_L2(x)
    np.testing.assert_allclose(np.linalg.norm(x, axis=1), 1, rtol=1e-5)


def test_what_is_refused(x, tmp_path):
    index = faiss.IndexIVFFlat(faiss.IndexFlatL2(16), 16, 8)
    with pytest.raises(RuntimeError, match="not trained"):
        index.add(x)
    with pytest.raises(AssertionError):
        index.train(x[:, :3])
    with pytest.raises(AssertionError):
        faiss.IndexFlatL2(16).search(x, 0)
    with pytest.raises(RuntimeError):
        faiss.IndexFlatL2(16).add_with_ids(x, np.arange(400))
    with pytest.raises(AttributeError):
        index.nprobes = 3
    with pytest.raises(RuntimeError):
        faiss.index_factory(16, "IVF8,NoSuchThing")
    with pytest.raises(RuntimeError):
        faiss.read_index(str(tmp_path / "missing.faiss"))
    with pytest.raises(RuntimeError):
        faiss.deserialize_index(np.zeros(9, np.uint8))
