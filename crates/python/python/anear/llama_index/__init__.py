"""A LlamaIndex vector store that is a collection of anear.

>>> from anear.llama_index import AnearVectorStore
>>> from llama_index.core.schema import TextNode
>>> from llama_index.core.vector_stores import MetadataFilter, MetadataFilters, VectorStoreQuery
>>> store = AnearVectorStore(folder / "notes.anear")
>>> store.add(
...     [
...         TextNode(id_="a", text="green tea", metadata={"page": 1}, embedding=[1.0, 0.0]),
...         TextNode(id_="b", text="black tea", metadata={"page": 2}, embedding=[0.8, 0.6]),
...     ]
... )
['a', 'b']
>>> later = MetadataFilters(filters=[MetadataFilter(key="page", operator=">", value=1)])
>>> query = VectorStoreQuery(query_embedding=[1.0, 0.1], similarity_top_k=2, filters=later)
>>> [node.get_content() for node in store.query(query).nodes]
['black tea']
"""

from .._adapters.needs import needs

with needs("anear.llama_index", "llama-index-core>=0.13"):
    import llama_index.core  # noqa: F401

from ._store import AnearVectorStore

__all__ = ["AnearVectorStore"]
