"""Vectors in everything that people hold them in."""

import array

import anear
import numpy as np
import pytest
from reference import agree

DTYPES = ["f4", "f8", "f2", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"]


def c_order(x):
    return np.ascontiguousarray(x)


def read_only(x):
    x = x.copy()
    x.flags.writeable = False
    return x


def unaligned(x):
    raw = np.zeros(x.nbytes + 1, np.uint8)[1:]
    raw[:] = np.frombuffer(x.tobytes(), np.uint8)
    return raw.view(x.dtype).reshape(x.shape)


LAYOUTS = {
    "C order": c_order,
    "Fortran order": np.asfortranarray,
    "every second row": lambda x: np.repeat(x, 2, axis=0)[::2],
    "every second column": lambda x: np.repeat(x, 2, axis=1)[:, ::2],
    "backwards": lambda x: x[::-1, ::-1].copy()[::-1, ::-1],
    "the other byte order": lambda x: x.astype(x.dtype.newbyteorder()),
    "read-only": read_only,
    "unaligned": unaligned,
    "a memory map": lambda x: x.view(np.memmap),
    "a masked array without a mask": np.ma.asarray,
    "part of a larger array": lambda x: np.pad(x, ((3, 4), (0, 0)))[3:-4],
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_type_in_every_layout(rng, dtype, layout):
    x = (rng.random((40, 6)) * 100).astype(dtype)
    laid_out = LAYOUTS[layout](x)
    np.testing.assert_array_equal(laid_out, x)
    agree(anear.search(laid_out, x[:4], k=5, metric="l2"), x, x[:4], 5, "l2")
    agree(anear.search(x, LAYOUTS[layout](x[:4]), k=5, metric="l2"), x, x[:4], 5, "l2")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_bits_in_every_layout(rng, layout):
    x = rng.random((40, 20)) < 0.5
    agree(anear.search(LAYOUTS[layout](x), x[:4], k=5, metric="hamming"), x, x[:4], 5, "hamming")


def test_packed_bits(rng):
    x = rng.random((40, 64)) < 0.5
    packed = np.packbits(x, axis=1, bitorder="little")
    agree(anear.search(packed, packed[:4], k=5, metric="hamming"), x, x[:4], 5, "hamming")


def test_an_array_in_c_order_is_read_where_it_is(tmp_path):
    """More rows than memory has: a sparse file, of which a search reads what a filter lists."""
    path = tmp_path / "sparse"
    shape = (2**31, 64)
    with open(path, "wb") as file:
        file.truncate(shape[0] * shape[1])
    large = np.asarray(np.memmap(path, np.uint8, "r", shape=shape))
    D, I = anear.search(large, np.ones(64, np.uint8), k=2, metric="l2", filter=[7, 2**31 - 1])
    assert I.tolist() == [[7, 2**31 - 1]] and D.tolist() == [[64, 64]]


class Interface:
    """An array of another library, known by its interface only."""

    def __init__(self, array):
        self.__array_interface__ = array.__array_interface__
        self._keep = array


class Converts:
    def __init__(self, array):
        self._array = array

    def __array__(self, dtype=None, copy=None):
        return self._array


class Shares:
    """An array of another library, known by DLPack only."""

    device = (1, 0)

    def __init__(self, array):
        self._array = array

    def __dlpack__(self, **options):
        return self._array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.device


OTHERS = {
    "memoryview": memoryview,
    "__array_interface__": Interface,
    "__array__": Converts,
    "DLPack": Shares,
    "a list of lists": lambda x: x.tolist(),
    "a list of tuples": lambda x: [tuple(row) for row in x.tolist()],
    "a list of arrays": list,
    "a tuple of lists": lambda x: tuple(x.tolist()),
    "a list of array.array": lambda x: [array.array("f", row) for row in x],
}


@pytest.mark.parametrize("kind", OTHERS)
def test_what_other_libraries_make(x, q, kind):
    expected = anear.search(x, q, metric="l2")
    np.testing.assert_array_equal(anear.search(OTHERS[kind](x), q, metric="l2"), expected)
    np.testing.assert_array_equal(anear.search(x, OTHERS[kind](q), metric="l2"), expected)
    assert len(anear.Index.build(OTHERS[kind](x))) == len(x)


def test_one_query_of_any_kind(x, q):
    expected = anear.search(x, q[:1], metric="l2")
    for one in (q[0], q[0].tolist(), tuple(q[0].tolist()), array.array("f", q[0]), Shares(q[0])):
        np.testing.assert_array_equal(anear.search(x, one, metric="l2"), expected)


def test_bytes_are_a_vector_of_bytes():
    x = np.array([[1, 2, 3], [4, 5, 6]], np.uint8)
    assert anear.search(x, b"\x04\x05\x06", k=1, metric="l2")[1] == [[1]]


def test_nothing_is_copied_on_the_way_in(x):
    from anear import _inputs

    for kind in ("memoryview", "__array_interface__", "__array__", "DLPack"):
        array, element = _inputs.rows(OTHERS[kind](x), False)
        assert np.shares_memory(array, x) and element is None, kind


def test_memory_elsewhere_is_refused(x):
    elsewhere = Shares(x)
    elsewhere.device = (2, 0)
    with pytest.raises(anear.InputTypeError, match="DLPack device 2:0") as caught:
        anear.search(elsewhere, x[:1])
    assert isinstance(caught.value, TypeError) and "main memory" in caught.value.help


@pytest.mark.parametrize(
    "bad",
    [
        np.array([["a", "b"]]),
        np.array([[1, None]], object),
        np.zeros((2, 2), complex),
        np.zeros((2, 2), "M8[s]"),
        np.zeros(2, [("a", "f4")]),
        ["some", "words"],
        [[1.0, "a"]],
        [None, None],
        17,
        object(),
        None,
        {1, 2},
    ],
    ids=repr,
)
def test_what_holds_no_vectors_is_a_type_error(bad):
    with pytest.raises(TypeError) as caught:
        anear.search(bad, [[1.0, 2.0]])
    assert isinstance(caught.value, anear.Error)


def test_ragged_rows_are_named():
    for ragged in ([[1, 2], [3, 4], [5]], [np.zeros(2), np.zeros(2), np.zeros(3)]):
        with pytest.raises(anear.DataError, match="row 2 has . components, the first has 2") as caught:
            anear.search(ragged, [1, 2])
        assert caught.value.row == 2


def test_shapes_that_are_no_matrix_are_refused(x):
    for bad in (x[0], np.zeros((2, 3, 4), "f4"), np.float32(3), []):
        with pytest.raises(anear.DataError):
            anear.search(bad, x[:1])
    with pytest.raises(anear.DataError, match="a matrix, or one vector"):
        anear.search(x, np.zeros((2, 3, 4), "f4"))
    with pytest.raises(anear.DataError, match=r"shape \(0, components\)"):
        anear.search(x, [])


def test_a_mask_over_components_is_refused(x):
    masked = np.ma.masked_greater(x, 0.99)
    row = int(np.argwhere(x > 0.99)[0][0])
    with pytest.raises(anear.DataError, match=f"row {row} has masked components"):
        anear.search(masked, x[:1])


def test_types_of_ml_dtypes(x, q):
    ml_dtypes = pytest.importorskip("ml_dtypes")
    for name in ("bfloat16", "float8_e4m3fn", "float8_e5m2"):
        small = x.astype(getattr(ml_dtypes, name))
        agree(anear.search(small, q, k=5, metric="l2"), small.astype("f4"), q, 5, "l2")


def test_pandas(x, q):
    pandas = pytest.importorskip("pandas")
    expected = anear.search(x, q, metric="l2")
    frame = pandas.DataFrame(x)
    column = pandas.Series(list(x))
    lists = pandas.Series(x.tolist())
    for given in (frame, column, lists):
        np.testing.assert_array_equal(anear.search(given, q, metric="l2"), expected)
    frame["name"] = "a"
    with pytest.raises(anear.InputTypeError, match="'name'"):
        anear.search(frame, q)
