import anear
import numpy as np
import pytest

pa = pytest.importorskip("pyarrow")


def fixed(x):
    return pa.FixedSizeListArray.from_arrays(pa.array(x.ravel()), x.shape[1])


def tensors(x):
    return pa.FixedShapeTensorArray.from_numpy_ndarray(x)


def lists(x):
    return pa.array(x.tolist(), pa.list_(pa.float32()))


KINDS = {
    "fixed-size lists": fixed,
    "a slice of them": lambda x: fixed(np.vstack([x[:3], x, x[:2]]))[3:-2],
    "chunks": lambda x: pa.chunked_array([fixed(x[:50]), fixed(x[50:])]),
    "one chunk": lambda x: pa.chunked_array([fixed(x)]),
    "tensors": tensors,
    "chunks of tensors": lambda x: pa.chunked_array([tensors(x[:50]), tensors(x[50:])]),
    "lists": lists,
    "large lists": lambda x: pa.array(x.tolist(), pa.large_list(pa.float32())),
    "a column of a table": lambda x: pa.table({"v": fixed(x)})["v"],
    "a pyarrow.Tensor": pa.Tensor.from_numpy,
}


@pytest.mark.parametrize("kind", KINDS)
def test_arrow_columns(x, q, kind):
    expected = anear.search(x, q, metric="l2")
    np.testing.assert_array_equal(anear.search(KINDS[kind](x), q, metric="l2"), expected)


def test_half_precision_and_bits(rng):
    x = rng.random((30, 8)).astype(np.float16)
    column = pa.FixedSizeListArray.from_arrays(pa.array(x.ravel()), 8)
    np.testing.assert_array_equal(anear.search(column, x[:3]), anear.search(x, x[:3]))
    bits = x > 0.5
    column = pa.FixedSizeListArray.from_arrays(pa.array(bits.ravel()), 8)
    np.testing.assert_array_equal(
        anear.search(column, bits[:3], metric="hamming"),
        anear.search(bits, bits[:3], metric="hamming"),
    )


def test_no_copy_of_one_chunk(x):
    from anear import _inputs

    values = pa.array(x.ravel())
    column = pa.FixedSizeListArray.from_arrays(values, x.shape[1])
    array, _ = _inputs.rows(pa.chunked_array([column]), False)
    assert np.shares_memory(array, values.to_numpy())


def test_empty_columns(q):
    none = fixed(np.zeros((2, 24), np.float32))[:0]
    assert (anear.search(none, q, k=2)[1] == -1).all()


def test_nulls_and_ragged_rows_are_named(q):
    with pytest.raises(anear.DataError, match="row 1 is null"):
        anear.search(pa.array([[1.0, 2.0], None], pa.list_(pa.float32(), 2)), q)
    with pytest.raises(anear.DataError, match="component 1 of row 1 is null"):
        anear.search(pa.array([[1.0, 2.0], [3.0, None]], pa.list_(pa.float32(), 2)), q)
    with pytest.raises(anear.DataError, match="row 2 has 1 components, the first has 2"):
        anear.search(pa.array([[1.0, 2.0], [3.0, 4.0], [5.0]]), q)
    with pytest.raises(TypeError):
        anear.search(pa.table({"v": [1.0]}), q)
    with pytest.raises(TypeError):
        anear.search(pa.array(["a", "b"]), q)


def test_metadata_of_a_table(tmp_path, x):
    table = pa.table({"page": [1, None, 3], "name": ["a", "b", None]})
    anear.save(tmp_path / "x.h5", x[:3], metadata=table)
    metadata = anear.open(tmp_path / "x.h5").metadata
    assert list(metadata["page"]) == [1, None, 3] and metadata["name"] == ["a", "b", None]
