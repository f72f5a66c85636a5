import itertools

import anear
import numpy as np
import pytest
from anear.llama_index import AnearVectorStore
from langchain_core.vectorstores.utils import maximal_marginal_relevance
from llama_index.core import Document, MockEmbedding, StorageContext, VectorStoreIndex
from llama_index.core.schema import (
    ImageNode,
    IndexNode,
    MediaResource,
    Node,
    NodeRelationship,
    RelatedNodeInfo,
    TextNode,
)
from llama_index.core.vector_stores import SimpleVectorStore
from llama_index.core.vector_stores.types import (
    FilterCondition,
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
    VectorStoreQuery,
    VectorStoreQueryMode,
)
from llama_index.core.vector_stores.utils import build_metadata_filter_fn

TEXTS = ["green tea", "black tea", "black coffee", "cold milk", "hot milk with honey"]
METADATA = [
    {"page": 1, "name": "Ann", "tags": ["hot", "green"], "rate": 0.5},
    {"page": 2, "name": "bob", "tags": ["hot"], "rate": 1.5},
    {"page": 3, "name": "", "tags": []},
    {"page": None, "name": "Bob", "rate": 3},
    {"name": "ann and bob", "tags": ["hot", "white"], "numbers": [1, 2, 3]},
]


@pytest.fixture
def store(tmp_path):
    return AnearVectorStore(tmp_path / "store.anear")


@pytest.fixture
def nodes(rng):
    return [
        TextNode(
            id_=f"node {number}",
            text=text,
            metadata=metadata,
            embedding=rng.random(6).astype("f4").tolist(),
            relationships={
                NodeRelationship.SOURCE: RelatedNodeInfo(node_id=f"document {number // 2}")
            },
        )
        for number, (text, metadata) in enumerate(zip(TEXTS, METADATA, strict=True))
    ]


def ids(found):
    return [node.node_id for node in found]


def test_nodes_come_back_as_they_were(store, nodes):
    assert store.add(nodes) == ids(nodes)
    assert store.get_nodes() == nodes
    assert store.get_nodes(["node 3", "node 1", "nobody"]) == [nodes[1], nodes[3]]
    columns = store.client.columns
    assert {"page", "name", "tags", "rate", "text"} <= set(columns)
    assert store.client.count("page > 1 AND text LIKE 'black%'") == 2


@pytest.mark.parametrize(
    "node",
    [
        Document(text="a document", metadata={"b": {"c": [1, None, "x"]}, "a": True}),
        IndexNode(text="an index", index_id="elsewhere", obj=None),
        ImageNode(text="an image", image_path="a.png", image_mimetype="image/png"),
        Node(text_resource=MediaResource(text="a text", mimetype="text/x")),
        Node(image_resource=MediaResource(url="http://example.com/a.png")),
        TextNode(text="", metadata={"_node": 1, "id": 2, "text": "metadata", "Text": 3}),
        TextNode(text="t", start_char_idx=3, end_char_idx=9, excluded_embed_metadata_keys=["a"]),
    ],
    ids=lambda node: node.class_name(),
)
def test_all_kinds_of_nodes(store, node):
    node.embedding = [1.0, 0.5]
    store.add([node])
    (back,) = store.get_nodes()
    assert type(back) is type(node) and back == node


def test_metadata_keep_their_order(store, nodes):
    store.add(nodes)
    turned = TextNode(text="x", metadata={"name": "a", "page": 1}, embedding=[0.0] * 6)
    store.add([turned])
    assert list(store.get_nodes([turned.node_id])[0].metadata) == ["name", "page"]


def test_a_node_with_the_same_id_takes_the_place_of_the_other(store, nodes):
    store.add(nodes)
    changed = TextNode(id_="node 1", text="red tea", metadata={"new": 1}, embedding=[1.0] * 6)
    store.add([changed])
    assert len(store.get_nodes()) == len(nodes)
    assert store.get_nodes(["node 1"]) == [changed]


def test_deleting(store, nodes):
    store.delete("document 0")
    store.add(nodes)
    store.delete("document 0")
    assert ids(store.get_nodes()) == ["node 2", "node 3", "node 4"]
    store.delete_nodes(["node 2", "nobody"])
    store.delete_nodes(filters=one("name", "==", "Bob"))
    assert ids(store.get_nodes()) == ["node 4"]
    with pytest.raises(ValueError, match="clear"):
        store.delete_nodes()
    store.delete_nodes(["node 4"], one("name", "==", "Bob"))
    assert len(store.client) == 1
    store.clear()
    assert store.get_nodes() == []


def one(key, operator, value):
    return MetadataFilters(filters=[MetadataFilter(key=key, operator=operator, value=value)])


VALUES = {
    "==": [2, 0.5, "bob", "", "nothing", 3.0],
    "!=": [2, "bob", "nothing"],
    ">": [1, 0.5, 2.5],
    "<": [3, 0.5],
    ">=": [2, 1.5],
    "<=": [2, 1.5, 0],
    "in": [[1, 3], ["bob", "Bob"], ["nothing"]],
    "nin": [[1, 3], ["bob", "Bob"], ["nothing"]],
    "any": [["hot", "cold"], ["cold"]],
    "all": [["hot", "green"], ["hot"], []],
    "contains": ["hot", "green", "ho", 2],
    "text_match": ["bob", "nn", "NN"],
    "text_match_insensitive": ["bob", "NN"],
    "is_empty": [None],
}
KEYS = {
    **dict.fromkeys(["==", "!=", "in", "nin"], ["page", "name", "rate", "nowhere"]),
    **dict.fromkeys([">", "<", ">=", "<="], ["page", "rate", "nowhere"]),
    **dict.fromkeys(["any", "all", "contains"], ["tags", "numbers", "nowhere"]),
    **dict.fromkeys(["text_match", "text_match_insensitive"], ["name", "nowhere"]),
    "is_empty": ["page", "name", "tags", "nowhere"],
}
FILTERS = [
    MetadataFilter(key=key, operator=operator, value=value)
    for operator, values in VALUES.items()
    for key, value in itertools.product(KEYS[operator], values)
]


def test_all_operators_are_compared():
    assert set(VALUES) == set(KEYS) == {operator.value for operator in FilterOperator}


@pytest.mark.parametrize("condition", FilterCondition)
def test_filters_mean_what_they_mean_to_llama_index(store, nodes, rng, condition):
    store.add(nodes)
    metadata = {node.node_id: node.metadata for node in nodes}
    sizes = [1] * len(FILTERS) + [2] * 100 + [3] * 100
    found = 0
    for start, size in enumerate(sizes):
        chosen = [FILTERS[start]] if size == 1 else rng.choice(FILTERS, size).tolist()
        filters = MetadataFilters(filters=chosen, condition=condition)
        passes = build_metadata_filter_fn(metadata.__getitem__, filters)
        expected = [id for id in metadata if passes(id)]
        assert ids(store.get_nodes(filters=filters)) == expected, filters
        found += len(expected)
    assert found > 200


def test_filters_within_filters(store, nodes):
    store.add(nodes)
    inner = MetadataFilters(
        filters=[
            MetadataFilter(key="page", operator=">", value=2),
            MetadataFilter(key="name", operator="==", value="Bob"),
        ],
        condition="or",
    )
    tagged = MetadataFilter(key="tags", operator="is_empty", value=None)
    assert ids(store.get_nodes(filters=MetadataFilters(filters=[inner, tagged]))) == [
        "node 2",
        "node 3",
    ]
    outer = MetadataFilters(filters=[inner], condition="not")
    assert ids(store.get_nodes(filters=outer)) == ["node 0", "node 1", "node 4"]
    assert ids(store.get_nodes(filters=one("ref_doc_id", "==", "document 1"))) == [
        "node 2",
        "node 3",
    ]


def test_filters_that_make_no_sense_are_refused(store, nodes):
    store.add(nodes)
    for filters in (
        one("name", "in", "bob"),
        one("name", "text_match", 3),
        one('a"b', "==", 3),
    ):
        if filters.filters[0].key == 'a"b':
            store.add([TextNode(text="", metadata={'a"b': 1}, embedding=[1.0] * 6)])
        with pytest.raises(anear.UsageError):
            store.get_nodes(filters=filters)


def test_queries_by_vector(store, nodes, rng):
    simple = SimpleVectorStore()
    simple.add(nodes)
    store.add(nodes)
    for k in (1, 3, 9):
        query = VectorStoreQuery(query_embedding=rng.random(6).tolist(), similarity_top_k=k)
        ours, theirs = store.query(query), simple.query(query)
        assert ours.ids == theirs.ids == ids(ours.nodes)
        np.testing.assert_allclose(ours.similarities, theirs.similarities, atol=1e-6)
    query.filters = one("page", ">", 1)
    assert store.query(query).ids == simple.query(query).ids
    query.node_ids, query.filters = ["node 4", "node 0"], None
    assert store.query(query).ids == simple.query(query).ids
    query.doc_ids, query.node_ids = ["document 1", "document 2"], None
    assert set(store.query(query).ids) == {"node 2", "node 3", "node 4"}


@pytest.mark.parametrize("threshold", [None, 0.0, 0.2, 0.7, 1.0])
def test_diverse_queries(store, nodes, rng, threshold):
    store.add(nodes)
    vector = rng.random(6)
    chosen = maximal_marginal_relevance(
        vector, [node.embedding for node in nodes], 0.5 if threshold is None else threshold, k=3
    )
    query = VectorStoreQuery(
        query_embedding=vector.tolist(),
        similarity_top_k=3,
        mode=VectorStoreQueryMode.MMR,
        mmr_threshold=threshold,
    )
    found = store.query(query)
    assert found.ids == [f"node {number}" for number in chosen]
    near = store.query(VectorStoreQuery(query_embedding=vector.tolist(), similarity_top_k=3)).ids
    assert store.query(query, mmr_threshold=1.0).ids == near
    assert set(store.query(query, mmr_prefetch_k=3).ids) == set(near)


@pytest.mark.parametrize("mode", ["text_search", "sparse"])
def test_queries_by_words(store, nodes, mode):
    store.add(nodes)
    query = VectorStoreQuery(
        query_str='Is "black" tea? (or AND milk*)',
        similarity_top_k=9,
        mode=VectorStoreQueryMode(mode),
    )
    found = store.query(query)
    assert found.ids[0] == "node 1" and len(found.ids) == 5
    assert found.similarities == sorted(found.similarities, reverse=True)
    query.filters = one("page", "<", 3)
    assert store.query(query).ids == ["node 1", "node 0"]
    query.query_str = "?!"
    assert store.query(query).ids == []


def test_hybrid_queries(store, nodes):
    store.add(nodes)

    def search(**changes):
        query = VectorStoreQuery(
            query_embedding=nodes[4].embedding,
            query_str="green tea",
            similarity_top_k=5,
            mode=VectorStoreQueryMode.HYBRID,
            **changes,
        )
        return store.query(query)

    near = store.query(VectorStoreQuery(query_embedding=nodes[4].embedding, similarity_top_k=5)).ids
    assert near[0] == "node 4" and search(alpha=1).ids == near
    assert search(alpha=0).ids[:2] == ["node 0", "node 1"]
    both = search()
    assert set(both.ids) == set(near) and set(both.ids[:2]) <= {"node 0", "node 1", near[0]}
    assert both.similarities == sorted(both.similarities, reverse=True)
    assert len(search(hybrid_top_k=2).ids) == 2


def test_queries_that_make_no_sense_are_refused(store, nodes):
    store.add(nodes)
    for query, message in [
        (VectorStoreQuery(query_str="tea"), "query_embedding"),
        (VectorStoreQuery(mode=VectorStoreQueryMode.TEXT_SEARCH), "query_str"),
        (VectorStoreQuery(mode=VectorStoreQueryMode.SVM), "text_search, sparse, hybrid, mmr"),
        (VectorStoreQuery(query_embedding=[1.0]), "1"),
    ]:
        with pytest.raises(ValueError, match=message):
            store.query(query)


def test_an_index_over_the_store_is_kept(tmp_path):
    path = tmp_path / "store.anear"
    documents = [Document(id_=name, text=f"all about {name}") for name in ("tea", "milk")]
    embedding = MockEmbedding(embed_dim=4)
    store = AnearVectorStore(path)
    context = StorageContext.from_defaults(vector_store=store)
    index = VectorStoreIndex.from_documents(
        documents, storage_context=context, embed_model=embedding
    )
    context.persist(tmp_path / "persisted")
    store.close()

    store = AnearVectorStore.from_dict(AnearVectorStore(path).to_dict())
    index = VectorStoreIndex.from_vector_store(store, embed_model=embedding)
    found = index.as_retriever(vector_store_query_mode="text_search").retrieve("some milk")
    assert [each.node.get_content() for each in found] == ["all about milk"]
    assert found[0].node.ref_doc_id == "milk"
    index.delete_ref_doc("milk")
    assert [each.node.ref_doc_id for each in index.as_retriever().retrieve("milk")] == ["tea"]


async def test_the_asynchronous_half(store, nodes):
    assert await store.async_add(nodes) == ids(nodes)
    query = VectorStoreQuery(query_embedding=nodes[2].embedding, similarity_top_k=1)
    assert (await store.aquery(query)).ids == ["node 2"]
    await store.adelete("document 0")
    await store.adelete_nodes(["node 2"])
    assert ids(await store.aget_nodes(filters=one("name", "==", "Bob"))) == ["node 3"]
    await store.aclear()
    assert await store.aget_nodes() == []


def test_a_collection_that_others_made(tmp_path):
    with anear.Collection(tmp_path / "c.anear", 2, text=("body",)) as collection:
        collection.add([[1, 0], [0, 1]], [7, 8], {"body": ["green tea", None], "page": [1, 2]})
        store = AnearVectorStore(collection, text_column="body")
        node = store.query(VectorStoreQuery(query_embedding=[1.0, 0.0])).nodes[0]
        assert (node.node_id, node.text, node.metadata) == ("7", "green tea", {"page": 1})
        assert ids(store.get_nodes(["8", "x"])) == ["8"]
        with pytest.raises(anear.UsageError, match="integers"):
            store.add([TextNode(id_="x", embedding=[1.0, 1.0])])
        store.add([TextNode(id_="9", text="t", embedding=[1.0, 1.0])])
        store.delete_nodes(["8", "x"])
        assert ids(store.get_nodes()) == ["7", "9"]


def test_settings_are_checked(tmp_path, nodes):
    AnearVectorStore(tmp_path / "a.anear", metric="l2", model="one").add(nodes)
    with pytest.raises(anear.UsageError):
        AnearVectorStore(tmp_path / "a.anear", metric="cosine").get_nodes()
    store = AnearVectorStore(tmp_path / "a.anear", dim=6)
    assert store.client.metric == "l2"
    found = store.query(VectorStoreQuery(query_embedding=nodes[0].embedding, similarity_top_k=2))
    assert found.similarities[0] == 1.0 > found.similarities[1] > 0
