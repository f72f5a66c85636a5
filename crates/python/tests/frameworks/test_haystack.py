import asyncio
from dataclasses import replace
from datetime import datetime

import anear
import numpy as np
import pytest
from anear.haystack import (
    AnearBM25Retriever,
    AnearDocumentStore,
    AnearEmbeddingRetriever,
    AnearHybridRetriever,
)
from haystack import Document, Pipeline
from haystack.components.writers import DocumentWriter
from haystack.dataclasses import ByteStream, SparseEmbedding
from haystack.document_stores.errors import DuplicateDocumentError
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack.document_stores.types import DuplicatePolicy, FilterPolicy
from haystack.errors import FilterError

TEXTS = ["green tea", "black tea", "black coffee", "cold milk", "hot milk with honey", None]
META = [
    {"page": 1, "name": "Ann", "date": "2024-05-01T10:00:00", "author": {"name": "x", "age": 3}},
    {"page": 2, "name": "bob", "date": "2024-05-01T10:00:00.500", "good": True},
    {"page": 2.5, "name": None, "date": "2024-05-01", "good": False, "author": {"name": "y"}},
    {"page": None, "name": "Bob", "tags": ["a", "b"]},
    {"name": "", "date": "no date", "tags": [], "id": 5, "content": "meta", "Page": 1},
    {},
]


@pytest.fixture
def documents(rng):
    vectors = rng.random((6, 4)).astype("f4").tolist()
    return [
        Document(id=f"d{i}", content=text, meta=meta, embedding=None if i in (2, 5) else vector)
        for i, (text, meta, vector) in enumerate(zip(TEXTS, META, vectors, strict=True))
    ]


@pytest.fixture
def store(tmp_path, documents):
    store = AnearDocumentStore(tmp_path / "store.anear")
    assert store.write_documents(documents) == 6
    return store


@pytest.fixture
def memory(documents):
    store = InMemoryDocumentStore(embedding_similarity_function="cosine", shared=False)
    store.write_documents(documents)
    return store


def ids(documents):
    return [document.id for document in documents]


def test_documents_come_back_as_they_were(store, documents):
    image = ByteStream(b"\x00\xff", meta={"a": [1]}, mime_type="image/png")
    sparse = SparseEmbedding(indices=[3, 9], values=[0.25, 1.0])
    documents[3] = replace(documents[3], blob=image)
    documents[4] = replace(documents[4], blob=ByteStream(b""), sparse_embedding=sparse)
    store.write_documents(documents, DuplicatePolicy.OVERWRITE)
    store.close()
    again = AnearDocumentStore.from_dict(store.to_dict())
    assert again.filter_documents() == documents


def test_policies(store, documents):
    changed = Document(id="d1", content="changed")
    new = [Document(id="n", content="new"), Document(id="n", content="newer")]
    for policy in (DuplicatePolicy.FAIL, DuplicatePolicy.NONE):
        for given in ([*new[:1], changed], new):
            with pytest.raises(DuplicateDocumentError):
                store.write_documents(given, policy)
    assert store.filter_documents() == documents
    assert store.write_documents([changed, *new], DuplicatePolicy.SKIP) == 1
    of_new = {"field": "id", "operator": "==", "value": "n"}
    assert store.filter_documents(of_new) == new[:1]
    assert store.write_documents([changed, *new], DuplicatePolicy.OVERWRITE) == 3
    assert store.filter_documents(of_new) == new[1:]
    assert store.count_documents() == 7
    assert changed in store.filter_documents()
    assert store.write_documents([]) == 0


FIELDS = {
    "meta.page": [1, 2, 2.5, True, None, "1"],
    "page": [2],
    "meta.Page": [1],
    "meta.name": ["bob", "", "nobody", None],
    "meta.good": [True, False, None, 0],
    "meta.author.name": ["x", None],
    "meta.author.age": [3],
    "meta.author": [{"name": "y"}],
    "meta.tags": [["a", "b"], [], ["b", "a"]],
    "meta.id": [5],
    "meta.content": ["meta"],
    "meta.nowhere": [1, None],
    "id": ["d1", "nobody"],
    "content": ["black tea", None],
    "embedding": [None],
}
COMPARABLE = {
    "meta.page": [0, 1, 2, 2.2, True, None],
    "meta.author.age": [2, 3, None],
    "meta.date": ["2024-05-01T10:00:00", "2024-05-01T10:00:00.25", "2024-05-01", None],
    "meta.nowhere": [1, "2024-05-01"],
}


def comparisons():
    for field, values in FIELDS.items():
        for operator in ("==", "!="):
            yield from ({"field": field, "operator": operator, "value": v} for v in values)
        if field not in ("meta.author", "meta.tags", "embedding"):
            for operator in ("in", "not in"):
                for some in (values, values[:1], []):
                    yield {"field": field, "operator": operator, "value": some}
    for field, values in COMPARABLE.items():
        for operator in (">", ">=", "<", "<="):
            yield from ({"field": field, "operator": operator, "value": v} for v in values)


def test_filters_mean_what_they_mean_to_haystack(store, memory, documents, rng):
    store.delete_documents(["d4"])  # its date cannot be compared in memory
    memory.delete_documents(["d4"])
    simple, found = list(comparisons()), 0
    joined = [
        {"operator": str(operator), "conditions": rng.choice(simple, int(size)).tolist()}
        for operator, size in zip(
            rng.choice(["AND", "OR", "NOT"], 300), rng.integers(1, 4, 300), strict=True
        )
    ]
    nested = [
        {"operator": str(operator), "conditions": rng.choice(joined, 2).tolist()}
        for operator in rng.choice(["AND", "OR", "NOT"], 100)
    ]
    for filters in [*simple, *joined, *nested]:
        expected = ids(memory.filter_documents(filters))
        assert ids(store.filter_documents(filters)) == expected, filters
        assert store.count_documents_by_filter(filters) == len(expected)
        found += len(expected)
    assert found > 500


@pytest.mark.parametrize(
    "operator,value,expected",
    [
        (">", "2024-05-01T10:00:00Z", ["d1"]),
        (">=", "2024-05-01T12:00:00+02:00", ["d0", "d1"]),
        ("<", "2024-05-01T10:00:00.2+00:00", ["d0", "d2"]),
        ("<=", "2024-04-30T23:00:00-01:00", ["d2"]),
    ],
)
def test_dates_of_other_time_zones(store, operator, value, expected):
    filters = {"field": "meta.date", "operator": operator, "value": value}
    assert ids(store.filter_documents(filters)) == expected
    if not value.endswith("Z"):
        filters["value"] = datetime.fromisoformat(value.replace(".2+", ".200+"))
        assert ids(store.filter_documents(filters)) == expected


@pytest.mark.parametrize(
    "filters",
    [
        {"field": "meta.page", "operator": "~", "value": 1},
        {"operator": "XOR", "conditions": []},
        {"field": "meta.page", "operator": ">", "value": {}},
        {"field": "meta.page", "operator": "==", "value": object()},
        {"field": "meta.page", "operator": "in", "value": [object()]},
        {"field": "meta.date", "operator": "<", "value": "yesterday"},
        {"field": 'meta.author.a"b', "operator": "==", "value": 1},
    ],
)
def test_filters_that_make_no_sense_are_refused(store, filters):
    with pytest.raises(FilterError):
        store.filter_documents(filters)


def test_metadata_that_make_no_sense_are_refused(store):
    for meta, message in [({"when": datetime(2024, 5, 1)}, "isoformat"), ({"a": [b"x"]}, "JSON")]:
        with pytest.raises(anear.Error, match=message):
            store.write_documents([Document(content="x", meta=meta, id="x")])
    assert store.count_documents() == 6


def test_updates_keep_the_rest(store, documents):
    black = {"field": "content", "operator": "in", "value": ["black tea", "black coffee"]}
    assert store.update_by_filter(black, {"name": "Cy", "id": 9, "good": "yes", "page": None}) == 2
    changes = {"name": "Cy", "id": 9, "good": "yes", "page": None}
    documents[1:3] = [replace(each, meta={**each.meta, **changes}) for each in documents[1:3]]
    assert store.filter_documents() == documents
    assert store.update_by_filter(black, {"good": False, "id": "x"}) == 2
    changes = {"good": False, "id": "x"}
    documents[1:3] = [replace(each, meta={**each.meta, **changes}) for each in documents[1:3]]
    assert store.filter_documents() == documents
    assert store.delete_by_filter({"field": "meta.id", "operator": "==", "value": "x"}) == 2
    store.delete_all_documents()
    assert store.count_documents() == 0


def test_retrieval_by_embedding(store, memory, documents, rng):
    query = rng.random(4).tolist()
    for k in (1, 3, 9):
        ours = store.embedding_retrieval(query, top_k=k)
        theirs = memory.embedding_retrieval(query, top_k=k)
        assert ids(ours) == ids(theirs) and len(ours) == min(k, 4)
        np.testing.assert_allclose([d.score for d in ours], [d.score for d in theirs], atol=1e-6)
        assert all(document.embedding is None for document in ours)
    found = store.embedding_retrieval(query, top_k=9, return_embedding=True)
    there = {document.id: document for document in documents}
    assert [document.embedding for document in found] == [there[id].embedding for id in ids(found)]
    filters = {"field": "meta.page", "operator": ">=", "value": 2}
    assert ids(store.embedding_retrieval(query, filters=filters)) == ["d1"]
    assert store.embedding_retrieval(query, top_k=0) == []


@pytest.mark.parametrize("metric", ["cosine", "ip", "l2"])
def test_documents_without_an_embedding_are_not_found_by_one(tmp_path, documents, metric):
    store = AnearDocumentStore(tmp_path / "other.anear", dim=4, metric=metric)
    store.write_documents([documents[2], documents[5]])
    assert store.embedding_retrieval([0.0, 0.0, 0.0, 0.1]) == []
    assert ids(store.bm25_retrieval("coffee")) == ["d2"]
    store.write_documents(documents[:1])
    assert ids(store.embedding_retrieval([-1.0, 0.0, 0.0, 0.0])) == ["d0"]
    found = store.hybrid_retrieval("black coffee", [-1.0, 0.0, 0.0, 0.0])
    assert sorted(ids(found)) == ["d0", "d2"]
    assert [d.embedding for d in store.filter_documents()] == [None, None, documents[0].embedding]
    embedded = replace(documents[2], embedding=[1.0, 0.0, 0.0, 0.0])
    store.write_documents([embedded], DuplicatePolicy.OVERWRITE)
    assert len(store.embedding_retrieval([1.0, 0.0, 0.0, 0.0])) == 2


def test_retrieval_by_words(store):
    assert ids(store.bm25_retrieval("Is there any honey?")) == ["d4"]
    found = store.bm25_retrieval('"black" AND (tea*')
    assert found[0].id == "d1" and len(found) == 3
    scores = [document.score for document in found]
    assert scores == sorted(scores, reverse=True) and scores[-1] > 0
    assert store.bm25_retrieval("?!") == []
    assert ids(
        store.bm25_retrieval(
            "black", top_k=1, filters={"field": "meta.page", "operator": "<=", "value": 2}
        )
    ) == ["d1"]


def test_retrieval_by_both(store, documents):
    found = store.hybrid_retrieval("black tea", documents[4].embedding, top_k=3)
    assert {"d1", "d4"} <= set(ids(found)) and len(found) == 3
    scores = [document.score for document in found]
    assert scores == sorted(scores, reverse=True)


RETRIEVERS = [
    (AnearEmbeddingRetriever, {"query_embedding": [1.0, 0.0, 0.0, 0.5]}),
    (AnearBM25Retriever, {"query": "black tea"}),
    (AnearHybridRetriever, {"query": "black tea", "query_embedding": [1.0, 0.0, 0.0, 0.5]}),
]


@pytest.mark.parametrize("kind,query", RETRIEVERS)
def test_retrievers(store, kind, query):
    page_2 = {"field": "meta.page", "operator": ">=", "value": 2}
    named = {"field": "meta.name", "operator": "!=", "value": None}
    everything = kind(store).run(**query)["documents"]
    assert len(everything) > 1
    assert kind(store, top_k=1).run(**query)["documents"] == everything[:1]
    assert kind(store).run(**query, top_k=1)["documents"] == everything[:1]
    merging = kind(store, filters=page_2, filter_policy=FilterPolicy.MERGE)
    assert ids(merging.run(**query, filters=named)["documents"]) == ["d1"]
    replacing = kind(store, filters=page_2)
    assert len(replacing.run(**query, filters=named)["documents"]) > 1
    with_embedding = kind(store, return_embedding=True, filters=page_2)
    assert len(with_embedding.run(**query, filters=named)["documents"][0].embedding) == 4
    assert asyncio.run(kind(store).run_async(**query))["documents"] == everything
    for refused in ({"top_k": 0}, {"filter_policy": "nothing"}):
        with pytest.raises(ValueError):
            kind(store, **refused)
    with pytest.raises(ValueError, match="AnearDocumentStore"):
        kind(InMemoryDocumentStore())


@pytest.mark.parametrize("kind,query", RETRIEVERS)
def test_components_as_dicts(store, kind, query):
    made = kind(
        store,
        top_k=3,
        filters={"field": "id", "operator": "!=", "value": "d0"},
        filter_policy="merge",
        return_embedding=True,
    )
    data = made.to_dict()
    assert data["type"] == f"anear.haystack.{kind.__name__}"
    assert data["init_parameters"]["document_store"]["type"] == "anear.haystack.AnearDocumentStore"
    again = kind.from_dict(data)
    assert again.to_dict() == data
    assert again.run(**query) == made.run(**query)


def test_pipelines(tmp_path, documents):
    store = AnearDocumentStore(tmp_path / "store.anear", dim=4, content_column="body")
    writing = Pipeline()
    writing.add_component("writer", DocumentWriter(store, DuplicatePolicy.SKIP))
    assert writing.run({"writer": {"documents": documents}})["writer"]["documents_written"] == 6
    searching = Pipeline()
    searching.add_component("retriever", AnearBM25Retriever(store))
    text = searching.dumps()
    with anear.Collection(tmp_path / "store.anear") as collection:
        assert collection.count("body LIKE 'black%' AND page > 2") == 1
    read = Pipeline.loads(text, allowed_modules=["anear.haystack"])
    found = read.run({"retriever": {"query": "honey"}})["retriever"]["documents"]
    assert ids(found) == ["d4"]


def test_the_first_embedding_says_how_long_they_are(tmp_path, documents):
    store = AnearDocumentStore(tmp_path / "store.anear")
    assert store.count_documents() == 0 and store.filter_documents() == []
    assert store.embedding_retrieval([1.0]) == [] == store.bm25_retrieval("tea")
    assert store.get_metadata_fields_info() == {}
    with pytest.raises(anear.UsageError, match="dim="):
        store.write_documents(documents[2:3])
    store.write_documents(documents)
    with pytest.raises(ValueError, match="5"):
        store.write_documents([Document(content="x", embedding=[1.0] * 5)])
    with pytest.raises(anear.UsageError):
        AnearDocumentStore(tmp_path / "store.anear", dim=5).count_documents()


def test_fields(store):
    assert store.get_metadata_fields_info() == {
        "page": {"type": "float"},
        "name": {"type": "keyword"},
        "date": {"type": "keyword"},
        "author": {"type": "keyword"},
        "good": {"type": "boolean"},
        "tags": {"type": "keyword"},
        "id": {"type": "int"},
        "content": {"type": "keyword"},
        "Page": {"type": "int"},
    }
    assert store.get_metadata_field_min_max("meta.page") == {"min": 1, "max": 2.5}
    assert store.get_metadata_field_min_max("name") == {"min": "", "max": "bob"}
    assert store.get_metadata_field_min_max("tags") == {"min": None, "max": None}
    assert store.get_metadata_field_unique_values("tags") == ([["a", "b"], []], 2)
    assert store.get_metadata_field_unique_values("id") == ([5], 1)


def test_a_collection_that_others_made(tmp_path):
    with anear.Collection(tmp_path / "c.anear", 2, text=("body",)) as collection:
        collection.add([[1, 0], [0, 1]], [7, 8], {"body": ["green tea", None], "page": [1, 2]})
        store = AnearDocumentStore(collection, content_column="body")
        assert store.filter_documents({"field": "id", "operator": "in", "value": ["7"]}) == [
            Document(id="7", content="green tea", meta={"page": 1}, embedding=[1.0, 0.0])
        ]
        assert ids(store.embedding_retrieval([0.0, 1.0])) == ["8", "7"]
        store.delete_documents(["8", "x"])
        assert store.count_documents() == 1
