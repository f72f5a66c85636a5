"""Every written format, opened by its own library and compared bit for bit."""

import csv
import json
import pickle
import sqlite3
import struct
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import safetensors.numpy

from common import anear, case, finish, folder, same, same_bits

ROWS, DIM = 37, 24
random = np.random.default_rng(7)


def matrix(dtype):
    """Random values of a type, its extremes and, for floats, minus zero and the smallest numbers."""
    dtype = np.dtype(dtype)
    if dtype == bool:
        return random.integers(0, 2, (ROWS, DIM)).astype(bool)
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        values = random.integers(limits.min, limits.max, (ROWS, DIM), dtype=dtype, endpoint=True)
        values[0, :2] = limits.min, limits.max
        return values
    limits = np.finfo(dtype)
    values = random.standard_normal((ROWS, DIM)).astype(dtype)
    values[0, :5] = limits.max, limits.min, limits.smallest_subnormal, limits.tiny, -0.0
    return values


METADATA = pa.table({
    "id": pa.array([f"row-{i}" for i in range(ROWS)]),
    "file_name": pa.array([None if i == 5 else f"päper \"{i % 3}\",\n{i}.pdf" for i in range(ROWS)]),
    "page_num": pa.array([None if i == 2 else (i - 3) * 2**57 for i in range(ROWS)], pa.int64()),
    "score": pa.array([None if i == 4 else (i - 7) / 3 for i in range(ROWS)], pa.float64()),
    "kept": pa.array([None if i == 9 else i % 2 == 0 for i in range(ROWS)], pa.bool_()),
})


def read_sqlite(path, dtype, decode=None):
    database = sqlite3.connect(path)
    blobs = [row[0] for row in database.execute("SELECT embedding FROM Embeddings ORDER BY rowid")]
    decode = decode or (lambda blob: np.frombuffer(blob, dtype))
    return np.stack([decode(blob) for blob in blobs])


def read_prefixed(path, dtype):
    """fvecs, bvecs, ivecs: each row begins with its dimension."""
    raw = Path(path).read_bytes()
    dim = struct.unpack("<i", raw[:4])[0]
    rows = np.frombuffer(raw, np.dtype([("dim", "<i4"), ("row", dtype, (dim,))]))
    assert (rows["dim"] == dim).all()
    return rows["row"]


def read_counted(path, dtype):
    """fbin, u8bin, i8bin: the numbers of rows and components, then the rows."""
    raw = Path(path).read_bytes()
    return np.frombuffer(raw, dtype, offset=8).reshape(struct.unpack("<II", raw[:8]))


def read_jsonl(path, dtype):
    with open(path, encoding="utf-8") as lines:
        return np.array([json.loads(line)["embedding"] for line in lines]).astype(dtype)


def read_csv(path, dtype):
    with open(path, newline="", encoding="utf-8") as file:
        return np.array([json.loads(row["embedding"]) for row in csv.DictReader(file)]).astype(dtype)


def read_parquet(path, dtype):
    column = pq.read_table(path)["embedding"].combine_chunks()
    assert pa.types.is_fixed_size_list(column.type), column.type
    return column.flatten().to_numpy(zero_copy_only=False).reshape(-1, column.type.list_size)


def read_h5(path, dtype):
    with h5py.File(path) as file:
        return file["embeddings"][:]


READERS = {
    "npy": lambda path, dtype: np.load(path),
    "npz": lambda path, dtype: np.load(path)["embeddings"],
    "safetensors": lambda path, dtype: safetensors.numpy.load_file(path)["embeddings"],
    "h5": read_h5,
    "parquet": read_parquet,
    "db": read_sqlite,
    "jsonl": read_jsonl,
    "csv": read_csv,
}
INTEGERS = ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"]
ELEMENTS = {
    "npy": ["?", *INTEGERS, "f2", "f4", "f8"],
    "npz": ["?", *INTEGERS, "f2", "f4", "f8"],
    "safetensors": ["?", *INTEGERS, "f2", "f4", "f8"],
    "h5": [*INTEGERS, "f2", "f4", "f8"],
    "parquet": [*INTEGERS, "f2", "f4", "f8"],
    "db": ["f4", "f8"],
    "jsonl": ["f4", "f8"],
    "csv": ["f4", "f8"],
}
PLAIN = {
    "fvecs": ("f4", read_prefixed), "bvecs": ("u1", read_prefixed), "ivecs": ("i4", read_prefixed),
    "fbin": ("f4", read_counted), "u8bin": ("u1", read_counted), "i8bin": ("i1", read_counted),
}


def write_and_read(place, suffix, dtype, reader, *flags):
    expected = matrix(dtype)
    source, output = place / "source.npy", place / f"output.{suffix}"
    np.save(source, expected)
    anear("convert", source, output, "--force", *flags)
    same_bits(reader(output, np.dtype(dtype)), expected)
    back = place / "back.npy"
    anear("convert", output, back, "--force", "--dtype", np.dtype(dtype).name)
    same_bits(np.load(back), expected)


def write_compressed(place, suffix, method):
    expected = np.repeat(matrix("f4"), 100, axis=0)
    source, output = place / "source.npy", place / f"output.{suffix}"
    np.save(source, expected)
    anear("convert", source, output, "--force", "--compress", method)
    same_bits(READERS[suffix](output, expected.dtype), expected)
    assert output.stat().st_size < source.stat().st_size / 2, "not compressed"


def write_pickles(place, dtype):
    expected = matrix(dtype)
    np.save(place / "source.npy", expected)
    anear("convert", place / "source.npy", place / "pickled.db", "--pickle", "--force")
    same_bits(read_sqlite(place / "pickled.db", dtype, pickle.loads), expected)
    anear("convert", place / "pickled.db", place / "back.npy", "--force")
    same_bits(np.load(place / "back.npy"), expected)


def plain_sqlite_table(place):
    np.save(place / "source.npy", matrix("f4"))
    anear("convert", place / "source.npy", place / "table.db", "--force")
    database = sqlite3.connect(place / "table.db")
    same(database.execute("PRAGMA integrity_check").fetchone()[0], "ok", "integrity")
    columns = {row[1]: row[2] for row in database.execute("PRAGMA table_info(Embeddings)")}
    same(columns, {"id": "INTEGER", "embedding": "BLOB"}, "columns")
    same(database.execute("SELECT count(*) FROM Embeddings").fetchone()[0], ROWS, "rows")


def keep_metadata(place, suffix):
    """Parquet to another format and back: no row, column, value or null is lost."""
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(matrix("f4").ravel()), DIM)
    table = METADATA.append_column("embedding", vectors)
    source, output, back = (place / name for name in ("meta.parquet", f"meta.{suffix}", "back.parquet"))
    pq.write_table(table, source)
    anear("convert", source, output, "--force")
    anear("convert", output, back, "--force", "--dtype", "f32")
    found = pq.read_table(back)
    for name in METADATA.column_names:
        same(found[name].to_pylist(), table[name].to_pylist(), name)
    name = found.column_names[-1] if "embedding" not in found.column_names else "embedding"
    same_bits(found[name].combine_chunks().flatten().to_numpy(), vectors.flatten().to_numpy())


def h5_metadata(place):
    expected = {name: METADATA[name].to_pylist() for name in METADATA.column_names}
    keep_metadata(place, "h5")
    with h5py.File(place / "meta.h5") as file:
        same([text.decode() for text in file["id"][:]], expected["id"], "id")
        values = file["page_num"][:]
        for row, value in enumerate(expected["page_num"]):
            assert value is None or values[row] == value, f"page_num of row {row}"


def sqlite_metadata(place):
    keep_metadata(place, "db")
    found = sqlite3.connect(place / "meta.db").execute(
        "SELECT id, file_name, page_num, score, kept FROM Embeddings ORDER BY rowid")
    expected = zip(*(METADATA[name].to_pylist() for name in METADATA.column_names))
    same(list(found), list(expected), "rows")


def append_to_groups(place):
    np.save(place / "source.npy", matrix("f4"))
    anear("convert", place / "source.npy", f"{place / 'papers.h5'}::doc1/section2/embedding", "--force")
    with h5py.File(place / "papers.h5") as file:
        same_bits(file["doc1/section2/embedding"][:], np.load(place / "source.npy"))


def main():
    with folder() as name:
        place = Path(name)
        for suffix, elements in ELEMENTS.items():
            for dtype in elements:
                case(f"{suffix} {dtype}", write_and_read, place, suffix, dtype, READERS[suffix])
        for suffix, (dtype, reader) in PLAIN.items():
            case(suffix, write_and_read, place, suffix, dtype, reader)
        for suffix, method in (("h5", "gzip"), ("h5", "gzip:9"), ("npz", "gzip"), ("parquet", "zstd"), ("parquet", "gzip")):
            case(f"{suffix} {method}", write_compressed, place, suffix, method)
        for dtype in ("f4", "f8"):
            case(f"pickle {dtype}", write_pickles, place, dtype)
        case("table", plain_sqlite_table, place)
        for suffix in ("npy", "npz", "safetensors", "pt", "parquet", "jsonl", "csv", "fvecs"):
            case(f"metadata {suffix}", keep_metadata, place, suffix)
        case("metadata h5", h5_metadata, place)
        case("metadata db", sqlite_metadata, place)
        case("groups", append_to_groups, place)
    finish()


if __name__ == "__main__":
    main()
