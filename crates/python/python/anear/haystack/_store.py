"""The document store, all but its asynchronous half."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from haystack import Document, default_from_dict, default_to_dict
from haystack.document_stores.errors import DuplicateDocumentError
from haystack.document_stores.types import DuplicatePolicy

from .._adapters import conditions
from .._adapters.conditions import Condition
from .._adapters.documents import Documents, Found, Place
from .._adapters.scores import fused, similarity
from . import _fields
from ._documents import NO_EMBEDDING, OWN, columns, document, embeddings
from ._filters import condition

Filters = Mapping[str, Any]


class SynchronousStore:
    """What `AnearDocumentStore` does; see there."""

    def __init__(
        self,
        collection: Place,
        *,
        dim: int | None = None,
        metric: str | None = None,
        model: str | None = None,
        dtype: str | None = None,
        storage: str | None = None,
        content_column: str = "content",
    ) -> None:
        options = {"metric": metric, "model": model, "dtype": dtype, "storage": storage}
        self._parameters = {"dim": dim, **options, "content_column": content_column}
        self._documents = Documents(
            collection, text=content_column, own=OWN, dim=dim, options=options
        )

    def to_dict(self) -> dict[str, Any]:
        """The store as a dict, for a pipeline: the path of the collection, not what is in it."""
        return default_to_dict(self, collection=self._documents.path, **self._parameters)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Any:
        """The store that `to_dict` has described."""
        return default_from_dict(cls, data)

    def count_documents(self) -> int:
        """How many documents there are."""
        return self._documents.count()

    def filter_documents(self, filters: Filters | None = None) -> list[Document]:
        """The documents that meet the filters, in the order they were written.

        Raises
        ------
        FilterError
            If the filters are malformed.
        """
        found = self._documents.read(condition(filters, self._documents), vectors=True)
        layout = self._documents.layout()
        return [document(each, layout, self._documents.text) for each in found]

    def write_documents(
        self, documents: list[Document], policy: DuplicatePolicy = DuplicatePolicy.NONE
    ) -> int:
        """Writes documents, and says how many.

        Parameters
        ----------
        documents
            The documents; their scores are not kept.
        policy
            What to do with an id that is there already: ``FAIL`` and ``NONE`` refuse all
            documents, ``SKIP`` leaves out the document, ``OVERWRITE`` puts it in the place of the
            other.

        Raises
        ------
        ValueError
            If these are no documents.
        DuplicateDocumentError
            If an id is there already, and that is to fail.
        """
        if not isinstance(documents, list) or not all(isinstance(x, Document) for x in documents):
            raise ValueError("write_documents takes a list of Documents")
        if policy != DuplicatePolicy.OVERWRITE:
            documents = self._new(documents, fail=policy != DuplicatePolicy.SKIP)
        if not documents:
            return 0
        dim = next((len(each.embedding) for each in documents if each.embedding is not None), None)
        self._documents.write(
            [each.id for each in documents],
            embeddings(documents, self._documents.made(dim).dim),
            [each.content for each in documents],
            [each.meta for each in documents],
            columns(documents),
            replace=policy == DuplicatePolicy.OVERWRITE,
        )
        return len(documents)

    def _new(self, documents: list[Document], *, fail: bool) -> list[Document]:
        """Documents whose ids are not there yet; of several with one id the first."""
        there = {each.id for each in self._documents.get([x.id for x in documents], columns=[])}
        new = []
        for each in documents:
            if each.id not in there:
                new.append(each)
                there.add(each.id)
            elif fail:
                raise DuplicateDocumentError(f"a document with the id {each.id!r} is there already")
        return new

    def delete_documents(self, document_ids: list[str]) -> None:
        """Deletes documents; ids that are not there are passed over."""
        self._documents.delete(document_ids)

    def delete_all_documents(self) -> None:
        """Deletes all documents; the collection stays."""
        self._documents.delete_where(conditions.ALWAYS)

    def delete_by_filter(self, filters: Filters) -> int:
        """Deletes the documents that meet the filters, and says how many there were."""
        return self._documents.delete_where(condition(filters, self._documents))

    def update_by_filter(self, filters: Filters, meta: Mapping[str, Any]) -> int:
        """Sets some of the metadata of the documents that meet the filters, and says how many
        there were."""
        return self._documents.update(condition(filters, self._documents), meta)

    def count_documents_by_filter(self, filters: Filters) -> int:
        """How many documents meet the filters."""
        return self._documents.count(condition(filters, self._documents))

    def count_unique_metadata_by_filter(
        self, filters: Filters, metadata_fields: list[str]
    ) -> dict[str, int]:
        """How many different values each field has in the documents that meet the filters."""
        given = condition(filters, self._documents)
        return {
            field: len(_fields.unique(self._documents, field, given)) for field in metadata_fields
        }

    def get_metadata_fields_info(self) -> dict[str, dict[str, str]]:
        """The fields of the metadata, and what their values are: ``keyword``, ``int``, ``float``
        or ``boolean``."""
        return _fields.info(self._documents)

    def get_metadata_field_min_max(self, metadata_field: str) -> dict[str, Any]:
        """The smallest and the largest value of a field, both None if it has none or if they
        cannot be compared."""
        return _fields.min_max(self._documents, metadata_field)

    def get_metadata_field_unique_values(
        self,
        metadata_field: str,
        search_term: str | None = None,
        from_: int = 0,
        size: int = 10,
        filters: Filters | None = None,
    ) -> tuple[list[Any], int]:
        """The different values of a field, sorted, from the one numbered ``from_`` on, and how
        many there are; ``search_term`` keeps those that have it in them, in any case."""
        given = condition(filters, self._documents)
        found = _fields.unique(self._documents, metadata_field, given, search_term or "")
        return found[from_ : from_ + size], len(found)

    def embedding_retrieval(
        self,
        query_embedding: list[float],
        *,
        filters: Filters | None = None,
        top_k: int = 10,
        return_embedding: bool = False,
    ) -> list[Document]:
        """The documents nearest to an embedding, of those that have one.

        The score is the cosine or the inner product, else 1 / (1 + distance).
        """
        metric = self._documents.metric
        found = self._nearest(query_embedding, filters, top_k, return_embedding)
        return self._scored([(each, similarity(metric, each.distance or 0.0)) for each in found])

    def bm25_retrieval(
        self,
        query: str,
        *,
        filters: Filters | None = None,
        top_k: int = 10,
        return_embedding: bool = False,
    ) -> list[Document]:
        """The documents that have one of the words of the query at least, the best by BM25 first."""
        found = self._with_words(query, filters, top_k, return_embedding)
        return self._scored([(each, -(each.distance or 0.0)) for each in found])

    def hybrid_retrieval(
        self,
        query: str,
        query_embedding: list[float],
        *,
        filters: Filters | None = None,
        top_k: int = 10,
        return_embedding: bool = False,
    ) -> list[Document]:
        """The best documents by nearness and by words: reciprocal rank fusion, whose value is the
        score."""
        many = max(top_k, 100)
        near = self._nearest(query_embedding, filters, many, return_embedding)
        matching = self._with_words(query, filters, many, return_embedding)
        return self._scored(fused(near, matching, top_k))

    def close(self) -> None:
        """Closes the collection."""
        self._documents.close()

    def _nearest(
        self, embedding: list[float], filters: Filters | None, k: int, vectors: bool
    ) -> list[Found]:
        absent = self._documents.layout().own(NO_EMBEDDING)
        has_embedding = [] if absent.sql == "NULL" else [conditions.equal(absent, None)]
        given = conditions.all_of([*has_embedding, condition(filters, self._documents)])
        return self._search(embedding, None, k, given, vectors)

    def _with_words(
        self, query: str, filters: Filters | None, k: int, vectors: bool
    ) -> list[Found]:
        return self._search(None, query, k, condition(filters, self._documents), vectors)

    def _search(
        self,
        embedding: list[float] | None,
        text: str | None,
        k: int,
        given: Condition,
        vectors: bool,
    ) -> list[Found]:
        if k < 1:
            return []
        return self._documents.search(embedding, text, k, given, vectors=vectors)

    def _scored(self, found: list[tuple[Found, float]]) -> list[Document]:
        layout, text = self._documents.layout(), self._documents.text
        return [document(each, layout, text, score) for each, score in found]
