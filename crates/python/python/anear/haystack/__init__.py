"""A Haystack document store that is a collection of anear, and its retrievers.

>>> from anear.haystack import AnearBM25Retriever, AnearDocumentStore
>>> from haystack import Document
>>> store = AnearDocumentStore(folder / "notes.anear", dim=2)
>>> store.write_documents(
...     [
...         Document(id="a", content="green tea", meta={"page": 1}, embedding=[1.0, 0.0]),
...         Document(id="b", content="black tea", meta={"page": 2}, embedding=[0.8, 0.6]),
...         Document(id="c", content="black coffee", meta={"page": 3}),
...     ]
... )
3
>>> later = {"field": "meta.page", "operator": ">", "value": 1}
>>> [found.id for found in store.embedding_retrieval([1.0, 0.1], filters=later)]
['b']
>>> retriever = AnearBM25Retriever(store, top_k=1)
>>> retriever.run("coffee or tea?")["documents"][0].content
'black coffee'
"""

from .._adapters.needs import needs

with needs("anear.haystack", "haystack-ai>=2.9"):
    import haystack  # noqa: F401

from ._asynchronous import AnearDocumentStore
from ._retrievers import AnearBM25Retriever, AnearEmbeddingRetriever, AnearHybridRetriever

__all__ = [
    "AnearBM25Retriever",
    "AnearDocumentStore",
    "AnearEmbeddingRetriever",
    "AnearHybridRetriever",
]
