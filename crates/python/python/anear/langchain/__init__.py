"""A LangChain vector store that is a collection of anear.

>>> from anear.langchain import AnearVectorStore
>>> from langchain_core.embeddings import DeterministicFakeEmbedding
>>> store = AnearVectorStore(DeterministicFakeEmbedding(size=8), folder / "notes.anear")
>>> ids = store.add_texts(
...     ["green tea", "black tea", "black coffee"],
...     [{"page": 1}, {"page": 2}, {"page": 3, "tags": ["hot", "dark"]}],
...     ids=["a", "b", "c"],
... )
>>> [hit.id for hit in store.similarity_search("black tea", k=1, filter={"page": {"$gt": 1}})]
['b']
>>> [hit.metadata["page"] for hit in store.text_search("coffee or tea?", k=2, where="page <> 2")]
[3, 1]
"""

from .._adapters.needs import needs

with needs("anear.langchain", "langchain-core>=0.3"):
    import langchain_core  # noqa: F401

from ._store import AnearVectorStore

__all__ = ["AnearVectorStore"]
