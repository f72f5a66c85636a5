"""The document store, with its asynchronous half: the same calls in a thread, which a collection
lets several have at a time."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Mapping
from typing import Any

from haystack import Document
from haystack.document_stores.types import DuplicatePolicy

from ._store import Filters, SynchronousStore


class AnearDocumentStore(SynchronousStore):
    """Documents with their embeddings and metadata, in a collection.

    Every key of the metadata is a column of the collection, which SQL and other tools see; the
    content can be searched by its words. What a write has returned is on disk. Each method has an
    asynchronous twin whose name ends in ``_async``.

    Documents without an embedding are kept too, and no search by embedding finds them. Dates in
    metadata are texts (ISO 8601), as JSON has them; filters compare them as dates, to the
    millisecond, those without a time zone in UTC.

    Parameters
    ----------
    collection
        A collection, or the path of one; it is made with the first documents if it is not there.
    dim
        Components of an embedding; by default those of the first one that is written.
    metric, model, dtype, storage
        As in `anear.Collection`; those of a collection that is there are checked.
    content_column
        The column with the content.
    """

    __module__ = "anear.haystack"  # what `to_dict` tells pipelines to import

    async def count_documents_async(self) -> int:
        """As `count_documents`."""
        return await to_thread(self.count_documents)

    async def filter_documents_async(self, filters: Filters | None = None) -> list[Document]:
        """As `filter_documents`."""
        return await to_thread(self.filter_documents, filters)

    async def write_documents_async(
        self, documents: list[Document], policy: DuplicatePolicy = DuplicatePolicy.NONE
    ) -> int:
        """As `write_documents`."""
        return await to_thread(self.write_documents, documents, policy)

    async def delete_documents_async(self, document_ids: list[str]) -> None:
        """As `delete_documents`."""
        await to_thread(self.delete_documents, document_ids)

    async def delete_all_documents_async(self) -> None:
        """As `delete_all_documents`."""
        await to_thread(self.delete_all_documents)

    async def delete_by_filter_async(self, filters: Filters) -> int:
        """As `delete_by_filter`."""
        return await to_thread(self.delete_by_filter, filters)

    async def update_by_filter_async(self, filters: Filters, meta: Mapping[str, Any]) -> int:
        """As `update_by_filter`."""
        return await to_thread(self.update_by_filter, filters, meta)

    async def count_documents_by_filter_async(self, filters: Filters) -> int:
        """As `count_documents_by_filter`."""
        return await to_thread(self.count_documents_by_filter, filters)

    async def count_unique_metadata_by_filter_async(
        self, filters: Filters, metadata_fields: list[str]
    ) -> dict[str, int]:
        """As `count_unique_metadata_by_filter`."""
        return await to_thread(self.count_unique_metadata_by_filter, filters, metadata_fields)

    async def get_metadata_fields_info_async(self) -> dict[str, dict[str, str]]:
        """As `get_metadata_fields_info`."""
        return await to_thread(self.get_metadata_fields_info)

    async def get_metadata_field_min_max_async(self, metadata_field: str) -> dict[str, Any]:
        """As `get_metadata_field_min_max`."""
        return await to_thread(self.get_metadata_field_min_max, metadata_field)

    async def get_metadata_field_unique_values_async(
        self,
        metadata_field: str,
        search_term: str | None = None,
        from_: int = 0,
        size: int = 10,
        filters: Filters | None = None,
    ) -> tuple[list[Any], int]:
        """As `get_metadata_field_unique_values`."""
        return await to_thread(
            self.get_metadata_field_unique_values, metadata_field, search_term, from_, size, filters
        )

    async def embedding_retrieval_async(
        self,
        query_embedding: list[float],
        *,
        filters: Filters | None = None,
        top_k: int = 10,
        return_embedding: bool = False,
    ) -> list[Document]:
        """As `embedding_retrieval`."""
        return await to_thread(
            self.embedding_retrieval,
            query_embedding,
            filters=filters,
            top_k=top_k,
            return_embedding=return_embedding,
        )

    async def bm25_retrieval_async(
        self,
        query: str,
        *,
        filters: Filters | None = None,
        top_k: int = 10,
        return_embedding: bool = False,
    ) -> list[Document]:
        """As `bm25_retrieval`."""
        return await to_thread(
            self.bm25_retrieval,
            query,
            filters=filters,
            top_k=top_k,
            return_embedding=return_embedding,
        )

    async def hybrid_retrieval_async(
        self,
        query: str,
        query_embedding: list[float],
        *,
        filters: Filters | None = None,
        top_k: int = 10,
        return_embedding: bool = False,
    ) -> list[Document]:
        """As `hybrid_retrieval`."""
        return await to_thread(
            self.hybrid_retrieval,
            query,
            query_embedding,
            filters=filters,
            top_k=top_k,
            return_embedding=return_embedding,
        )
