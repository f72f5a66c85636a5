"""How good hits are, where frameworks want larger to be better, and choices among them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from .documents import Found

_DAMPING = 60  # of reciprocal rank fusion: how little the first ranks stand out


def similarity(metric: str, distance: float) -> float:
    """A distance as a similarity: the cosine, the inner product, else 1 / (1 + distance)."""
    if metric == "cosine":
        return 1.0 - distance
    if metric == "angular":
        return 1.0 - distance * distance / 2
    return distance if metric == "ip" else 1.0 / (1.0 + distance)


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


def fused(
    by_vector: Sequence[Found], by_text: Sequence[Found], k: int, vector_weight: float = 0.5
) -> list[tuple[Found, float]]:
    """The best documents of two rankings together, each with its score: reciprocal rank fusion,
    where the rankings may weigh differently."""
    found = {each.id: each for each in (*by_vector, *by_text)}
    scores = dict.fromkeys(found, 0.0)
    for ranking, weight in ((by_vector, vector_weight), (by_text, 1.0 - vector_weight)):
        for rank, each in enumerate(ranking):
            scores[each.id] += weight / (_DAMPING + 1 + rank)
    best = sorted(scores, key=lambda id: -scores[id])[:k]
    return [(found[id], scores[id]) for id in best]


def _units(vectors: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    x = vectors.astype(np.float64)
    lengths = np.linalg.norm(x, axis=1, keepdims=True)
    units: npt.NDArray[np.float64] = x / np.where(lengths == 0, 1.0, lengths)
    return units
