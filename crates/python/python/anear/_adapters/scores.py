"""How good a hit is, where frameworks want larger to be better, and queries of words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt


def similarity(metric: str, distance: float) -> float:
    """A distance as a similarity: the cosine, the inner product, else 1 / (1 + distance)."""
    if metric == "cosine":
        return 1.0 - distance
    if metric == "angular":
        return 1.0 - distance * distance / 2
    return distance if metric == "ip" else 1.0 / (1.0 + distance)


def any_word(text: str) -> str | None:
    """The query that finds rows with one of these words at least, the best by BM25 first; None
    if there is no word in the text."""
    words = dict.fromkeys(re.findall(r"\w+", text.lower()))
    return " OR ".join(f'"{word}"' for word in words) or None


def most_diverse(
    query: npt.ArrayLike, vectors: npt.NDArray[Any], k: int, relevance: float
) -> list[int]:
    """Chooses ``k`` vectors by maximal marginal relevance.

    Each is the one with the largest ``relevance * cosine to the query - (1 - relevance) * largest
    cosine to those that were chosen before``. Returns their positions, in the order chosen.
    """
    if not len(vectors) or k < 1:
        return []
    units = _units(vectors)
    to_query = units @ _units(np.asarray(query)[None])[0]
    chosen = [int(np.argmax(to_query))]
    to_chosen = units @ units[chosen[0]]
    while len(chosen) < min(k, len(units)):
        score = relevance * to_query - (1 - relevance) * to_chosen
        score[chosen] = -np.inf
        chosen.append(int(np.argmax(score)))
        to_chosen = np.maximum(to_chosen, units @ units[chosen[-1]])
    return chosen


def fused(rankings: Sequence[tuple[Sequence[Any], float]]) -> list[tuple[Any, float]]:
    """Reciprocal rank fusion of rankings, each with its weight; the best first, with its score."""
    scores: dict[Any, float] = {}
    for ranking, weight in rankings:
        for rank, item in enumerate(ranking):
            scores[item] = scores.get(item, 0.0) + weight / (61 + rank)
    return sorted(scores.items(), key=lambda pair: -pair[1])


def _units(vectors: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    x = vectors.astype(np.float64)
    lengths = np.linalg.norm(x, axis=1, keepdims=True)
    return x / np.where(lengths == 0, 1.0, lengths)  # type: ignore[no-any-return]
