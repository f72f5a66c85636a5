"""Rows in lists with ``anear.faiss``: their codes, other rows in their place, and searches that say how much they did."""

import anear.faiss as faiss
import numpy as np
import pytest


@pytest.fixture
def x(rng):
    return rng.random((400, 16), dtype=np.float32)


@pytest.fixture
def q(rng):
    return rng.random((7, 16), dtype=np.float32)


def filled(description, x):
    index = faiss.index_factory(16, description)
    index.train(x)
    index.add(x)
    index.nprobe = 3
    return index


@pytest.mark.parametrize("description", ["IVF8,Flat", "IVF8,SQ8", "IVF300,PQ4x4np", "IVF8,PQ4x4fsr", "IVF8,RaBitQfs"])
def test_codes_of_what_is_found(description, x, q):
    index = filled(description, x)
    distances, labels, codes = index.search_and_return_codes(q, 300, include_listnos=True)
    for expected, found in zip(index.search(q, 300), (distances, labels), strict=True):
        np.testing.assert_array_equal(expected, found)
    assert codes.shape == (7, 300, index.coarse_code_size() + index.code_size)
    there = labels >= 0
    assert (codes[~there] == 255).all() and not there.all()
    np.testing.assert_array_equal(codes[there], index.sa_encode(x)[labels[there]])
    place = np.zeros((7, 300, index.code_size), np.uint8)
    _, _, plain = index.search_and_return_codes(q, 300, codes=place)
    assert plain is place
    np.testing.assert_array_equal(plain, codes[:, :, index.coarse_code_size() :])


def test_only_lists_tell_codes(x):
    index = filled("IVF8,Flat", x)
    with pytest.raises(RuntimeError, match="no list holds a row of id 400"):
        index._tree.stored_codes("", np.array([400]), False)
    with pytest.raises(RuntimeError, match="without lists"):
        index.quantizer._tree.stored_codes("quantizer", np.array([0]), False)


@pytest.mark.parametrize("kind", [faiss.DirectMap.Array, faiss.DirectMap.Hashtable])
def test_other_rows_in_the_place_of_some(kind, x, q):
    index = filled("IVF8,Flat", x)
    with pytest.raises(RuntimeError, match="direct map not initialized"):
        index.update_vectors(np.arange(3), x[:3])
    index.set_direct_map_type(kind)
    index.update_vectors(np.arange(50), x[49::-1].copy())
    assert index.direct_map.type == kind and index.ntotal == 400
    np.testing.assert_array_equal(index.reconstruct_batch(np.arange(50)), x[49::-1])
    index.nprobe = 8
    expected = faiss.knn(q, np.concatenate([x[49::-1], x[50:]]), 5)
    np.testing.assert_array_equal(index.search(q, 5)[1], expected[1])
    for ids in ([400], [1, 1], [-1]):
        with pytest.raises(RuntimeError, match="no row has it"):
            index.update_vectors(np.array(ids), x[: len(ids)])
    assert index.ntotal == 400


def test_a_search_says_how_many_rows_it_looks_at(x, q):
    index = filled("IVF8,Flat", x)
    sizes = np.array([index.get_list_size(number) for number in range(8)])
    _, lists = index.quantizer.search(q, 3)
    index.nprobe = 1
    params = faiss.IVFSearchParameters(nprobe=3)
    distances, labels, stats = faiss.search_with_parameters(index, q, 4, params, output_stats=True)
    np.testing.assert_array_equal(labels, index.search(q, 4, params=params)[1])
    assert stats["ndis"] == sizes[lists].sum() and stats["invlist_scan_ms"] > 0
    radius = float(np.median(distances))
    *within, stats = faiss.range_search_with_parameters(index, q, radius, params, output_stats=True)
    for expected, found in zip(index.range_search(q, radius, params=params), within, strict=True):
        np.testing.assert_array_equal(expected, found)
    assert stats["ndis"] == sizes[lists].sum()
    assert len(faiss.range_search_with_parameters(index, q, radius)) == 3
    behind = faiss.index_factory(16, "PCA8,IVF8,Flat")
    behind.train(x)
    behind.add(x)
    faiss.extract_index_ivf(behind).nprobe = 3
    for expected, found in zip(behind.search(q, 4), faiss.search_with_parameters(behind, q, 4), strict=True):
        np.testing.assert_array_equal(expected, found)
    assert faiss.search_with_parameters(behind, q, 4, params, output_stats=True)[2]["ndis"] > 0


def test_a_search_of_lists_goes_on_with_what_was_found_before(x, q):
    index = filled("IVF8,Flat", x)
    distances, lists = index.quantizer.search(q, 3)
    heap = faiss.ResultHeap(len(q), 4)
    index.parallel_mode |= index.PARALLEL_MODE_NO_HEAP_INIT
    for column in range(3):
        only = np.full_like(lists, -1)
        only[:, column] = lists[:, column]
        index.search_preassigned(q, 4, only, distances, D=heap.D, I=heap.I)
    distances, labels = index.search(q, 4)
    np.testing.assert_array_equal(labels, heap.I)
    np.testing.assert_allclose(distances, heap.D, rtol=1e-6)


def test_rows_are_not_removed_from_blocks_with_a_direct_map(x):
    index = filled("IVF8,PQ4x4fs", x)
    index.set_direct_map_type(faiss.DirectMap.Hashtable)
    with pytest.raises(RuntimeError, match="not supported"):
        index.remove_ids(np.arange(3))


def test_lists_that_are_refined(rng):
    x = rng.random((1000, 16), dtype=np.float32)
    index = faiss.IndexIVFPQR(faiss.IndexFlatL2(16), 16, 4, 2, 8, 8, 8)
    index.train(x)
    index.add(x)
    faiss.ParameterSpace().set_index_parameters(index, "nprobe=4,k_factor=1")
    assert index.k_factor == 1.0
    truth = faiss.knn(x[:50], x, 5)[1]
    few = faiss.eval_intersection(index.search(x[:50], 5)[1], truth)
    index.k_factor = 8.0
    assert few < faiss.eval_intersection(index.search(x[:50], 5)[1], truth)
    assert faiss.deserialize_index(faiss.serialize_index(index)).k_factor == 8.0
    with pytest.raises(RuntimeError, match="8 are supported"):
        faiss.IndexIVFPQR(faiss.IndexFlatL2(16), 16, 4, 2, 8, 8, 4)


def test_lists_of_bits_are_told_without_a_direct_map(rng):
    bits = rng.integers(0, 256, (30, 4), dtype=np.uint8)
    index = faiss.index_binary_factory(32, "BIVF2_BHNSW8")
    index.train(bits)
    index.add(bits)
    np.testing.assert_array_equal(index.reconstruct_n(0, 30), bits)


def test_an_index_is_opened_without_its_lists(x, q, tmp_path):
    index = filled("IVF8,SQ8", x)
    faiss.write_index(index, tmp_path / "index.faiss", lists=tmp_path / "lists")
    (tmp_path / "lists").unlink()
    with pytest.raises(RuntimeError, match="lists"):
        faiss.read_index(tmp_path / "index.faiss")
    left = faiss.read_index(tmp_path / "index.faiss", faiss.IO_FLAG_SKIP_IVF_DATA)
    assert (left.nlist, left.ntotal, left.is_trained) == (8, 400, True)
    np.testing.assert_array_equal(left.sa_encode(q), index.sa_encode(q))
    with pytest.raises(RuntimeError):
        left.search(q, 3)


def test_numbers_are_sorted_into_buckets(rng):
    numbers = rng.integers(0, 9, 200)
    limits, places = faiss.bucket_sort(numbers, 12)
    for number in range(12):
        np.testing.assert_array_equal(places[limits[number] : limits[number + 1]], np.flatnonzero(numbers == number))
    table = numbers.reshape(50, 4).astype(np.int32)
    flat = table.copy()
    limits = faiss.matrix_bucket_sort_inplace(flat)
    for number in range(9):
        rows = flat.ravel()[limits[number] : limits[number + 1]]
        np.testing.assert_array_equal(np.sort(rows), np.nonzero(table == number)[0])
    assert faiss.get_mem_usage_kb() >= 0


def test_numbers_are_packed_into_bits(rng):
    numbers = rng.integers(0, 32, (6, 5))
    packed = faiss.pack_bitstrings(numbers, 5)
    assert packed.shape == (6, 4) and packed[0, 0] & 31 == numbers[0, 0]
    np.testing.assert_array_equal(faiss.unpack_bitstrings(packed, 5, 5), numbers)
    widths = [5, 6, 7, 5, 9]
    np.testing.assert_array_equal(faiss.unpack_bitstrings(faiss.pack_bitstrings(numbers, widths), widths), numbers)


def test_a_table_of_numbers_by_numbers():
    table = faiss.MapInt64ToInt64(4)
    table.add(np.array([5, -7]), np.array([1, 2]))
    table.add(np.array([5]), np.array([3]))
    np.testing.assert_array_equal(table.lookup(np.array([5, -7, 8])), [3, 2, -1])
    with pytest.raises(RuntimeError, match="for 4"):
        table.add(np.arange(10), np.arange(10))
    with pytest.raises(AssertionError):
        faiss.MapInt64ToInt64(3)


def test_codes_that_do_not_fit_are_refused():
    index = faiss.index_factory(4, "IVF3,Flat")
    index.train(np.eye(4, dtype=np.float32))
    codes = index.sa_encode(np.eye(4, dtype=np.float32))
    for wrong in (codes[:, 1:], codes.astype(np.uint16)):
        with pytest.raises(AssertionError):
            index.add_sa_codes(wrong)
    with pytest.raises(AssertionError):
        index.add_sa_codes(codes, np.arange(3))
    codes[0, 0] = 3
    with pytest.raises(RuntimeError, match="list 3 of 3"):
        index.add_sa_codes(codes)
    mapped = faiss.index_factory(4, "IDMap,Flat")
    with pytest.raises(RuntimeError, match="need ids"):
        mapped.add_sa_codes(np.zeros((1, 16), np.uint8))
    assert index.ntotal == mapped.ntotal == 0


def test_the_codec_of_a_refinement(rng):
    def made():
        index = faiss.IndexIVFPQR(faiss.IndexFlatL2(16), 16, 4, 2, 8, 8, 8)
        assert index.refine_pq is index.refine_pq and index.refine_pq.cp.max_points_per_centroid == 1000
        index.refine_pq.cp.niter = 3
        return index

    x = rng.random((400, 16), dtype=np.float32)
    index, other = made(), made()
    index.train(x)
    index.add(x)
    fine = index.refine_pq
    assert (fine.M, fine.nbits, fine.code_size, fine.d, index.code_size) == (8, 8, 8, 16, 2)
    codes = faiss.vector_to_array(index.refine_codes).reshape(400, 8)
    rest = x - index.quantizer.reconstruct_batch(index.quantizer.assign(x, 1).ravel())
    rest -= index.pq.decode(index.pq.compute_codes(rest))
    np.testing.assert_array_equal(codes, fine.compute_codes(rest))
    assert np.abs(rest - fine.decode(codes)).mean() < np.abs(rest).mean() / 2
    other.quantizer = index.quantizer
    other.pq, other.refine_pq, other.is_trained = index.pq, index.refine_pq, True
    other.add(x)
    np.testing.assert_array_equal(faiss.serialize_index(other), faiss.serialize_index(index))
    other.refine_pq.cp.niter = 20
    other.train(x)
    assert not np.array_equal(other.refine_pq.centroids, fine.centroids)
    np.testing.assert_array_equal(other.pq.centroids, index.pq.centroids)
    with pytest.raises(RuntimeError, match="codes of 4 bytes for 400 rows"):
        index.refine_pq = faiss.ProductQuantizer(16, 4, 8)
    with pytest.raises(RuntimeError, match="train_type"):
        fine.train_type = fine.Train_shared
    assert not hasattr(faiss.IndexIVFPQ(faiss.IndexFlatL2(16), 16, 4, 2, 8), "refine_pq")
