"""Parts of indexes in ``anear.faiss``: codecs, single codes, storages of graphs, readers and writers."""

import io

import anear.faiss as faiss
import numpy as np
import pytest


@pytest.fixture
def x(rng):
    return rng.random((600, 16), dtype=np.float32)


@pytest.fixture
def q(rng):
    return rng.random((20, 16), dtype=np.float32)


def test_a_codec_of_an_index_changes_with_it(x):
    index = faiss.IndexPQ(16, 4, 4)
    assert index.pq is index.pq
    index.pq.cp.niter = 1
    index.train(x)
    once = faiss.vector_to_array(index.pq.centroids)
    index.pq.cp.niter = 20
    index.train(x)
    assert not np.array_equal(once, index.pq.centroids)
    faiss.copy_array_to_vector(once, index.pq.centroids)
    np.testing.assert_array_equal(index.pq.centroids, once)
    index.add(x)
    np.testing.assert_array_equal(index.codes, index.pq.compute_codes(x).ravel())
    other = faiss.clone_Quantizer(index.pq)
    other.centroids = once + 1
    np.testing.assert_array_equal(index.pq.centroids, once)
    np.testing.assert_array_equal(other.decode(other.compute_codes(x)), index.pq.decode(index.pq.compute_codes(x - 1)) + 1)


@pytest.mark.parametrize("made", [lambda: faiss.IndexPQ(16, 4, 4), lambda: faiss.IndexPQFastScan(16, 4, 4)])
def test_parts_share_centroids_where_wanted(made, x):
    index = made()
    index.pq.train_type = faiss.ProductQuantizer.Train_shared
    index.train(x)
    centroids = faiss.vector_to_array(index.pq.centroids).reshape(4, 16, 4)
    assert index.is_trained and (centroids == centroids[0]).all() and len(np.unique(centroids[0], axis=0)) == 16
    index.add(x)
    assert np.abs(index.reconstruct_n(0, 600) - x).mean() < 0.15
    with pytest.raises(RuntimeError, match="train_type of 4"):
        index.pq.train_type = faiss.ProductQuantizer.Train_hypercube_pca


@pytest.mark.parametrize("description", ["IVF4,PQ4x4np", "PCA16,IVF4,PQ4x4fsr", "IDMap,PQ4x4np", "PQ4x4np,RFlat"])
def test_an_index_inside_another_learns_as_it_was_told(description, x):
    index = faiss.index_factory(16, description)
    inside = faiss.try_extract_index_ivf(index) or (index.index if "IDMap" in description else index.base_index)
    inside.pq.train_type = faiss.ProductQuantizer.Train_shared
    if "IVF" in description:
        inside.cp.niter = 3
    index.train(x)
    centroids = faiss.vector_to_array(inside.pq.centroids).reshape(4, 16, 4)
    assert index.is_trained and inside.is_trained and (centroids == centroids[0]).all()
    index.add_with_ids(x, np.arange(600)) if "IDMap" in description else index.add(x)
    assert faiss.eval_intersection(index.search(x[:50], 5)[1], faiss.knn(x[:50], x, 5)[1]) > 25


def test_a_codec_is_trained_when_it_is_told_what_it_would_learn(x):
    index = faiss.IndexIVFScalarQuantizer(faiss.IndexFlatL2(16), 16, 1, faiss.ScalarQuantizer.QT_8bit)
    index.quantizer.add(np.zeros((1, 16), np.float32))
    index.is_trained = True
    with pytest.raises(RuntimeError, match="has learned 0 numbers, 32 are expected"):
        index.add(x)
    faiss.copy_array_to_vector(np.repeat(np.float32([0, 1]), 16), index.sq.trained)
    index.add(x)
    np.testing.assert_allclose(index.reconstruct_n(), x, atol=1 / 255)
    codec = faiss.ScalarQuantizer(16, faiss.ScalarQuantizer.QT_8bit)
    codec.trained = index.sq.trained
    np.testing.assert_allclose(codec.decode(codec.compute_codes(x)), x, atol=1 / 255)
    with pytest.raises(RuntimeError, match="type 9"):
        faiss.ScalarQuantizer(16, faiss.ScalarQuantizer.QT_0bit)


def test_signs_are_told_exactly(rng):
    signs = (2 * rng.integers(0, 2, (10, 16)) - 1).astype(np.float32) * 100
    for metric in (faiss.METRIC_L2, faiss.METRIC_INNER_PRODUCT):
        codec = faiss.RaBitQuantizer(16, metric)
        np.testing.assert_array_equal(codec.decode(codec.compute_codes(signs)), signs)
        assert (codec.nb_bits, codec.metric_type, codec.d) == (1, metric, 16)
    assert faiss.index_factory(16, "IVF4,RaBitQfs5").rabitq.nb_bits == faiss.IndexRaBitQ(16, 1, 5).rabitq.nb_bits == 5
    for kind in (faiss.IndexRaBitQ, faiss.IndexRaBitQFastScan):
        with pytest.raises(RuntimeError, match="metric"):
            kind(16, faiss.METRIC_L1)


def test_a_product_quantizer_is_a_file_of_its_own(x, tmp_path):
    codec = faiss.ProductQuantizer(16, 4, 5)
    codec.train(x)
    faiss.write_ProductQuantizer(codec, tmp_path / "pq")
    other = faiss.read_ProductQuantizer(tmp_path / "pq")
    assert (other.d, other.M, other.nbits, other.dsub, other.ksub) == (16, 4, 5, 4, 32)
    np.testing.assert_array_equal(codec.centroids, other.centroids)
    np.testing.assert_array_equal(codec.compute_codes(x), other.compute_codes(x))
    data = (tmp_path / "pq").read_bytes()
    for damaged in (b"", data[:7], data[:-1], data + b"\0", b"\0" * 8 + data[8:], b"\xff" * 8 + data[8:]):
        (tmp_path / "pq").write_bytes(damaged)
        with pytest.raises(RuntimeError):
            faiss.read_ProductQuantizer(tmp_path / "pq")


@pytest.mark.parametrize("description, rows", [("PQ3x4np", 32), ("PQ4x4np", 64)])
def test_single_codes_are_taken_out_of_blocks_and_put_back(description, rows, rng):
    x = rng.random((150, 12), dtype=np.float32)
    index = faiss.index_factory(12, description)
    index.train(x)
    index.add(x)
    codes = faiss.vector_to_array(index.codes).reshape(150, index.code_size)
    blocks = faiss.IndexPQFastScan(index, rows)
    packer = blocks.get_CodePacker()
    assert (packer.nvec, packer.code_size, packer.block_size) == (rows, index.code_size, rows * index.code_size)
    packed = faiss.vector_to_array(blocks.codes).reshape(-1, packer.block_size)
    again = np.zeros_like(packed)
    for row in range(150):
        np.testing.assert_array_equal(packer.unpack_1(packed, row), codes[row])
        packer.pack_1(codes[row], row, again)
    np.testing.assert_array_equal(again, packed)
    packer.pack_1(codes[1], 0, again)
    np.testing.assert_array_equal(packer.unpack_1(again, 0), codes[1])
    plain = index.get_CodePacker()
    np.testing.assert_array_equal(plain.unpack_1(codes, 9), codes[9])
    plain.pack_1(codes[9], 8, codes)
    np.testing.assert_array_equal(codes[8], codes[9])
    with pytest.raises(AssertionError):
        packer.unpack_1(packed, len(packed) * rows)


@pytest.mark.parametrize("description, unrounded", [("PQ4x4np", 2), ("IVF5,PQ4x4np", 1)])
def test_codes_in_blocks_are_searched_unrounded_where_wanted(description, unrounded, x, q):
    index = faiss.index_factory(16, description)
    index.train(x)
    index.add(x)
    kind = faiss.IndexIVFPQFastScan if "IVF" in description else faiss.IndexPQFastScan
    blocks = kind(index)
    rounded = blocks.search(q, 5)[0]
    blocks.implem, blocks.qbs = unrounded, 0x33
    assert (blocks.implem, blocks.qbs) == (unrounded, 0x33)
    for expected, found in zip(index.search(q, 5), blocks.search(q, 5), strict=True):
        np.testing.assert_array_equal(expected, found)
    assert not np.array_equal(rounded, blocks.search(q, 5)[0])
    again = faiss.deserialize_index(faiss.serialize_index(blocks))
    assert (again.implem, again.qbs) == (unrounded, 0x33)


def test_a_graph_is_over_the_index_it_is_given(x, q):
    storage = faiss.IndexScalarQuantizer(16, faiss.ScalarQuantizer.QT_8bit)
    graph = faiss.IndexHNSW(storage, 8)
    assert graph.storage is storage and not graph.is_trained and graph.hnsw.nb_neighbors(0) == 16
    graph.train(x)
    graph.add(x)
    assert storage.ntotal == 600
    graph.hnsw.efSearch = 200
    np.testing.assert_array_equal(graph.search(q, 3)[1], storage.search(q, 3)[1])
    exact = faiss.IndexFlatL2(16)
    exact.add(x)
    graph.storage = exact
    np.testing.assert_array_equal(graph.search(q, 3)[1], exact.search(q, 3)[1])
    with pytest.raises(RuntimeError, match="600 rows"):
        faiss.IndexHNSW(exact)
    with pytest.raises(RuntimeError, match="dimension 4"):
        graph.storage = faiss.IndexFlatL2(4)


def test_codes_of_two_levels(x, q):
    lists = faiss.IndexIVFPQ(faiss.IndexFlatL2(16), 16, 12, 4, 4)
    levels = faiss.Index2Layer(faiss.IndexFlatL2(16), 12, 4, 4)
    graph = faiss.IndexHNSW2Level(faiss.IndexFlatL2(16), 12, 4, 8)
    for index in (lists, levels, graph):
        index.train(x)
        index.add(x)
    assert levels.quantizer.ntotal == 12 and levels.code_size == 3
    np.testing.assert_array_equal(levels.reconstruct_n(), lists.reconstruct_n())
    assert faiss.eval_intersection(graph.search(q, 5)[1], faiss.knn(q, x, 5)[1]) > 40
    again = faiss.deserialize_index(faiss.serialize_index(graph))
    np.testing.assert_array_equal(again.search(q, 5)[1], graph.search(q, 5)[1])
    with pytest.raises(RuntimeError, match="METRIC_L2"):
        faiss.Index2Layer(faiss.IndexFlatL2(16), 12, 4, 4, faiss.METRIC_INNER_PRODUCT)


def test_readers_and_writers_go_through_others(x, tmp_path):
    index = faiss.IndexFlatL2(16)
    index.add(x)
    written = io.BytesIO()
    sizes = []

    def write(data):
        sizes.append(len(data))
        return written.write(data)

    faiss.write_index(index, faiss.BufferedIOWriter(faiss.PyCallbackIOWriter(write), 100))
    assert max(sizes) == 100 and written.getvalue() == faiss.serialize_index(index).tobytes()
    (tmp_path / "index").write_bytes(written.getvalue())
    reader = faiss.BufferedIOReader(faiss.FileIOReader(tmp_path / "index"), 64)
    np.testing.assert_array_equal(faiss.read_index(reader).reconstruct_n(), x)
    with pytest.raises(TypeError):
        faiss.read_index(faiss.BufferedIOReader(faiss.PyCallbackIOReader("no function")))


def test_differences_of_one_component(rng):
    x, q = rng.random((50, 1), dtype=np.float32), rng.random((5, 1), dtype=np.float32)
    index = faiss.IndexFlat1D()
    index.add(x)
    distances, labels = index.search(q, 4)
    np.testing.assert_allclose(distances, np.sort(np.abs(q - x.T), axis=1)[:, :4], atol=1e-6)
    np.testing.assert_allclose(np.abs(x[labels, 0] - q), distances, atol=1e-6)


def test_an_inner_product_index_assigns_by_inner_products(x):
    by_product = faiss.Clustering(16, 4)
    index = faiss.IndexFlatIP(16)
    by_product.train(x, index)
    by_distance = faiss.Clustering(16, 4)
    by_distance.train(x, faiss.IndexFlatL2(16))
    centroids = faiss.vector_to_array(by_product.centroids).reshape(4, 16)
    assert not np.array_equal(by_product.centroids, by_distance.centroids) and index.ntotal == 4
    last = by_product.iteration_stats.at(by_product.iteration_stats.size() - 1).obj
    assert last > 0.9 * (x @ centroids.T).max(1).sum()
