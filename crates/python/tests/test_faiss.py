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


def test_a_search_of_lists_ends_early(x, q):
    index = filled("IVF8,Flat", x)
    index.nprobe = 8
    assert (index.search(q, 5)[1] >= 0).all()
    index.max_codes = 3
    few = index.search(q, 5)[1]
    assert ((few >= 0).sum(1) == 3).all()
    params = faiss.SearchParametersIVF(nprobe=8, max_codes=3, ensure_topk_full=True)
    assert (index.search(q, 5, params=params)[1] >= 0).all()
    assert (index.search(q, 5, params=faiss.SearchParametersIVF(nprobe=8))[1] >= 0).all()
    index.parallel_mode = 1
    with pytest.raises(RuntimeError, match="parallel_mode"):
        index.search(q, 5, params=params)
    index.nprobe = 0
    with pytest.raises(RuntimeError, match="nprobe is 0"):
        index.search(q, 5)
    blocks = filled("IVF8,PQ4x4fsr", x)
    with pytest.raises(RuntimeError, match="lists without hits"):
        blocks.search(q, 5, params=faiss.SearchParametersIVF(max_empty_result_buckets=1))


def test_lists_that_were_found_before(x, q):
    index = filled("IVF8,Flat", x)
    index.nprobe = 3
    distances, lists = index.quantizer.search(q, 3)
    for expected, found in zip(index.search(q, 4), index.search_preassigned(q, 4, lists, distances), strict=True):
        np.testing.assert_array_equal(expected, found)
    limits, _, labels = index.range_search_preassigned(q, 0.9, lists, None)
    expected = index.range_search(q, 0.9)
    np.testing.assert_array_equal(limits, expected[0])
    np.testing.assert_array_equal(labels, expected[2])
    nowhere = np.full_like(lists, -1)
    assert (index.search_preassigned(q, 4, nowhere, None)[1] == -1).all()
    with pytest.raises(RuntimeError, match="there is no list"):
        index.search_preassigned(q, 4, lists + 8, None)
    with pytest.raises(AssertionError):
        index.search_preassigned(q, 4, lists[:, :2], None)


def test_the_quantizer_is_searched_as_asked(x, q):
    index = filled("IVF8_HNSW4,Flat", x)
    all_lists = faiss.SearchParametersHNSW(efSearch=100)
    params = faiss.SearchParametersIVF(nprobe=8, quantizer_params=all_lists)
    np.testing.assert_array_equal(index.search(q, 4, params=params)[1], nearest(q, x, 4)[0])
    flat = filled("IVF8,Flat", x)
    one = faiss.SearchParametersIVF(nprobe=8, quantizer_params=faiss.SearchParameters(sel=faiss.IDSelectorRange(3, 4)))
    labels = flat.search(q, 60, params=one)[1]
    in_list = np.asarray(flat.invlists.get_ids(3))
    assert set(labels[labels >= 0]) <= set(in_list) and (labels >= 0).any()


def test_a_function_selects_rows(x, q):
    index = filled("IVF8,Flat", x)
    asked = faiss.PyCallbackIDSelector(lambda id: id % 5 == 2)
    odd = faiss.IDSelectorAnd(asked, faiss.IDSelectorRange(0, 300))
    labels = index.search(q, 5, params=faiss.SearchParametersIVF(nprobe=8, sel=odd))[1]
    assert all(label % 5 == 2 and label < 300 for label in labels.ravel()) and asked.is_member(7)

    def fails(id):
        raise KeyError(id)

    broken = faiss.IDSelectorNot(faiss.PyCallbackIDSelector(fails))
    for _ in range(2):
        with pytest.raises(KeyError):
            index.search(q, 5, params=faiss.SearchParametersIVF(sel=broken))
    with pytest.raises(KeyError):
        broken.is_member(3)


def test_parts_of_an_index(x, q):
    index = filled("IVF8,SQ8", x)
    parts = [faiss.clone_index(index) for _ in range(2)]
    for number, part in enumerate(parts):
        part.reset()
        index.copy_subset_to(part, 1, 2, number)
        assert all(np.asarray(part.invlists.get_ids(at)).tolist() == [
            id for id in np.asarray(index.invlists.get_ids(at)) if id % 2 == number] for at in range(8))
    parts[0].merge_from(parts[1], 0)
    np.testing.assert_array_equal(parts[0].search(q, 4)[1], index.search(q, 4)[1])
    with pytest.raises(RuntimeError, match="subset of type 9"):
        index.copy_subset_to(parts[0], 9, 2, 0)


def test_rows_are_removed_from_an_id_map_over_lists(x, q):
    ids = np.arange(400) * 3 + 7
    for description in ("IDMap,IVF8,Flat", "IDMap2,IVF8,PQ4x4fsr", "IDMap2,PCA8,IVF8,SQ8"):
        inner = filled(description.split(",", 1)[1], x)
        inner.reset()
        index = (faiss.IndexIDMap2 if "2" in description[:6] else faiss.IndexIDMap)(inner)
        index.add_with_ids(x, ids)
        faiss.extract_index_ivf(index).nprobe = 8
        kept = faiss.IDSelectorNot(faiss.IDSelectorBatch(ids[::3]))
        params = faiss.SearchParametersIVF(nprobe=8, sel=kept)
        expected = index.search(q, 6, params=params)
        assert index.remove_ids(ids[::3]) == 134 and index.ntotal == 266
        np.testing.assert_array_equal(index.search(q, 6)[1], expected[1])
        index.add_with_ids(x[:1], np.array([5]))
        assert index.search(x[:1], 1)[1].tolist() == [[5]]


def test_no_index_is_written_too(x, tmp_path):
    faiss.write_index(None, tmp_path / "none")
    assert faiss.read_index(tmp_path / "none") is None and faiss.deserialize_index(faiss.serialize_index(None)) is None
    index, reader, writer = filled("Flat", x), faiss.VectorIOReader(), faiss.VectorIOWriter()
    faiss.write_index(index, writer)
    faiss.copy_array_to_vector(writer.data, reader.data)
    np.testing.assert_array_equal(faiss.read_index(reader).reconstruct_n(), x)
    other = faiss.VectorIOReader()
    other.data.swap(writer.data)
    assert len(writer.data) == 0 and faiss.read_index(other).ntotal == 400


def test_codecs_are_given_to_other_indexes(x):
    first, second = filled("PQ4x4np", x), faiss.IndexPQ(16, 4, 4)
    second.pq, second.is_trained = first.pq, True
    second.add(x)
    np.testing.assert_array_equal(second.codes, first.codes)
    faiss.copy_array_to_vector(np.asarray(first.pq.centroids), second.pq.centroids)
    with pytest.raises(RuntimeError, match="another kind"):
        second.pq = filled("SQ8", x).sq
    with pytest.raises(RuntimeError, match="3 numbers"):
        faiss.copy_array_to_vector(np.zeros(3, np.float32), second.pq.centroids)
    with pytest.raises(RuntimeError, match="cannot be changed"):
        faiss.copy_array_to_vector(np.zeros(3), first.codes)


@pytest.mark.parametrize("blocks", ["PQ4x4fs", "IVF8,PQ4x4fsr"])
def test_codes_in_blocks_are_codes_by_themselves(blocks, x):
    index = filled(blocks, x)
    codes = index.sa_encode(x)
    assert codes.shape == (400, index.sa_code_size()) == (400, 2 + ("IVF" in blocks))
    told = index.sa_decode(codes)
    assert ((told - x) ** 2).mean() < ((x - x.mean(0)) ** 2).mean()
    if "IVF" not in blocks:
        np.testing.assert_allclose(index.reconstruct_n(), told, atol=1e-6)


def test_how_few_rows_there_are_is_said(x, capfd):
    faiss.Kmeans(16, 5, min_points_per_centroid=80).train(x)
    faiss.Kmeans(16, 5, min_points_per_centroid=81).train(x)
    said = "WARNING clustering 400 points to 5 centroids: please provide at least 405 training points\n"
    assert capfd.readouterr().err == said
    index = faiss.index_factory(16, "IVF20,Flat")
    index.train(x)
    assert "400 points to 20 centroids" in capfd.readouterr().err
    index.train(x)
    assert capfd.readouterr().err == ""


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


def test_a_linear_transform_is_what_it_is_set_to(x, tmp_path):
    matrix, added = np.linspace(-1, 1, 64, dtype=np.float32), np.arange(4, dtype=np.float32)
    linear = faiss.LinearTransform(16, 4, True)
    with pytest.raises(RuntimeError, match="not trained"):
        linear.apply(x)
    faiss.copy_array_to_vector(matrix, linear.A)
    faiss.copy_array_to_vector(added, linear.b)
    linear.is_trained = True
    np.testing.assert_allclose(linear.apply(x), x @ matrix.reshape(4, 16).T + added, atol=1e-5)
    assert linear.have_bias and not linear.is_orthonormal
    faiss.write_VectorTransform(linear, tmp_path / "transform")
    read = faiss.read_VectorTransform(str(tmp_path / "transform"))
    assert type(read) is faiss.LinearTransform
    np.testing.assert_array_equal(read.apply(x), linear.apply(x))
    with pytest.raises(RuntimeError):
        linear.reverse_transform(read.apply(x))
    with pytest.raises(AttributeError):
        linear.C = 3


def test_transforms_learn(x):
    center = faiss.CenteringTransform(16)
    center.train(x)
    np.testing.assert_allclose(center.mean, x.mean(0), rtol=1e-5)
    np.testing.assert_allclose(center.reverse_transform(center.apply(x)), x, atol=1e-6)
    whitened = faiss.PCAMatrix(16, 8, -0.5)
    whitened.train(x)
    seen = whitened.apply(x)
    np.testing.assert_allclose(seen.T @ seen, np.eye(8), atol=1e-3)
    assert len(whitened.eigenvalues) == 16 and (np.diff(whitened.eigenvalues) <= 0).all()
    third = faiss.PCAMatrix(16, 2, -0.25)
    third.train(x)
    values = np.asarray(third.eigenvalues)[:2]
    np.testing.assert_allclose((third.apply(x) ** 2).sum(0), np.sqrt(values), rtol=1e-3)
    with pytest.raises(RuntimeError):
        faiss.PCAMatrix(16, 17).train(x)
    optimized = [faiss.OPQMatrix(16, 4) for _ in range(2)]
    optimized[1].niter = 2
    for transform in optimized:
        transform.train(np.concatenate([x] * 2))
    assert optimized[0].niter == 50 and (np.asarray(optimized[0].A) != np.asarray(optimized[1].A)).any()
    with pytest.raises(RuntimeError, match="niter_pq"):
        optimized[0].niter_pq = 3


def test_components_are_taken_from_other_places():
    row = np.arange(4, dtype=np.float32)[None]
    def taken(*arguments):
        return faiss.RemapDimensionsTransform(*arguments).apply(row)[0].tolist()

    assert taken(4, 8) == [0, 0, 1, 0, 2, 0, 3, 0]
    assert taken(4, 6, False) == [0, 1, 2, 3, 0, 0]
    assert taken(4, 2) == [0, 2]
    assert taken(4, 3, [3, -1, 0]) == [3, 0, 0]
    with pytest.raises(RuntimeError):
        taken(4, 1, [4])


def test_a_transform_before_an_index_is_the_one_that_was_put_there(x):
    first, second = faiss.PCAMatrix(16, 8), faiss.RandomRotationMatrix(8, 8)
    index = faiss.IndexPreTransform(first, second, faiss.IndexFlatL2(8))
    index.train(x)
    assert first.is_trained and second.is_trained and index.chain.at(0) is first and index.chain.at(1) is second
    np.testing.assert_allclose(second.apply(first.apply(x)), index.apply_chain(x), atol=1e-5)


def test_bits():
    x = np.random.default_rng(3).integers(0, 256, (200, 4), dtype=np.uint8)
    index = faiss.index_binary_factory(32, "BFlat")
    index.add(x)
    distances, labels = index.search(x[:3], 2)
    assert distances.dtype == np.int32 and labels[:, 0].tolist() == [0, 1, 2]
    np.testing.assert_array_equal(index.reconstruct_n(0, 5), x[:5])
    assert faiss.index_binary_factory(32, "BHNSW4").code_size == 4
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


def test_balanced_k_means(x):
    skewed = np.concatenate([x[:20], x[0] + 0.1 * x])
    plain, balanced = faiss.Kmeans(16, 8), faiss.Kmeans(16, 8, balanced=True)
    plain.train(skewed)
    balanced.train(skewed)
    assert plain.iteration_stats[-1]["imbalance_factor"] > 1.02
    assert balanced.iteration_stats[-1]["imbalance_factor"] < 1.001
    assert balanced.obj[-1] < balanced.obj[0]


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
