import asyncio
import math

import anear
import numpy as np
import pytest
from anear.langchain import AnearVectorStore
from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.vectorstores.utils import maximal_marginal_relevance

EMBEDDING = DeterministicFakeEmbedding(size=8)
TEXTS = ["green tea", "black tea", "black coffee", "cold milk", "hot milk with honey"]
METADATA = [
    {"page": 1, "name": "Ann", "author": {"name": "x", "born": 1970}, "tags": ["hot", "green"]},
    {"page": 2, "name": "bob", "author": {"name": "y"}, "tags": [], "good": True},
    {"page": 2.5, "name": None, "good": False, "a.b": 7},
    {"page": None, "name": "Bob", "tags": ["cold", 3]},
    {"name": "with spaces", "a b": "ä\"'", "id": 5, "text": "other", "Page": 9},
]
IDS = ["a", "b", "c", "d", "e"]


@pytest.fixture
def store(tmp_path):
    return AnearVectorStore.from_texts(
        TEXTS, EMBEDDING, METADATA, ids=IDS, collection=tmp_path / "store.anear"
    )


def ids(documents):
    return [document.id for document in documents]


def matching(store, filter):
    return sorted(ids(store.similarity_search("x", k=9, filter=filter)))


def test_documents_come_back_as_they_were(store, tmp_path):
    expected = [
        Document(id=id, page_content=text, metadata=metadata)
        for id, text, metadata in zip(IDS, TEXTS, METADATA, strict=True)
    ]
    assert store.get_by_ids(IDS) == expected
    assert store.get_by_ids(["e", "nobody", "a"]) == [expected[4], expected[0]]
    assert store.similarity_search("cold milk", k=1) == [expected[3]]
    store.close()
    again = AnearVectorStore(EMBEDDING, tmp_path / "store.anear")
    assert again.get_by_ids(IDS) == expected
    assert again.embeddings is EMBEDDING


def test_metadata_are_columns_for_sql(store):
    assert ids(store.similarity_search("x", where="page >= ?", params=[2])) in (
        ["b", "c"],
        ["c", "b"],
    )
    assert ids(store.similarity_search("x", where="author ->> '$.name' = 'y'")) == ["b"]
    both = store.similarity_search("x", where="page > 1", filter={"good": True})
    assert ids(both) == ["b"]
    with pytest.raises(anear.UsageError, match="condition"):
        store.similarity_search("x", where="page >")


@pytest.mark.parametrize(
    "filter,expected",
    [
        ({}, "abcde"),
        ({"page": 2}, "b"),
        ({"page": 2.5}, "c"),
        ({"page": None}, "de"),
        ({"page": "2"}, ""),
        ({"Page": 9}, "e"),
        ({"id": 5}, "e"),
        ({"text": "other"}, "e"),
        ({"good": True}, "b"),
        ({"good": {"$ne": True}}, "acde"),
        ({"a b": "ä\"'"}, "e"),
        ({"a.b": 7}, "c"),
        ({"author.born": 1970}, "a"),
        ({"author.name": {"$in": ["x", "y", None]}}, "abcde"),
        ({"author": {"$eq": {"name": "y"}}}, "b"),
        ({"tags": {"$eq": []}}, "b"),
        ({"nowhere": 1}, ""),
        ({"nowhere": {"$ne": 1}}, "abcde"),
        ({"page": {"$gt": 1, "$lt": 2.5}}, "b"),
        ({"page": {"$gte": 2}}, "bc"),
        ({"page": {"$lte": 2}}, "ab"),
        ({"page": {"$between": [1.5, 2.5]}}, "bc"),
        ({"page": {"$in": [1, 2.5, 8]}}, "ac"),
        ({"page": {"$nin": [1, 2.5, 8]}}, "bde"),
        ({"name": {"$gt": "B"}}, "bde"),
        ({"name": {"$like": "%O%"}}, "bd"),
        ({"tags": {"$contains": "hot"}}, "a"),
        ({"tags": {"$contains": 3}}, "d"),
        ({"tags": {"$contains": "3"}}, ""),
        ({"name": {"$exists": True}}, "abde"),
        ({"name": {"$exists": False}}, "c"),
        ({"page": 2, "name": "bob"}, "b"),
        ({"page": 2, "name": "Bob"}, ""),
        ({"$or": [{"page": 1}, {"name": "Bob"}]}, "ad"),
        ({"$and": [{"page": {"$gt": 1}}, {"name": "bob"}]}, "b"),
        ({"$not": {"page": {"$gt": 1}}}, "ade"),
        ({"$not": {"$or": [{"page": 1}, {"name": "Bob"}]}}, "bce"),
        ({"$not": {"$not": {"page": {"$gt": 1}}}}, "bc"),
        ({"$or": []}, ""),
        ({"$and": []}, "abcde"),
    ],
)
def test_filters(store, filter, expected):
    assert "".join(matching(store, filter)) == expected


@pytest.mark.parametrize(
    "filter",
    [
        {"page": {"$gt": 1, "$nearly": 2}},
        {"page": {}},
        {"$xor": []},
        {"page": {"$in": [object()]}},
        {"page": {"$in": 1}},
        {"page": {"$between": [1, 2, 3]}},
        {"$or": {"page": 1}},
        {"page": object()},
    ],
)
def test_filters_that_make_no_sense_are_refused(store, filter):
    with pytest.raises(anear.UsageError):
        matching(store, filter)


def test_ids_replace(store):
    new = [Document(id="a", page_content="red tea"), Document(page_content="water")]
    added = store.add_documents(new)
    assert added[0] == "a" and len(added[1]) == 36
    assert store.get_by_ids(["a"]) == [Document(id="a", page_content="red tea")]
    twice = store.add_texts(["first", "last"], ids=["f", "f"])
    assert twice == ["f", "f"] and store.get_by_ids(["f"])[0].page_content == "last"
    assert store.add_texts([]) == []
    with pytest.raises(anear.UsageError, match="do not go together"):
        store.add_texts(["one"], ids=["a", "b"])


def test_deleting(store):
    assert store.delete([]) and store.get_by_ids([]) == []
    assert store.delete(["a", "nobody"])
    assert store.delete(filter={"name": "bob"})
    assert store.delete(where="page > ?", params=[2])
    assert matching(store, None) == ["d", "e"]
    assert store.delete()
    assert matching(store, None) == []


@pytest.mark.parametrize(
    "metric,distance,relevance",
    [
        ("cosine", lambda x, q: 1 - x @ q / np.linalg.norm(x) / np.linalg.norm(q), lambda d: 1 - d),
        ("ip", lambda x, q: x @ q, lambda d: d),
        ("l2", lambda x, q: ((x - q) ** 2).sum(), lambda d: 1 / (1 + d)),
        (
            "angular",
            lambda x, q: math.sqrt(abs(2 - 2 * x @ q / np.linalg.norm(x) / np.linalg.norm(q))),
            lambda d: 1 - d * d / 2,
        ),
        ("manhattan", lambda x, q: abs(x - q).sum(), lambda d: 1 / (1 + d)),
    ],
)
def test_scores(tmp_path, metric, distance, relevance):
    store = AnearVectorStore(EMBEDDING, tmp_path / "store.anear", metric=metric)
    store.add_texts(TEXTS, ids=IDS)
    query = np.array(EMBEDDING.embed_query("black tea"))
    expected = sorted(
        (float(distance(np.array(EMBEDDING.embed_query(text)), query)), text) for text in TEXTS
    )
    if metric == "ip":
        expected.reverse()
    found = store.similarity_search_with_score("black tea", k=5)
    assert [document.page_content for document, _ in found] == [text for _, text in expected]
    np.testing.assert_allclose([score for _, score in found], [d for d, _ in expected], atol=1e-5)
    scored = store.similarity_search_with_relevance_scores("black tea", k=5)
    wanted = [min(1.0, max(0.0, relevance(d))) for d, _ in expected]
    np.testing.assert_allclose([score for _, score in scored], wanted, atol=1e-5)
    by_vector = store.similarity_search_by_vector(query.tolist(), k=2)
    assert by_vector == [document for document, _ in found[:2]]


def test_relevance_may_be_anything(tmp_path):
    store = AnearVectorStore(
        EMBEDDING, tmp_path / "store.anear", relevance_score_fn=lambda distance: 0.25
    )
    store.add_texts(TEXTS)
    assert {score for _, score in store.similarity_search_with_relevance_scores("x")} == {0.25}
    assert store.similarity_search_with_relevance_scores("x", score_threshold=0.3) == []


@pytest.mark.parametrize("relevance", [0.0, 0.3, 0.5, 1.0])
@pytest.mark.parametrize("k,fetch_k", [(1, 2), (3, 2), (1, 20), (3, 20), (9, 20)])
def test_diversity(store, k, fetch_k, relevance):
    near = store.similarity_search("red tea", k=max(k, fetch_k))
    vectors = [EMBEDDING.embed_query(document.page_content) for document in near]
    query = np.array(EMBEDDING.embed_query("red tea"))
    chosen = maximal_marginal_relevance(query, vectors, relevance, k)
    found = store.max_marginal_relevance_search("red tea", k, fetch_k, relevance)
    assert found == [near[position] for position in chosen]
    some = store.max_marginal_relevance_search("red tea", 5, filter={"page": {"$gt": 1}})
    assert sorted(ids(some)) == ["b", "c"]


def test_words(store):
    assert ids(store.text_search("Is there any honey?")) == ["e"]
    assert ids(store.text_search('"black" AND (tea*', k=1)) == ["b"]
    assert set(ids(store.text_search("milk", where="page IS NULL"))) == {"d", "e"}
    assert store.text_search("?!") == store.text_search("") == []
    scores = [score for _, score in store.text_search_with_score("black tea", k=5)]
    assert scores == sorted(scores) and scores[0] < scores[-1] < 0


def test_words_and_vectors(store):
    found = store.hybrid_search("black coffee", k=5)
    assert found[0].id == "c" and len(found) == 5
    assert ids(store.hybrid_search("coffee", filter={"page": 1})) == ["a"]
    scores = [score for _, score in store.hybrid_search_with_score("black coffee", k=5)]
    assert scores == sorted(scores)


def test_retrievers(store):
    def retrieved(**settings):
        return ids(store.as_retriever(**settings).invoke("black tea"))

    assert retrieved(search_kwargs={"k": 1}) == ["b"]
    assert retrieved(search_kwargs={"k": 1, "filter": {"page": 1}}) == ["a"]
    assert retrieved(search_kwargs={"mode": "text"})[0] == "b"
    assert retrieved(search_kwargs={"mode": "hybrid", "k": 2})[0] == "b"
    assert retrieved(search_type="mmr", search_kwargs={"k": 2})[0] == "b"
    threshold = {"score_threshold": 0.999}
    assert retrieved(search_type="similarity_score_threshold", search_kwargs=threshold) == ["b"]
    with pytest.raises(anear.UsageError, match="vector, text, hybrid"):
        retrieved(search_kwargs={"mode": "semantic"})


def test_precomputed_embeddings(tmp_path):
    store = AnearVectorStore(EMBEDDING, tmp_path / "store.anear")
    added = store.add_embeddings(["x", "y"], [[1.0] * 8, [-1.0] * 8], [{"n": 1}, {"n": 2}])
    assert ids(store.similarity_search_by_vector([-1.0] * 8, k=1)) == added[1:]
    with pytest.raises(ValueError, match="8"):
        store.add_embeddings(["x"], [[1.0]])


def test_an_empty_store_is_no_file(tmp_path):
    store = AnearVectorStore(EMBEDDING, tmp_path / "store.anear")
    assert store.similarity_search("x") == store.text_search("x") == store.get_by_ids(["a"]) == []
    assert store.max_marginal_relevance_search("x") == []
    store.delete(["a"])
    store.delete()
    assert not (tmp_path / "store.anear").exists()


@pytest.mark.parametrize("storage", ["npy", "hdf5"])
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_kinds_of_storage(tmp_path, storage, dtype):
    path = tmp_path / "store.anear"
    store = AnearVectorStore(EMBEDDING, path, storage=storage, dtype=dtype, model="fake")
    store.add_texts(TEXTS, ids=IDS)
    again = AnearVectorStore(EMBEDDING, path, model="fake")
    assert ids(again.similarity_search("hot milk with honey", k=1)) == ["e"]
    with pytest.raises(anear.UsageError):
        AnearVectorStore(EMBEDDING, path, model="another").get_by_ids(["a"])


def test_a_collection_that_others_made(tmp_path):
    with anear.Collection(tmp_path / "c.anear", 8) as collection:
        vectors = np.array(EMBEDDING.embed_documents(TEXTS))
        collection.add(vectors, [-10, 11, 12, 13, 14], {"page": [1, 2, 3, 4, 5], "body": TEXTS})
        store = AnearVectorStore(EMBEDDING, collection, text_column="body")
        assert store.similarity_search("cold milk", k=1) == [
            Document(id="13", page_content="cold milk", metadata={"page": 4})
        ]
        found = store.get_by_ids(["12", "x", "-10", "011", str(10**30), "1" * 5000])
        assert ids(found) == ["12", "-10"]
        collection.index_text("body")
        assert ids(store.text_search("honey")) == ["14"]
        store.delete(["14", "x"])
        assert len(collection) == 4
        collection.update([-10], {"page": [7]})
        assert store.get_by_ids(["-10"])[0].metadata == {"page": 7}
        with pytest.raises(anear.UsageError, match="integers"):
            store.add_texts(["new"])


async def test_many_at_a_time(tmp_path):
    store = AnearVectorStore(EMBEDDING, tmp_path / "store.anear")
    texts = [f"text {number}" for number in range(40)]
    await asyncio.gather(*(store.aadd_texts([text], ids=[text]) for text in texts))
    found = await asyncio.gather(*(store.asimilarity_search(text, k=1) for text in texts))
    assert [document.id for (document,) in found] == texts
    made = await AnearVectorStore.afrom_texts(texts, EMBEDDING, collection=tmp_path / "other.anear")
    assert len(await made.amax_marginal_relevance_search("text 3", k=5)) == 5
