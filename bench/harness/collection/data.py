"""Rows with metadata, and the conditions they are asked with: the same ones for everybody and every time."""

import json
from pathlib import Path

import numpy as np
from pyarrow import parquet

from harness.datasets import GLOSSES, single

DOCUMENTS = 1_000
PAGES = 10_000
# Of PAGES, so many pass: one row in ten.
PASSING_PAGES = 1_000
# A row beyond those of the data is one of them with noise of this length, so that it has neighbours but no twin.
NOISE = 0.5
HALF_A_TEXT = 30


def grown(base, rows):
    """So many unit vectors: the data's, then the same with noise, as often as it takes."""
    random = np.random.default_rng(7)
    parts, there = [base[:rows]], min(len(base), rows)
    while there < rows:
        noise = random.standard_normal(base.shape, dtype=np.float32) * (NOISE / np.sqrt(base.shape[1]))
        parts.append((base + noise)[:rows - there])
        there += len(parts[-1])
    vectors = np.concatenate(parts)
    return single(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def metadata(rows):
    """A list a column. The rows of a document are not beside each other; each text is two halves of glosses."""
    random = np.random.default_rng(8)
    glosses = parquet.read_table(GLOSSES, columns=["gloss"])["gloss"].to_pylist()
    halves = random.integers(0, len(glosses), (rows, 2)).tolist()
    return {
        "file_name": [name(number) for number in random.permutation(np.arange(rows) % DOCUMENTS).tolist()],
        "page_num": random.integers(1, PAGES + 1, rows).tolist(),
        "text": [f"{glosses[one][:HALF_A_TEXT]} {glosses[other][-HALF_A_TEXT:]}" for one, other in halves],
    }


def name(number):
    return f"report-{number:04}.pdf"


def conditions(rows):
    """Scenario -> as many different conditions as there are documents, as JSON has them."""
    random = np.random.default_rng(9)
    documents = min(DOCUMENTS, rows)
    first = random.permutation(PAGES - PASSING_PAGES + 1)[:documents] + 1
    return {
        "10 %": [[page, page + PASSING_PAGES - 1] for page in first.tolist()],
        "0.1 %": [name(number) for number in random.permutation(documents).tolist()],
        "all": [None] * documents,
    }


def write(folder, vectors, queries, metadata, conditions):
    """Writes what the workers load; gives the request of those that add, and of those that only ask."""
    asks = {"do": "load", "queries": str(folder / "queries.npy"), "conditions": str(folder / "conditions.json")}
    adds = {**asks, "vectors": str(folder / "vectors.npy"), "metadata": str(folder / "metadata.json")}
    np.save(adds["vectors"], vectors)
    np.save(asks["queries"], queries)
    for path, content in ((adds["metadata"], metadata), (asks["conditions"], conditions)):
        Path(path).write_text(json.dumps(content), encoding="utf-8")
    return adds, asks
