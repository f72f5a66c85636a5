"""Haystack's documents as rows of a collection.

A collection has a vector in each row. A document without an embedding has one of zeros, and says
so in a column of its own, so that no search by vector finds it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from haystack.dataclasses import ByteStream, Document, SparseEmbedding

from .._adapters.documents import Found
from .._adapters.metadata import Layout

NO_EMBEDDING = "_no_embedding"
BLOB = "_blob"
BLOB_FACTS = "_blob_facts"  # its type and metadata, as JSON
SPARSE = "_sparse_embedding"  # as JSON
OWN = (NO_EMBEDDING, BLOB, BLOB_FACTS, SPARSE)


def columns(documents: Sequence[Document]) -> dict[str, list[Any]]:
    """What the columns of our own hold for these documents."""
    return {
        NO_EMBEDDING: [True if each.embedding is None else None for each in documents],
        BLOB: [None if each.blob is None else each.blob.data for each in documents],
        BLOB_FACTS: [_blob_facts(each.blob) for each in documents],
        SPARSE: [_sparse(each.sparse_embedding) for each in documents],
    }


def embeddings(documents: Sequence[Document], dim: int) -> npt.NDArray[np.float64]:
    """The embeddings, one a row; zeros where there is none."""
    zeros = [0.0] * dim
    rows = [zeros if each.embedding is None else each.embedding for each in documents]
    return np.asarray(rows, np.float64)


def document(found: Found, layout: Layout, text: str, score: float | None = None) -> Document:
    """The document in a row, with its embedding if that has been read."""
    row = found.row
    has_embedding = found.vector is not None and not row.get(NO_EMBEDDING)
    sparse = row.get(SPARSE)
    return Document(
        id=found.id,
        content=row.get(text),
        blob=_blob(row.get(BLOB), row.get(BLOB_FACTS)),
        meta=layout.decode(row),
        score=score,
        embedding=found.vector.tolist() if has_embedding and found.vector is not None else None,
        sparse_embedding=None if sparse is None else SparseEmbedding.from_dict(json.loads(sparse)),
    )


def _blob_facts(blob: ByteStream | None) -> str | None:
    return None if blob is None else json.dumps({"meta": blob.meta, "mime_type": blob.mime_type})


def _blob(data: bytes | None, facts: str | None) -> ByteStream | None:
    return None if data is None else ByteStream(data, **json.loads(facts or "{}"))


def _sparse(embedding: SparseEmbedding | None) -> str | None:
    return None if embedding is None else json.dumps(embedding.to_dict())
