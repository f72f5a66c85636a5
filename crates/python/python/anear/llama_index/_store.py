"""The vector store."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from llama_index.core.bridge.pydantic import PrivateAttr
from llama_index.core.schema import BaseNode
from llama_index.core.vector_stores.types import (
    BasePydanticVectorStore,
    MetadataFilters,
    VectorStoreQuery,
    VectorStoreQueryMode,
    VectorStoreQueryResult,
)

from .._adapters import conditions
from .._adapters.conditions import Condition
from .._adapters.documents import Documents, Found, Place
from .._adapters.scores import fused, most_diverse, similarity
from .._collection import Collection
from .._errors import UsageError
from ._filters import condition
from ._nodes import DOCUMENT, OWN, columns, node

_Scored = list[tuple[Found, float]]


class AnearVectorStore(BasePydanticVectorStore):
    """Nodes with their embeddings and metadata, in a collection.

    Every key of the metadata is a column of the collection, which SQL and other tools see; texts
    can be searched by their words. What `add` has returned is on disk, so `persist` has nothing
    left to do: open the same path again.

    Queries may be of the modes ``default``, ``text_search`` or ``sparse`` (BM25), ``hybrid``
    (reciprocal rank fusion, weighted by ``alpha``) and ``mmr``. Filters may have all operators,
    and filters within filters; the keys ``ref_doc_id``, ``doc_id`` and ``document_id`` are the
    document that a node is a part of.

    Parameters
    ----------
    collection
        A collection, or the path of one; it is made with the first nodes if it is not there.
    dim
        Components of an embedding; by default those of the first one that is added.
    metric, model, dtype, storage
        As in `anear.Collection`; those of a collection that is there are checked.
    text_column
        The column with the texts.
    """

    stores_text: bool = True
    collection: str
    dim: int | None = None
    metric: str | None = None
    model: str | None = None
    dtype: str | None = None
    storage: str | None = None
    text_column: str = "text"
    _documents: Documents = PrivateAttr()

    def __init__(
        self,
        collection: Place,
        *,
        dim: int | None = None,
        metric: str | None = None,
        model: str | None = None,
        dtype: str | None = None,
        storage: str | None = None,
        text_column: str = "text",
        **fields: Any,
    ) -> None:
        options = {"metric": metric, "model": model, "dtype": dtype, "storage": storage}
        documents = Documents(collection, text=text_column, own=OWN, dim=dim, options=options)
        fields.update(options, collection=documents.path, dim=dim, text_column=text_column)
        super().__init__(**fields)
        self._documents = documents

    @classmethod
    def class_name(cls) -> str:
        """The name in stored settings."""
        return "AnearVectorStore"

    @property
    def client(self) -> Collection | None:
        """The collection; None if there is none yet."""
        return self._documents.collection

    def add(self, nodes: Sequence[BaseNode], **kwargs: Any) -> list[str]:
        """Adds nodes, which have embeddings, and returns their ids. A node whose id is there
        already takes the place of the other."""
        ids = [each.node_id for each in nodes]
        embeddings = [each.get_embedding() for each in nodes]
        parts = columns(nodes)
        self._documents.write(ids, embeddings, parts.texts, parts.metadata, parts.own)
        return ids

    def get_nodes(
        self, node_ids: list[str] | None = None, filters: MetadataFilters | None = None
    ) -> list[BaseNode]:
        """The nodes with these ids that meet the filters, with their embeddings, in the order they
        were added; all nodes if neither is given."""
        found = self._documents.read(self._condition(node_ids, None, filters), vectors=True)
        return self._nodes(list(found))

    def delete(self, ref_doc_id: str, **delete_kwargs: Any) -> None:
        """Deletes the nodes of a document."""
        self._documents.delete_where(self._condition(None, [ref_doc_id], None))

    def delete_nodes(
        self,
        node_ids: list[str] | None = None,
        filters: MetadataFilters | None = None,
        **delete_kwargs: Any,
    ) -> None:
        """Deletes the nodes with these ids that meet the filters."""
        if node_ids is None and filters is None:
            raise UsageError("delete_nodes wants ids or filters", help="clear() deletes all nodes")
        self._documents.delete_where(self._condition(node_ids, None, filters))

    def clear(self) -> None:
        """Deletes all nodes; the collection stays."""
        self._documents.delete_where(conditions.ALWAYS)

    def close(self) -> None:
        """Closes the collection."""
        self._documents.close()

    def query(self, query: VectorStoreQuery, **kwargs: Any) -> VectorStoreQueryResult:
        """The best nodes for a query, best first.

        Similarities are the cosine or the inner product, else 1 / (1 + distance); of texts BM25,
        and of hybrid queries the fused score.

        Parameters
        ----------
        query
            Of the mode ``mmr``, ``mmr_threshold`` goes from 0, for the most different nodes, to 1,
            for the nearest.
        kwargs
            ``mmr_prefetch_k``: how many nodes ``mmr`` chooses from, by default 4 times as many as
            it is to find.

        Raises
        ------
        UsageError
            If there is no such mode, or the query lacks an embedding or a text.
        """
        searches: dict[VectorStoreQueryMode, Callable[..., _Scored]] = {
            VectorStoreQueryMode.DEFAULT: self._nearest,
            VectorStoreQueryMode.TEXT_SEARCH: self._with_words,
            VectorStoreQueryMode.SPARSE: self._with_words,
            VectorStoreQueryMode.HYBRID: self._hybrid,
            VectorStoreQueryMode.MMR: self._diverse,
        }
        if query.mode not in searches:
            modes = ", ".join(mode.value for mode in searches)
            raise UsageError(f"there is no mode {query.mode!r}", help=f"the modes are: {modes}")
        # Indexes that leave the texts to the store ask with an empty list of ids.
        given = self._condition(query.node_ids or None, query.doc_ids or None, query.filters)
        found = searches[query.mode](query, given, **kwargs)
        return VectorStoreQueryResult(
            nodes=self._nodes([each for each, _ in found]),
            similarities=[score for _, score in found],
            ids=[each.id for each, _ in found],
        )

    def _nearest(self, query: VectorStoreQuery, given: Condition, **kwargs: Any) -> _Scored:
        found = self._documents.search(_vector(query), None, query.similarity_top_k, given)
        return self._with_similarity(found)

    def _with_words(self, query: VectorStoreQuery, given: Condition, **kwargs: Any) -> _Scored:
        k = query.sparse_top_k or query.similarity_top_k
        found = self._documents.search(None, _text(query), k, given)
        return [(each, -(each.distance or 0.0)) for each in found]

    def _hybrid(self, query: VectorStoreQuery, given: Condition, **kwargs: Any) -> _Scored:
        k = query.hybrid_top_k or query.similarity_top_k
        near = self._documents.search(_vector(query), None, max(k, 100), given)
        matching = self._documents.search(
            None, _text(query), query.sparse_top_k or max(k, 100), given
        )
        return fused(near, matching, k, 0.5 if query.alpha is None else query.alpha)

    def _diverse(self, query: VectorStoreQuery, given: Condition, **kwargs: Any) -> _Scored:
        k, vector = query.similarity_top_k, _vector(query)
        many = max(k, kwargs.get("mmr_prefetch_k") or 4 * k)
        near = self._documents.search(vector, None, many, given, vectors=True)
        if not near:
            return []
        vectors = np.stack([each.vector for each in near if each.vector is not None])
        threshold = kwargs.get("mmr_threshold", query.mmr_threshold)
        chosen = most_diverse(vector, vectors, k, 0.5 if threshold is None else threshold)
        return self._with_similarity([near[position] for position in chosen])

    def _with_similarity(self, found: Sequence[Found]) -> _Scored:
        metric = self._documents.metric
        return [(each, similarity(metric, each.distance or 0.0)) for each in found]

    def _condition(
        self,
        node_ids: Sequence[str] | None,
        document_ids: Sequence[str] | None,
        filters: MetadataFilters | None,
    ) -> Condition:
        layout = self._documents.layout()
        parts = [condition(filters, layout)] if filters is not None else []
        if document_ids is not None:
            parts.append(conditions.one_of(layout.own(DOCUMENT), document_ids))
        if node_ids is not None:
            parts.append(self._documents.with_id(node_ids))
        return conditions.all_of(parts)

    def _nodes(self, found: Sequence[Found]) -> list[BaseNode]:
        layout = self._documents.layout()
        return [node(each, layout, self.text_column) for each in found]

    async def async_add(self, nodes: Sequence[BaseNode], **kwargs: Any) -> list[str]:
        """As `add`."""
        return await to_thread(self.add, nodes, **kwargs)

    async def aget_nodes(
        self, node_ids: list[str] | None = None, filters: MetadataFilters | None = None
    ) -> list[BaseNode]:
        """As `get_nodes`."""
        return await to_thread(self.get_nodes, node_ids, filters)

    async def adelete(self, ref_doc_id: str, **delete_kwargs: Any) -> None:
        """As `delete`."""
        await to_thread(self.delete, ref_doc_id)

    async def adelete_nodes(
        self,
        node_ids: list[str] | None = None,
        filters: MetadataFilters | None = None,
        **delete_kwargs: Any,
    ) -> None:
        """As `delete_nodes`."""
        await to_thread(self.delete_nodes, node_ids, filters)

    async def aclear(self) -> None:
        """As `clear`."""
        await to_thread(self.clear)

    async def aquery(self, query: VectorStoreQuery, **kwargs: Any) -> VectorStoreQueryResult:
        """As `query`."""
        return await to_thread(self.query, query, **kwargs)


def _vector(query: VectorStoreQuery) -> list[float]:
    if query.query_embedding is None:
        raise UsageError(f"a query of the mode {query.mode.value} needs query_embedding")
    return query.query_embedding


def _text(query: VectorStoreQuery) -> str:
    if query.query_str is None:
        raise UsageError(f"a query of the mode {query.mode.value} needs query_str")
    return query.query_str
