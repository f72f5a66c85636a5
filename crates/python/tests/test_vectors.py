"""Open files."""

import gc
import hashlib
import json
from pathlib import Path

import anear
import numpy as np
import pytest
from conftest import fixtures


def test_what_a_file_says_of_itself():
    v = anear.open("examples/data/papers.h5::plants/section1")
    assert v.shape == (120, 384) and len(v) == 120 and v.dtype == np.float16
    assert (v.element, v.format, v.entry) == ("f16", "hdf5", "plants/section1/embedding")
    assert v.entry in v.entries and len(v.entries) > 4
    assert v.path == "examples/data/papers.h5" and v.metric is None
    assert repr(v).startswith("<anear.Vectors 'examples/data/papers.h5::plants/section1")
    same = anear.open("examples/data/papers.h5", entry="plants/section1")
    np.testing.assert_array_equal(same.numpy(), v.numpy())


@pytest.mark.parametrize("path", ["examples/data/food.db", "examples/data/glosses.parquet", "npy"])
def test_rows_are_chosen_as_in_numpy(tmp_path, path):
    if path == "npy":
        path = tmp_path / "x.npy"
        anear.save(path, anear.open("examples/data/food.db"))
    v = anear.open(path)
    rows, count = v.numpy(), len(v)
    mask = np.arange(count) % 50 == 3
    for chosen in (
        3,
        -1,
        np.int32(7),
        slice(10, 20),
        slice(None, None, 7),
        slice(20, 10, -3),
        slice(20, 10),
        slice(-5, None),
        slice(count - 2, count + 100),
        [5, 5, 2, -1],
        np.array([0, 99, 17], np.uint8),
        [],
        mask,
    ):
        found = v[chosen]
        assert found.dtype == v.dtype
        np.testing.assert_array_equal(found, rows[chosen])
    for bad in (count, -count - 1, [0, count], 1.5, "a", [[1]], mask[1:]):
        with pytest.raises(IndexError):
            v[bad]
    with pytest.raises(anear.UsageError, match="columns"):
        v[1:3, 4]


def test_iteration_goes_by_blocks():
    v = anear.open("examples/data/food.db")
    rows = v.numpy()
    np.testing.assert_array_equal(np.stack(list(v)), rows)
    blocks = list(v.blocks(rows=250))
    assert [len(block) for block in blocks] == [250, 250, 100]
    np.testing.assert_array_equal(np.concatenate(blocks), rows)
    np.testing.assert_array_equal(np.concatenate(list(v.blocks())), rows)
    with pytest.raises(anear.UsageError):
        next(v.blocks(rows=0))


def test_an_array_is_the_mapped_file_itself(tmp_path, x):
    path = tmp_path / "x.npy"
    np.save(path, x)
    v = anear.open(path)
    one, two = v.numpy(), v.numpy()
    assert np.shares_memory(one, two) and not one.flags.writeable
    address, is_read_only = one.__array_interface__["data"]
    assert two.__array_interface__["data"] == (address, True) and is_read_only
    assert np.shares_memory(np.asarray(v), one)
    maps = Path("/proc/self/maps").read_text().splitlines()
    spans = [line.split()[0].split("-") for line in maps if line.endswith(str(path))]
    assert any(int(start, 16) <= address < int(end, 16) for start, end in spans)
    v.close()
    del v, two
    gc.collect()
    np.testing.assert_array_equal(one, x)


def test_conversion_to_arrays(x, tmp_path):
    anear.save(tmp_path / "x.npy", x)
    v = anear.open(tmp_path / "x.npy")
    assert np.asarray(v, "f8").dtype == np.float64
    assert v.__array__(copy=True).flags.writeable
    with pytest.raises(ValueError, match="needs a copy"):
        v.__array__("f8", copy=False)
    np.testing.assert_array_equal(np.from_dlpack(v), x)
    assert v.__dlpack_device__() == (1, 0)


def test_metadata_are_read_when_asked_for(tmp_path, x):
    metadata = {
        "page": [1, 2, 3],
        "score": np.array([0.5, 1.0, 2.5]),
        "name": ["a", None, "c"],
        "seen": [True, False, True],
        "count": [1, None, 3],
        "raw": [b"\0\xff", b"", None],
    }
    anear.save(tmp_path / "x.db", x[:3], metadata=metadata, ids=[10, 20, 30])
    v = anear.open(tmp_path / "x.db")
    assert list(v.metadata) == ["id", *metadata] and len(v.metadata) == 7
    assert v.metadata["page"].dtype == np.int64 and v.metadata["score"].dtype == np.float64
    np.testing.assert_array_equal(v.metadata["page"], [1, 2, 3])
    np.testing.assert_array_equal(v.metadata["score"], metadata["score"])
    np.testing.assert_array_equal(v.ids, [10, 20, 30])
    for name in ("name", "count", "raw"):
        assert v.metadata[name] == metadata[name]
    assert list(map(bool, v.metadata["seen"])) == metadata["seen"]
    assert v.metadata["page"] is v.metadata["page"]
    with pytest.raises(KeyError) as caught:
        v.metadata["pages"]
    assert isinstance(caught.value, anear.Error) and "page" in caught.value.help
    assert anear.open(tmp_path / "x.db", ids="name").metadata.ids_name == "name"


def test_without_ids_there_are_none(tmp_path, x):
    np.save(tmp_path / "x.npy", x)
    v = anear.open(tmp_path / "x.npy")
    assert v.ids is None and dict(v.metadata) == {} and v.attributes == {}


def test_a_closed_file_is_not_read(tmp_path, x):
    np.save(tmp_path / "x.npy", x)
    with anear.open(tmp_path / "x.npy") as v:
        assert len(v[:3]) == 3
    with pytest.raises(anear.UsageError, match="the file was closed"):
        v[:3]
    assert v.shape == x.shape


def test_files_that_cannot_be_opened(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        anear.open(tmp_path / "none.npy")
    assert isinstance(caught.value, anear.FileError)
    assert caught.value.path == str(tmp_path / "none.npy")
    (tmp_path / "x.npy").write_bytes(b"\x93NUMPY\x01\x00\xff\xff")
    with pytest.raises(anear.DamagedError):
        anear.open(tmp_path / "x.npy")
    with pytest.raises(anear.UsageError) as caught:
        anear.open("examples/data/papers.h5")
    assert "::" in caught.value.help and str(caught.value).endswith(f"help: {caught.value.help}")
    with pytest.raises(anear.DataError, match="no entry"):
        anear.open("examples/data/papers.h5", entry="nothing")
    with pytest.raises(TypeError):
        anear.open(17)


def test_files_of_the_real_libraries():
    folder = fixtures("numpy")
    files = json.loads((folder / "expected.json").read_text())["files"]
    checked = 0
    for name, what in files.items():
        for entry, array in what.get("arrays", {}).items():
            if "sha256_f32" not in array or not (folder / name).exists():
                continue
            v = anear.open(folder / name, entry=entry or None)
            found = v.numpy().astype("<f4").tobytes()
            assert hashlib.sha256(found).hexdigest() == array["sha256_f32"], name
            checked += 1
    assert checked > 3
