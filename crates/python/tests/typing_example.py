"""Checked by mypy: what a program that uses anear may rely on."""

from pathlib import Path

import anear
import numpy as np
import numpy.typing as npt


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
