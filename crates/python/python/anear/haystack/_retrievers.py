"""The components that search the document store in a pipeline."""

from __future__ import annotations

from typing import Any, TypedDict

from haystack import Document, component, default_from_dict, default_to_dict
from haystack.document_stores.types import FilterPolicy, apply_filter_policy

from ._asynchronous import AnearDocumentStore

Filters = dict[str, Any]


class _Request(TypedDict):
    filters: Filters | None
    top_k: int
    return_embedding: bool


class _Retriever:
    """What the retrievers share: their settings, and how these meet those of a run."""

    def __init__(
        self,
        document_store: AnearDocumentStore,
        *,
        filters: Filters | None = None,
        top_k: int = 10,
        return_embedding: bool = False,
        filter_policy: FilterPolicy | str = FilterPolicy.REPLACE,
    ) -> None:
        if not isinstance(document_store, AnearDocumentStore):
            raise ValueError("document_store has to be an AnearDocumentStore")
        if top_k < 1:
            raise ValueError(f"top_k is {top_k}; it has to be 1 or more")
        if isinstance(filter_policy, str):
            filter_policy = FilterPolicy.from_str(filter_policy)
        self.document_store = document_store
        self.filters = filters
        self.top_k = top_k
        self.return_embedding = return_embedding
        self.filter_policy = filter_policy

    def to_dict(self) -> dict[str, Any]:
        """The component as a dict."""
        return default_to_dict(
            self,
            document_store=self.document_store.to_dict(),
            filters=self.filters,
            top_k=self.top_k,
            return_embedding=self.return_embedding,
            filter_policy=self.filter_policy.value,
        )

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Any:
        """The component that `to_dict` has described."""
        parameters = dict(data["init_parameters"])
        parameters["document_store"] = AnearDocumentStore.from_dict(parameters["document_store"])
        return default_from_dict(cls, {**data, "init_parameters": parameters})

    def _request(
        self, filters: Filters | None, top_k: int | None, return_embedding: bool | None
    ) -> _Request:
        return {
            "filters": apply_filter_policy(self.filter_policy, self.filters, filters),
            "top_k": self.top_k if top_k is None else top_k,
            "return_embedding": (
                self.return_embedding if return_embedding is None else return_embedding
            ),
        }


@component
class AnearEmbeddingRetriever(_Retriever):
    """Finds the documents nearest to an embedding.

    Parameters
    ----------
    document_store
        Where to search.
    filters
        What documents have to meet.
    top_k
        How many to find.
    return_embedding
        Whether documents come with their embeddings.
    filter_policy
        Whether the filters of a run replace these, or are merged with them.
    """

    __module__ = "anear.haystack"

    @component.output_types(documents=list[Document])
    def run(
        self,
        query_embedding: list[float],
        filters: Filters | None = None,
        top_k: int | None = None,
        return_embedding: bool | None = None,
    ) -> dict[str, list[Document]]:
        """The nearest ``documents``; what is None is as the component says."""
        request = self._request(filters, top_k, return_embedding)
        return {"documents": self.document_store.embedding_retrieval(query_embedding, **request)}

    @component.output_types(documents=list[Document])
    async def run_async(
        self,
        query_embedding: list[float],
        filters: Filters | None = None,
        top_k: int | None = None,
        return_embedding: bool | None = None,
    ) -> dict[str, list[Document]]:
        """As `run`."""
        request = self._request(filters, top_k, return_embedding)
        found = await self.document_store.embedding_retrieval_async(query_embedding, **request)
        return {"documents": found}


@component
class AnearBM25Retriever(_Retriever):
    """Finds the documents with words of a query, the best by BM25 first.

    Parameters are those of `AnearEmbeddingRetriever`.
    """

    __module__ = "anear.haystack"

    @component.output_types(documents=list[Document])
    def run(
        self,
        query: str,
        filters: Filters | None = None,
        top_k: int | None = None,
        return_embedding: bool | None = None,
    ) -> dict[str, list[Document]]:
        """The best ``documents``; what is None is as the component says."""
        request = self._request(filters, top_k, return_embedding)
        return {"documents": self.document_store.bm25_retrieval(query, **request)}

    @component.output_types(documents=list[Document])
    async def run_async(
        self,
        query: str,
        filters: Filters | None = None,
        top_k: int | None = None,
        return_embedding: bool | None = None,
    ) -> dict[str, list[Document]]:
        """As `run`."""
        request = self._request(filters, top_k, return_embedding)
        return {"documents": await self.document_store.bm25_retrieval_async(query, **request)}


@component
class AnearHybridRetriever(_Retriever):
    """Finds the best documents by embedding and words together: reciprocal rank fusion.

    Parameters are those of `AnearEmbeddingRetriever`.
    """

    __module__ = "anear.haystack"

    @component.output_types(documents=list[Document])
    def run(
        self,
        query: str,
        query_embedding: list[float],
        filters: Filters | None = None,
        top_k: int | None = None,
        return_embedding: bool | None = None,
    ) -> dict[str, list[Document]]:
        """The best ``documents``; what is None is as the component says."""
        request = self._request(filters, top_k, return_embedding)
        found = self.document_store.hybrid_retrieval(query, query_embedding, **request)
        return {"documents": found}

    @component.output_types(documents=list[Document])
    async def run_async(
        self,
        query: str,
        query_embedding: list[float],
        filters: Filters | None = None,
        top_k: int | None = None,
        return_embedding: bool | None = None,
    ) -> dict[str, list[Document]]:
        """As `run`."""
        request = self._request(filters, top_k, return_embedding)
        found = await self.document_store.hybrid_retrieval_async(query, query_embedding, **request)
        return {"documents": found}
