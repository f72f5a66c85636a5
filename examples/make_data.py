"""Makes the example data from the WordNet set: `python make_data.py FOLDER`, where FOLDER holds
base.npy (float16, one row a synset) and metadata.jsonl.gz (synset, pos, category, lemmas, gloss).

Needs numpy, h5py and pyarrow, so that the files are such as these libraries write.
"""

import collections
import gzip
import json
import pickle
import sqlite3
import sys
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).parent / "data"
GLOSSES = {
    "noun.food": 900, "noun.feeling": 300, "noun.phenomenon": 300, "noun.animal": 700, "noun.time": 300,
    "noun.body": 300, "noun.plant": 300, "noun.cognition": 400, "verb.weather": 60, "noun.artifact": 440,
}


def main(source: Path) -> None:
    vectors = np.load(source / "base.npy")
    with gzip.open(source / "metadata.jsonl.gz", "rt", encoding="utf-8") as lines:
        synsets = [json.loads(line) for line in lines]
    HERE.mkdir(exist_ok=True)
    write_parquet(vectors, synsets)
    write_sqlite(vectors, synsets)
    write_hdf5(vectors, synsets)


def rows_of(synsets: list, category: str, most: int) -> list:
    rows = [row for row, synset in enumerate(synsets) if synset["category"] == category]
    return rows[:most]


def names(synsets: list) -> list:
    """A readable id for each synset: lemma.pos, with a number from the second on."""
    seen: collections.Counter = collections.Counter()
    result = []
    for synset in synsets:
        lemmas = synset["lemmas"]
        lemma = lemmas[0] if isinstance(lemmas, list) else lemmas.split(",")[0]
        name = lemma.strip().replace(" ", "_") + "." + synset["pos"][0]
        seen[name] += 1
        result.append(name if seen[name] == 1 else f"{name}.{seen[name]}")
    return result


def lemma_text(synset: dict) -> str:
    lemmas = synset["lemmas"]
    return ", ".join(lemmas) if isinstance(lemmas, list) else lemmas


def write_parquet(vectors: np.ndarray, synsets: list) -> None:
    """glosses.parquet: 4,000 synsets of ten categories, float16 fixed-size lists."""
    rows = sorted(row for category, most in GLOSSES.items() for row in rows_of(synsets, category, most))
    chosen = [synsets[row] for row in rows]
    flat = pa.array(vectors[rows].ravel(), pa.float16())
    table = pa.table({
        "id": names(chosen),
        "pos": [synset["pos"] for synset in chosen],
        "category": [synset["category"] for synset in chosen],
        "lemmas": [lemma_text(synset) for synset in chosen],
        "gloss": [synset["gloss"] for synset in chosen],
        "embedding": pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1]),
    })
    pq.write_table(table, HERE / "glosses.parquet", compression="zstd", use_dictionary=["pos", "category"])


def write_sqlite(vectors: np.ndarray, synsets: list) -> None:
    """food.db: 600 kinds of food as scripts keep them, one pickled float32 array a row."""
    path = HERE / "food.db"
    path.unlink(missing_ok=True)
    database = sqlite3.connect(path)
    database.execute(
        "CREATE TABLE Embeddings (id INTEGER PRIMARY KEY AUTOINCREMENT, "
        "file_name TEXT, page_num INTEGER, gloss TEXT, embedding BLOB)"
    )
    for number, row in enumerate(rows_of(synsets, "noun.food", 600)):
        blob = pickle.dumps(vectors[row].astype(np.float32))
        synset = synsets[row]
        database.execute(
            "INSERT INTO Embeddings (file_name, page_num, gloss, embedding) VALUES (?, ?, ?, ?)",
            (f"food-{number // 50:02}.pdf", number % 50 + 1, lemma_text(synset) + ": " + synset["gloss"], blob),
        )
    database.commit()
    database.close()


def write_hdf5(vectors: np.ndarray, synsets: list) -> None:
    """papers.h5: one group a document, sections in it, compressed."""
    with h5py.File(HERE / "papers.h5", "w") as file:
        file.attrs["model"] = "all-MiniLM-L6-v2"
        for document in ("noun.animal", "noun.plant"):
            rows = rows_of(synsets, document, 240)
            for section, part in enumerate(np.array_split(np.array(rows), 2), start=1):
                group = file.create_group(f"{document.removeprefix('noun.')}s/section{section}")
                group.create_dataset("embedding", data=vectors[part], compression="gzip", shuffle=True)
                group.create_dataset("gloss", data=[lemma_text(synsets[r]) + ": " + synsets[r]["gloss"] for r in part])
                group.create_dataset("page_num", data=np.arange(len(part)) // 10 + 1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
