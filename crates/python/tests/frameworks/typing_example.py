"""Checked by mypy: what a program that uses the modules may rely on."""

from pathlib import Path

from anear.haystack import AnearBM25Retriever, AnearDocumentStore
from anear.langchain import AnearVectorStore
from anear.llama_index import AnearVectorStore as AnearNodeStore
from anear.sklearn import KNeighborsTransformer
from haystack import Document
from haystack.document_stores.types import DocumentStore
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import VectorStore
from llama_index.core.vector_stores.types import BasePydanticVectorStore, VectorStoreQuery


def langchain(embedding: Embeddings, path: Path) -> VectorStore:
    store = AnearVectorStore(embedding, path, metric="cosine", model="a model")
    ids: list[str] = store.add_texts(["x"], [{"page": 1}], ids=["a"])
    for document, distance in store.similarity_search_with_score("x", filter={"page": {"$gt": 0}}):
        print(document.page_content, distance + 1.0, len(ids))
    return store


def haystack(path: Path) -> DocumentStore:
    store = AnearDocumentStore(path, dim=384)
    written: int = store.write_documents([Document(content="x")])
    found: list[Document] = AnearBM25Retriever(store, top_k=written).run("x")["documents"]
    assert store.count_documents() == len(found)
    return store


def llama_index(path: str) -> BasePydanticVectorStore:
    store = AnearNodeStore(path)
    result = store.query(VectorStoreQuery(query_embedding=[1.0]))
    assert result.nodes is not None and store.client is not None
    return store


def scikit_learn(rows: list[list[float]]) -> int:
    transformer = KNeighborsTransformer(n_neighbors=3, metric="cosine").fit(rows)
    return int(transformer.transform(rows).nnz)
