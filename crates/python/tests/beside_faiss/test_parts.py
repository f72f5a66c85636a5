"""Parts of indexes and functions beside them, as FAISS has them."""

import anear.faiss as ours
import faiss as theirs
import numpy as np
import pytest
from agreement import answer, same_nearest

DIM, ROWS = 16, 500


@pytest.fixture
def x():
    return np.random.default_rng(5).random((ROWS, DIM), dtype=np.float32)


@pytest.fixture
def q():
    return np.random.default_rng(6).random((12, DIM), dtype=np.float32)


def made(module, description, x, metric=1):
    """An index that FAISS has trained and filled, in either module."""
    index = theirs.index_factory(DIM, description, metric)
    index.train(x)
    index.add(x)
    return module.deserialize_index(theirs.serialize_index(index))


def both(call, *arguments):
    """What a call gives for both modules, FAISS first."""
    return [call(module, *arguments) for module in (theirs, ours)]


@pytest.mark.parametrize("description", ["IVF8,Flat", "IVF8,SQ8", "IVF300,PQ4x4np", "IVF8,RaBitQ"])
@pytest.mark.parametrize("numbered", [False, True])
def test_codes_of_what_is_found(description, numbered, x, q):
    def found(module):
        index = made(module, description, x)
        index.nprobe = 2
        return index.search_and_return_codes(q, 90, include_listnos=numbered)

    expected, others = both(found)
    same = expected[1] == others[1]
    assert same.mean() > 0.98 and expected[2].shape == others[2].shape
    np.testing.assert_array_equal(expected[2][same], others[2][same])


@pytest.mark.parametrize("kind", ["Array", "Hashtable"])
def test_other_rows_in_the_place_of_some(kind, x, q):
    def updated(module):
        index = made(module, "IVF8,SQ8", x)
        index.nprobe = 8
        refused = answer(lambda: index.update_vectors(np.arange(4), x[:4]))
        index.set_direct_map_type(getattr(module.DirectMap, kind))
        index.update_vectors(np.arange(40), x[39::-1].copy())
        return refused, *index.search(q, 5), index.reconstruct_n(0, ROWS)

    expected, found = both(updated)
    assert expected[0] is found[0] is RuntimeError
    np.testing.assert_allclose(expected[1], found[1], rtol=1e-5)
    np.testing.assert_array_equal(expected[2], found[2])
    np.testing.assert_allclose(expected[3], found[3], atol=1e-6)


def test_a_product_quantizer_is_the_same_file(x, tmp_path):
    def written(module):
        codec = module.ProductQuantizer(DIM, 4, 6)
        centroids = np.random.default_rng(1).random(64 * DIM, dtype=np.float32)
        module.copy_array_to_vector(centroids, codec.centroids)
        module.write_ProductQuantizer(codec, str(tmp_path / module.__name__))
        return (tmp_path / module.__name__).read_bytes(), codec.compute_codes(x)

    expected, found = both(written)
    assert expected[0] == found[0]
    np.testing.assert_array_equal(expected[1], found[1])
    np.testing.assert_array_equal(ours.read_ProductQuantizer(tmp_path / "faiss").compute_codes(x), expected[1])


@pytest.mark.parametrize("kind", ["Train_default", "Train_shared"])
def test_a_product_quantizer_learns_as_it_is_told(kind, x):
    def learned(module):
        codec = module.ProductQuantizer(DIM, 4, 4)
        codec.cp.niter = 3
        codec.train_type = getattr(module.ProductQuantizer, kind)
        codec.train(x)
        return module.vector_to_array(codec.centroids)

    expected, found = both(learned)
    np.testing.assert_allclose(expected, found, rtol=1e-4, atol=1e-5)


def test_single_codes_among_blocks(x):  # in blocks of more rows FAISS's packer takes row 32 for row 0
    def packed(module):
        index = made(module, "PQ4x4np", x)
        blocks = module.IndexPQFastScan(index, 32)
        packer = blocks.get_CodePacker()
        codes = module.vector_to_array(blocks.codes).reshape(-1, packer.block_size)
        singles = np.stack([packer.unpack_1(codes, row) for row in range(ROWS)])
        again = np.zeros_like(codes)
        for row, code in enumerate(singles):
            packer.pack_1(code, row, again)
        return codes, singles, again, (packer.nvec, packer.block_size, packer.code_size)

    expected, found = both(packed)
    for one, other in zip(expected, found, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("description", ["IVF8,Flat", "PCA8,IVF8,Flat"])
def test_how_many_rows_a_search_looks_at(description, x, q):
    def looked(module, only):
        index = made(module, description, x)
        params = module.IVFSearchParameters(nprobe=3) if only else None
        near = module.search_with_parameters(index, q, 6, params, output_stats=True)
        within = module.range_search_with_parameters(index, q, 1.0, params, output_stats=True)
        return near[1], near[2]["ndis"], np.sort(within[2]), within[3]["ndis"], sorted(near[2])

    for only in (False, True):
        expected, found = both(looked, only)
        for one, other in zip(expected, found, strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("description", ["IVF32,Flat", "IVF32_HNSW8,Flat", "HNSW8", "PCA8,IVF8,SQ8,RFlat"])
def test_what_is_worth_to_be_tried(description):
    def space(module):
        tried = module.ParameterSpace()
        tried.initialize(module.index_factory(DIM, description))
        count = tried.n_combinations()
        ranges = (tried.parameter_ranges.at(number) for number in range(tried.parameter_ranges.size()))
        return (
            [of.name for of in ranges],
            [tried.combination_name(number) for number in range(count)],
            [tried.combination_ge(3, number) for number in range(count)],
        )

    assert space(theirs) == space(ours)


def test_operating_points_are_kept_as_faiss_keeps_them():
    drawn = np.random.default_rng(9)
    for _ in range(50):
        points = theirs.OperatingPoints(), ours.OperatingPoints()
        for number in range(12):
            perf, seconds = drawn.integers(0, 5) / 4, float(drawn.integers(0, 5))
            kept = [of.add(perf, seconds, f"point {number}", number) for of in points]
            assert kept[0] == kept[1]
        expected, found = ([(p.perf, p.t, p.key, p.cno) for p in kept_of(of)] for of in points)
        if all(t > 0 for _, t, _, number in expected if number >= 0):  # 0 seconds beat even to do nothing
            assert expected == found
            assert [points[0].t_for_perf(perf / 8) for perf in range(10)] == [points[1].t_for_perf(perf / 8) for perf in range(10)]


def kept_of(points):
    return [points.optimal_pts.at(number) for number in range(points.optimal_pts.size())]


@pytest.mark.parametrize("criterion", ["OneRecallAtRCriterion", "IntersectionCriterion"])
def test_criteria_say_how_good_answers_are(criterion, x, q):
    true_distances, truth = ours.knn(q, x, 6)

    def judged(module):
        judge = getattr(module, criterion)(len(q), 5)
        judge.set_groundtruth(true_distances, truth)
        index = made(module, "PQ4x4np", x)
        found = index.search(q, 5)
        if module is theirs:
            found = [module.swig_ptr(answers) for answers in found]
        refused = answer(lambda: getattr(module, criterion)(len(q), 5).evaluate(*found))
        return judge.evaluate(*found), refused

    assert judged(theirs) == judged(ours)


def test_combinations_are_tried_as_faiss_tries_them(x, q):
    def tried(module):
        index = made(module, "IVF32,Flat", x)
        space = module.ParameterSpace()
        space.verbose, space.n_experiments = 0, 0
        space.initialize(index)
        judge = module.IntersectionCriterion(len(q), 5)
        judge.set_groundtruth(None, ours.knn(q, x, 5)[1])
        points = space.explore(index, q, judge)
        every = [points.all_pts.at(number) for number in range(points.all_pts.size())]
        return [(point.key, point.cno, point.perf) for point in every]

    assert tried(theirs) == tried(ours)


def test_codes_of_two_levels_are_the_same(x):
    def levels(module):
        index = module.Index2Layer(module.IndexFlatL2(DIM), 10, 4, 4)
        index.train(x)
        index.add(x)
        return index.reconstruct_n(0, ROWS)

    expected, found = both(levels)
    assert (np.abs(expected - found).max(1) < 1e-4).mean() > 0.98


def test_a_graph_over_an_index(x, q):
    def graph(module):
        index = module.IndexHNSW(module.IndexScalarQuantizer(DIM, module.ScalarQuantizer.QT_8bit), 8)
        index.train(x)
        index.add(x)
        return index.search(q, 5)[1]

    expected, found = both(graph)
    assert (expected == found).mean() > 0.95


def test_differences_of_one_component():
    drawn = np.random.default_rng(2)
    x, q = drawn.random((50, 1), dtype=np.float32), drawn.random((9, 1), dtype=np.float32)

    def found(module):
        index = module.IndexFlat1D()
        index.add(x)
        return index.search(q, 4)

    (expected, labels), (distances, others) = both(found)
    np.testing.assert_allclose(expected, distances, atol=1e-6)
    np.testing.assert_array_equal(labels, others)


def test_centroids_by_inner_products(x):
    def centroids(module):
        clustering = module.Clustering(DIM, 6)
        clustering.niter = 4
        clustering.train(x, module.IndexFlatIP(DIM))
        return module.vector_to_array(clustering.centroids)

    expected, found = both(centroids)
    np.testing.assert_allclose(expected, found, rtol=1e-3, atol=1e-4)


def test_shards_and_replicas(x, q):
    def found(module, successive):
        shards, replicas = module.IndexShards(DIM, False, successive), module.IndexReplicas(DIM)
        flat = [module.IndexFlatL2(DIM) for _ in range(6)]
        for one, other in zip(flat[:3], flat[3:], strict=True):
            shards.add_shard(one if successive else module.IndexIDMap(one))
            replicas.add_replica(other)
        shards.add(x)
        replicas.add(x)
        again = answer(lambda: shards.add(x))
        return *shards.search(q, 7), *replicas.search(q, 7), again if successive else None, shards.ntotal

    for successive in (True, False):
        expected, others = both(found, successive)
        for one, other in zip(expected[:4], others[:4], strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5)
        assert expected[4:] == others[4:]


def test_numbers_in_buckets_and_bits():
    drawn = np.random.default_rng(4)
    numbers = drawn.integers(0, 20, (30, 4)).astype(np.int64)
    for one, other in zip(*both(lambda module: module.bucket_sort(numbers.ravel(), 25)), strict=True):
        np.testing.assert_array_equal(one, other)
    tables = numbers.copy(), numbers.copy()
    limits = [module.matrix_bucket_sort_inplace(table) for module, table in zip((theirs, ours), tables, strict=True)]
    np.testing.assert_array_equal(*limits)
    for start, end in zip(limits[0], limits[0][1:], strict=False):  # the rows of a number in any order
        np.testing.assert_array_equal(*(np.sort(table.ravel()[start:end]) for table in tables))
    for widths in (5, [5, 6, 7, 9]):
        expected, found = both(lambda module, widths=widths: module.pack_bitstrings(numbers, widths))
        np.testing.assert_array_equal(expected, found)
        arguments = (4, widths) if isinstance(widths, int) else (widths,)
        expected, found = both(lambda module: module.unpack_bitstrings(expected, *arguments))  # noqa: B023
        np.testing.assert_array_equal(expected, found)
    np.testing.assert_allclose(*both(lambda module: module.rand_smooth_vectors(40, 8, 3)), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("description", ["IVF8,Flat", "IVF8,SQ8", "PCA8,IVF8,Flat"])
def test_rows_of_lists_with_any_ids(description, x):
    ids = np.random.default_rng(3).integers(0, 2 * ROWS, ROWS)
    there = np.isin(np.arange(20, ROWS), ids)

    def told(module):
        index = module.deserialize_index(theirs.serialize_index(trained))
        index.add_with_ids(x, ids)
        rows = np.zeros((ROWS - 20, DIM), np.float32)
        index.reconstruct_n(20, ROWS - 20, rows)
        outside = [answer(lambda first=first: index.reconstruct_n(first, ROWS)) for first in (-1, 20)]
        return rows, outside, answer(lambda: index.reconstruct(20))

    trained = theirs.index_factory(DIM, description)
    trained.train(x)
    expected, found = both(told)
    assert 0 < there.sum() < len(there)
    np.testing.assert_allclose(expected[0][there], found[0][there], atol=1e-5)
    assert not found[0][~there].any()
    assert expected[1:] == found[1:] == ([RuntimeError] * 2, RuntimeError)


CODED = ["Flat", "SQ8", "PQ4x4np", "LSH", "RaBitQ", "IVF8,Flat", "IVF300,SQ8", "IVF8,PQ4x4np", "IVF8,RaBitQ"]


@pytest.mark.parametrize("description", [*CODED, "IVF8,FlatDedup", "IVF8_HNSW8,Flat"])
def test_rows_added_as_codes(description, x, q):
    codes = made(theirs, description, x).sa_encode(x[:40])
    def added(module):
        index = made(module, description, x)
        index.add_sa_codes(codes)
        index.add_sa_codes(codes[:5], np.arange(1000, 1005, dtype=np.int32))
        return index.ntotal, index.search(q, 60)

    expected, found = both(added)
    assert expected[0] == found[0] == ROWS + 45
    same_nearest(expected[1], found[1])


@pytest.mark.parametrize("description", ["IDMap,Flat", "IDMap2,PQ4x4np", "IDMap2,IVF8,Flat"])
def test_codes_under_ids_of_their_own(description, x, q):
    def added(module):
        index = module.deserialize_index(theirs.serialize_index(trained))
        codes = module.downcast_index(index.index).sa_encode(x)
        index.add_sa_codes(codes, np.arange(1000, 1000 + ROWS))
        return np.array(module.vector_to_array(index.id_map)), index.search(q, 5)

    trained = theirs.index_factory(DIM, description)
    trained.train(x)
    expected, found = both(added)
    np.testing.assert_array_equal(expected[0], found[0])
    same_nearest(expected[1], found[1])


@pytest.mark.parametrize("description", ["PQ4x4fs", "PCA8,Flat", "PCA8,IVF8,Flat", "Flat,RFlat", "HNSW8,Flat"])
def test_no_codes_for_rows_of_more_than_a_code(description, x):
    def refused(module):
        index = made(module, description, x)
        size = answer(index.sa_code_size)
        return answer(lambda: index.add_sa_codes(np.zeros((2, size if isinstance(size, int) else 4), np.uint8)))

    assert both(refused) == [RuntimeError] * 2


def refined(module):
    """Lists with a second level of codes."""
    return module.IndexIVFPQR(module.IndexFlatL2(DIM), DIM, 8, 4, 8, 8, 8)


def test_the_codec_of_a_refinement_is_taken_over(x, q):
    first = refined(theirs)
    first.train(x)
    first.add(x)
    copy = ours.deserialize_index(theirs.serialize_index(first))
    for name in ("M", "nbits", "code_size", "dsub", "ksub", "d"):
        assert getattr(copy.refine_pq, name) == getattr(first.refine_pq, name), name
    for name in ("niter", "max_points_per_centroid", "seed"):
        assert getattr(copy.refine_pq.cp, name) == getattr(first.refine_pq.cp, name), name
    for codec in ("pq", "refine_pq"):
        centroids = theirs.vector_to_array(getattr(first, codec).centroids)
        np.testing.assert_array_equal(ours.vector_to_array(getattr(copy, codec).centroids), centroids)
    np.testing.assert_array_equal(
        ours.vector_to_array(copy.refine_codes), theirs.vector_to_array(first.refine_codes)
    )
    found = []
    for module, index in ((theirs, first), (ours, copy)):
        other = refined(module)
        other.quantizer = index.quantizer
        other.pq, other.refine_pq, other.is_trained = index.pq, index.refine_pq, True
        other.add(x)
        other.nprobe = 4
        found.append(other.search(q, 10))
    np.testing.assert_allclose(found[0][0], found[1][0], rtol=2e-4, atol=1e-4)
    assert (found[0][1] != found[1][1]).mean() < 0.02
