"""The vector store."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import VectorStore

from .._adapters import conditions
from .._adapters.conditions import Condition
from .._adapters.documents import Documents, Found, Place
from .._adapters.scores import most_diverse, similarity
from .._errors import UsageError
from ._filters import Filter, condition


class AnearVectorStore(VectorStore):
    """Texts with their embeddings and metadata, in a collection.

    Every key of the metadata is a column of the collection, which SQL conditions and other tools
    see; texts can be searched by their words too. What an add has returned is on disk. Threads may
    share a store.

    All searches take ``filter`` and ``where``, and find what meets both:

    - ``filter`` is a dict: ``{"page": 3}`` or ``{"page": {"$gte": 3, "$lt": 9}}``, with the
      operators ``$eq``, ``$ne``, ``$gt``, ``$gte``, ``$lt``, ``$lte``, ``$in``, ``$nin``,
      ``$between``, ``$like``, ``$contains`` (of a list), ``$exists``; joined by ``$and``, ``$or``
      and ``$not``. A key ``"author.name"`` is that of a dict in the metadata.
    - ``where`` is an SQL condition over the columns, ``params`` the values of its question marks:
      ``where="page > ? AND file_name LIKE 'a%'", params=[3]``.

    Parameters
    ----------
    embedding
        What embeds texts.
    collection
        A collection, or the path of one; it is made with the first texts if it is not there.
    text_column
        The column with the texts.
    metric, model, dtype, storage
        As in `anear.Collection`; those of a collection that is there are checked.
    relevance_score_fn
        What turns a distance into a relevance from 0 to 1; by default the cosine or inner product
        from 0 on, and 1 / (1 + distance) for other metrics.
    """

    def __init__(
        self,
        embedding: Embeddings,
        collection: Place,
        *,
        text_column: str = "text",
        metric: str | None = None,
        model: str | None = None,
        dtype: str | None = None,
        storage: str | None = None,
        relevance_score_fn: Callable[[float], float] | None = None,
    ) -> None:
        self._embedding = embedding
        self._relevance = relevance_score_fn
        options = {"metric": metric, "model": model, "dtype": dtype, "storage": storage}
        self._documents = Documents(collection, text=text_column, options=options)

    @property
    def embeddings(self) -> Embeddings:
        """What embeds texts."""
        return self._embedding

    @classmethod
    def from_texts(
        cls,
        texts: list[str],
        embedding: Embeddings,
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        **options: Any,
    ) -> AnearVectorStore:
        """A store with these texts; ``options`` are those of the class, ``collection`` among
        them."""
        store = cls(embedding, **options)
        store.add_texts(texts, metadatas, ids=ids)
        return store

    def add_texts(
        self,
        texts: Iterable[str],
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: Sequence[str | None] | None = None,
        **kwargs: Any,
    ) -> list[str]:
        """Embeds texts and adds them; one with an id that is there takes its place.

        Returns
        -------
        The ids, new ones where none were given.
        """
        texts = list(texts)
        return self.add_embeddings(
            texts, self._embedding.embed_documents(texts), metadatas, ids=ids
        )

    def add_embeddings(
        self,
        texts: Sequence[str],
        embeddings: Sequence[Sequence[float]],
        metadatas: Sequence[Mapping[str, Any]] | None = None,
        *,
        ids: Sequence[str | None] | None = None,
    ) -> list[str]:
        """As `add_texts`, for texts that have been embedded already."""
        given = [None] * len(texts) if ids is None else list(ids)
        metadata = [{}] * len(texts) if metadatas is None else list(metadatas)
        if not len(texts) == len(given) == len(metadata) == len(embeddings):
            raise UsageError(
                f"{len(texts)} texts, {len(embeddings)} embeddings, {len(metadata)} metadata "
                f"and {len(given)} ids do not go together"
            )
        names = [str(uuid.uuid4()) if id is None else id for id in given]
        self._documents.write(names, embeddings, texts, metadata)
        return names

    def get_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """The documents with these ids, in this order; those that are not there are left out."""
        return self._read(self._documents.get(ids))

    def delete(
        self,
        ids: list[str] | None = None,
        *,
        filter: Filter | None = None,
        where: str | None = None,
        params: Sequence[Any] = (),
        **kwargs: Any,
    ) -> bool:
        """Deletes the documents with these ids, or that meet a filter, or all. True when done."""
        if ids is not None:
            self._documents.delete(ids)
        else:
            self._documents.delete_where(self._condition(filter, where, params))
        return True

    def similarity_search(
        self,
        query: str,
        k: int = 4,
        *,
        mode: str = "vector",
        **kwargs: Any,
    ) -> list[Document]:
        """The ``k`` documents that are nearest to a text.

        With ``mode="text"`` this is `text_search` and with ``mode="hybrid"`` `hybrid_search`, so
        that a retriever can do these: ``store.as_retriever(search_kwargs={"mode": "hybrid"})``.
        """
        modes = {
            "vector": self.similarity_search_with_score,
            "text": self.text_search_with_score,
            "hybrid": self.hybrid_search_with_score,
        }
        if mode not in modes:
            raise UsageError(f"mode is {mode!r}", help=f"it can be one of: {', '.join(modes)}")
        return [document for document, _ in modes[mode](query, k, **kwargs)]

    def similarity_search_with_score(
        self, query: str, k: int = 4, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        """As `similarity_search`, with distances: smaller is nearer, but for the metric ``ip``."""
        vector = self._embedding.embed_query(query)
        return self.similarity_search_with_score_by_vector(vector, k, **kwargs)

    def similarity_search_by_vector(
        self, embedding: list[float], k: int = 4, **kwargs: Any
    ) -> list[Document]:
        """The ``k`` documents that are nearest to a vector."""
        found = self.similarity_search_with_score_by_vector(embedding, k, **kwargs)
        return [document for document, _ in found]

    def similarity_search_with_score_by_vector(
        self, embedding: list[float], k: int = 4, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        """As `similarity_search_by_vector`, with distances."""
        return self._search(embedding, None, k, **kwargs)

    def text_search(self, query: str, k: int = 4, **kwargs: Any) -> list[Document]:
        """The ``k`` best documents that have one of the words at least, by BM25."""
        return [document for document, _ in self.text_search_with_score(query, k, **kwargs)]

    def text_search_with_score(
        self, query: str, k: int = 4, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        """As `text_search`, with BM25 scores, of which smaller (they are negative) is better."""
        return self._search(None, query, k, **kwargs)

    def hybrid_search(self, query: str, k: int = 4, **kwargs: Any) -> list[Document]:
        """The ``k`` best documents by nearness and words together: reciprocal rank fusion."""
        return [document for document, _ in self.hybrid_search_with_score(query, k, **kwargs)]

    def hybrid_search_with_score(
        self, query: str, k: int = 4, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        """As `hybrid_search`, with minus the fused scores, so that smaller is better."""
        return self._search(self._embedding.embed_query(query), query, k, **kwargs)

    def max_marginal_relevance_search(
        self,
        query: str,
        k: int = 4,
        fetch_k: int = 20,
        lambda_mult: float = 0.5,
        **kwargs: Any,
    ) -> list[Document]:
        """Chooses ``k`` of the ``fetch_k`` documents nearest to a text, that differ from each
        other: ``lambda_mult`` from 0, for the most different ones, to 1, for the nearest."""
        vector = self._embedding.embed_query(query)
        return self.max_marginal_relevance_search_by_vector(
            vector, k, fetch_k, lambda_mult, **kwargs
        )

    def max_marginal_relevance_search_by_vector(
        self,
        embedding: list[float],
        k: int = 4,
        fetch_k: int = 20,
        lambda_mult: float = 0.5,
        *,
        filter: Filter | None = None,
        where: str | None = None,
        params: Sequence[Any] = (),
        **kwargs: Any,
    ) -> list[Document]:
        """As `max_marginal_relevance_search`, for a vector."""
        condition = self._condition(filter, where, params)
        near = self._documents.search(embedding, None, max(k, fetch_k), condition, vectors=True)
        if not near:
            return []
        vectors = np.stack([hit.vector for hit in near if hit.vector is not None])
        chosen = most_diverse(embedding, vectors, k, lambda_mult)
        return self._read([near[position] for position in chosen])

    def close(self) -> None:
        """Closes the collection."""
        self._documents.close()

    def _search(
        self,
        vector: Sequence[float] | None,
        text: str | None,
        k: int,
        *,
        filter: Filter | None = None,
        where: str | None = None,
        params: Sequence[Any] = (),
        **kwargs: Any,
    ) -> list[tuple[Document, float]]:
        found = self._documents.search(vector, text, k, self._condition(filter, where, params))
        distances = [hit.distance or 0.0 for hit in found]
        return list(zip(self._read(found), distances, strict=True))

    def _condition(
        self, filter: Filter | None, where: str | None, params: Sequence[Any]
    ) -> Condition:
        given = [] if where is None else [conditions.plain(where, params)]
        if filter:
            given.insert(0, condition(filter, self._documents.layout()))
        return conditions.all_of(given)

    def _read(self, found: Sequence[Found]) -> list[Document]:
        layout = self._documents.layout()
        text = self._documents.text
        return [
            Document(
                id=each.id,
                page_content=each.row.get(text) or "",
                metadata=layout.decode(each.row),
            )
            for each in found
        ]

    def _select_relevance_score_fn(self) -> Callable[[float], float]:
        if self._relevance is not None:
            return self._relevance
        metric = self._documents.metric
        return lambda distance: min(1.0, max(0.0, similarity(metric, distance)))
