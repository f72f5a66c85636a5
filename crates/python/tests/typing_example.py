"""Checked by mypy: what a program that uses anear may rely on."""

from pathlib import Path

import anear
import numpy as np
import numpy.typing as npt
from anear.annoy import AnnoyIndex


def nearest(path: Path, queries: npt.NDArray[np.float32]) -> list[tuple[float, int]]:
    with anear.open(path, threads=2) as vectors:
        rows, dim = vectors.shape
        assert queries.shape[1] == dim and len(vectors) == rows
        distances, ids = anear.search(vectors, queries, k=3, metric="l2")
        limits, _, _ = anear.search(vectors, queries, radius=0.5)
        assert limits.dtype == np.uint64
        block: npt.NDArray[np.float32] = vectors[10:20]
        names = [str(name) for name in vectors.metadata["lemmas"]]
        assert len(names) == rows and len(block) == 10
    return list(zip(distances[0].tolist(), ids[0].tolist(), strict=True))


def kept(rows: list[list[float]], path: Path) -> int:
    index = anear.Index.build(rows, ids=["a", "b"], metric="cosine")
    distances, ids = index.search(rows[0], k=1, filter=["a"])
    limits, _, _ = index.range_search(rows[0], 0.5)
    try:
        index.save(path)
    except anear.UsageError as error:
        hint: str | None = error.help
        raise SystemExit(hint) from error
    size: int = anear.save(path.with_suffix(".npy"), rows).bytes
    return size + len(anear.Index.load(path)) + int(ids[0, 0]) + len(limits) + distances.size


def as_with_annoy(rows: list[list[float]], path: str) -> list[int]:
    index = AnnoyIndex(len(rows[0]), "angular")
    for item, row in enumerate(rows):
        index.add_item(item, row)
    index.build(10, n_jobs=1)
    index.save(path)
    items: list[int] = index.get_nns_by_item(0, 5)
    near, distances = index.get_nns_by_vector(np.array(rows[0]), 5, include_distances=True)
    best: float = min(distances)
    assert best >= 0 and index.f == len(rows[0])
    table, how_far = index.get_nns_by_vectors(rows, 5, 100, True, filter=items, threads=2)
    assert table.shape == how_far.shape == index.get_nns_by_items([0, 1], 5).shape
    return near
