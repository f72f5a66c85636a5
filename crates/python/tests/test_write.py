"""Writing files, and reading them again."""

import datetime
import os

import anear
import numpy as np
import pytest

FORMATS = ["npy", "npz", "pt", "safetensors", "h5", "db", "parquet", "jsonl", "csv", "fvecs", "fbin"]


@pytest.mark.parametrize("suffix", FORMATS)
def test_what_is_saved_is_read_again(tmp_path, x, suffix):
    path = tmp_path / f"x.{suffix}"
    names = [f"row {row}" for row in range(len(x))]
    saved = anear.save(path, x, metadata={"page": np.arange(len(x))}, ids=names)
    assert (saved.path, saved.rows, saved.element) == (os.fspath(path), len(x), "f32")
    assert saved.bytes == path.stat().st_size and saved.dropped == []
    v = anear.open(path)
    assert v.format == saved.format
    np.testing.assert_array_equal(v.numpy(), x)
    assert list(v.ids) == names and list(v.metadata["page"]) == list(range(len(x)))
    if saved.metadata_path is not None:
        assert saved.metadata_path == f"{path}.meta.jsonl" and os.path.exists(saved.metadata_path)


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i1", "u1", "i2", "i4", "i8", "?"])
def test_types_are_kept(tmp_path, rng, dtype):
    x = (rng.random((20, 5)) * 100).astype(dtype)
    for suffix in ("npy", "safetensors", "h5"):
        path = tmp_path / f"x.{suffix}"
        anear.save(path, x)
        again = anear.open(path).numpy()
        np.testing.assert_array_equal(again, x)
        assert suffix == "h5" or again.dtype == x.dtype


def test_arrays_in_memory_order_and_files_are_rows_too(tmp_path, x):
    anear.save(tmp_path / "f.npy", np.asfortranarray(x))
    np.testing.assert_array_equal(np.load(tmp_path / "f.npy"), x)
    anear.save(tmp_path / "v.npy", anear.open(tmp_path / "f.npy")[:10])
    anear.save(tmp_path / "w.npz", tmp_path / "v.npy", entry="some")
    np.testing.assert_array_equal(np.load(tmp_path / "w.npz")["some"], x[:10])


def test_another_type_must_fit(tmp_path, x):
    path = tmp_path / "x.npy"
    with pytest.raises(anear.DataError) as caught:
        anear.save(path, x, dtype="i8")
    assert caught.value.row == 0 and not path.exists()
    anear.save(path, x * 100, dtype="i8", lossy=True)
    np.testing.assert_array_equal(np.load(path), np.rint(x * 100).astype("i8"))
    anear.save(tmp_path / "half.npy", x, dtype="float16")
    assert np.load(tmp_path / "half.npy").dtype == np.float16
    with pytest.raises(anear.UsageError, match='there is no type "float17"'):
        anear.save(tmp_path / "y.npy", x, dtype="float17")


def test_files_are_replaced_only_when_told(tmp_path, x):
    anear.save(tmp_path / "x.npy", x)
    with pytest.raises(anear.UsageError):
        anear.save(tmp_path / "x.npy", x[:3])
    anear.save(tmp_path / "x.npy", x[:3], force=True)
    assert len(anear.open(tmp_path / "x.npy")) == 3
    with pytest.raises(anear.UsageError):
        anear.save(tmp_path / "x.unknown", x)
    anear.save(tmp_path / "x.unknown", x, format="npy")
    with pytest.raises(OSError):
        anear.save(tmp_path / "no folder" / "x.npy", x)


def test_compression(tmp_path, x):
    x[:] = 0
    plain = anear.save(tmp_path / "plain.h5", x)
    packed = anear.save(tmp_path / "packed.h5", x, compress="gzip:9")
    assert packed.bytes < plain.bytes
    with pytest.raises(anear.UsageError, match="gzip"):
        anear.save(tmp_path / "x.h5", x, compress="lzma")


def test_metadata_in_many_shapes(tmp_path, x):
    pages, names = [1, 2, None], ["a", "b", None]
    shapes = {
        "mapping": {"page": pages, "name": tuple(names)},
        "records": [{"page": 1, "name": "a"}, {"page": 2, "name": "b"}, {}],
        "scalars": {"page": [np.int32(1), np.uint8(2), None], "name": [np.str_("a"), "b", None]},
    }
    for kind, metadata in shapes.items():
        path = tmp_path / f"{kind}.parquet"
        anear.save(path, x[:3], metadata=metadata, ids=np.array([7, 8, 9]))
        v = anear.open(path)
        assert v.metadata["page"] == pages and v.metadata["name"] == names
        np.testing.assert_array_equal(v.ids, [7, 8, 9])
    anear.save(tmp_path / "named.h5", x[:3], metadata={"key": ["p", "q", "r"]}, ids="key")
    assert list(anear.open(tmp_path / "named.h5").metadata["key"]) == ["p", "q", "r"]


def test_metadata_of_a_data_frame(tmp_path, x):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"page": [1.5, None, 3], "name": ["a", None, "c"]})
    anear.save(tmp_path / "x.h5", x[:3], metadata=frame)
    metadata = anear.open(tmp_path / "x.h5").metadata
    assert list(metadata["page"]) == [1.5, None, 3] and metadata["name"] == ["a", None, "c"]


@pytest.mark.parametrize(
    "arguments,error,message",
    [
        ({"metadata": {"a": [1]}}, ValueError, "1 values for 3 rows"),
        ({"metadata": {"a": "abc"}}, TypeError, "one value a row"),
        ({"metadata": {"a": 1}}, TypeError, "one value a row"),
        ({"metadata": 17}, TypeError, "no metadata"),
        ({"metadata": {"a": np.zeros((3, 2))}}, TypeError, "2 axes"),
        ({"metadata": {"a": [1, 2, 2**70]}}, ValueError, "row 2"),
        ({"metadata": {"a": [datetime.date(2026, 1, 1)] * 3}}, ValueError, "of type date"),
        ({"metadata": {"id": [1, 2, 3]}, "ids": [1, 2, 3]}, ValueError, "'id' already"),
        ({"ids": "name"}, ValueError, "no metadata column"),
        ({"ids": [1, 2]}, ValueError, "2 values for 3 rows"),
    ],
)
def test_metadata_that_make_no_sense_are_refused(tmp_path, x, arguments, error, message):
    with pytest.raises(error, match=message) as caught:
        anear.save(tmp_path / "x.h5", x[:3], **arguments)
    assert isinstance(caught.value, anear.Error)
    assert list(tmp_path.iterdir()) == []


def test_conversion_keeps_everything(tmp_path):
    source = anear.open("examples/data/food.db")
    anear.convert("examples/data/food.db", tmp_path / "food.h5", compress="gzip")
    anear.convert(tmp_path / "food.h5", tmp_path / "food.pt", dtype="f16", lossy=True)
    v = anear.open(tmp_path / "food.pt")
    np.testing.assert_array_equal(v.numpy(), source.numpy().astype(np.float16))
    assert set(source.metadata) <= set(v.metadata)
    for name in source.metadata:
        np.testing.assert_array_equal(v.metadata[name], source.metadata[name])


def test_the_options_of_conversion(tmp_path):
    source, target = "examples/data/papers.h5", tmp_path / "x.npy"
    saved = anear.convert(source, target, entry="plants/section1", where="page_num > 5")
    assert 0 < saved.rows < 120 and saved.metadata_path is not None
    with pytest.raises(anear.UsageError):
        anear.convert(source, target, entry="plants/section1")
    saved = anear.convert(
        f"{source}::plants/section1", tmp_path / "y.npy", metadata=False, threads=1
    )
    assert (saved.rows, saved.metadata_path) == (120, None)
    saved = anear.convert(tmp_path / "y.npy", tmp_path / "y.db", pickle=True, dtype="f32")
    assert (saved.format, saved.element) == ("sqlite", "f32")
    with pytest.raises(anear.Error):
        anear.convert(source, tmp_path / "z.npy", entry="plants/section1", where="nothing = 1")
    with pytest.raises(FileNotFoundError):
        anear.convert(tmp_path / "none.npy", tmp_path / "z.npy")
