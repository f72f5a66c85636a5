"""Files that Annoy wrote, and what it found in them; files that lie."""

import json

import anear
import numpy as np
import pytest
from anear.annoy import AnnoyIndex
from conftest import fixtures


def described(folder):
    files = json.loads((fixtures(folder) / "expected.json").read_text())["files"]
    there = {name: facts for name, facts in files.items() if (fixtures(folder) / name).exists()}
    return [(name, facts) for name, facts in there.items() if facts["format"] == "annoy"]


def opened(folder, name, facts):
    index = AnnoyIndex(facts["f"], facts["metric"])
    index.load(str(fixtures(folder) / name))
    return index


def same(found, expected):
    assert found[0] == expected["ids"]
    np.testing.assert_allclose(found[1], expected["distances"], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name,facts", described("annoy"), ids=lambda value: str(value)[:40])
def test_files_of_annoy(name, facts):
    index = opened("annoy", name, facts)
    assert index.get_n_items() == facts["n_items"]
    assert index.get_n_trees() == facts["n_trees"]
    for told in facts.get("by_item", []):
        same(index.get_nns_by_item(told["item"], told["k"], told["search_k"], True), told)
    for i, j, distance in facts.get("pair_distances", []):
        assert index.get_distance(i, j) == pytest.approx(distance, rel=1e-5, abs=1e-6)
    for item, vector in facts.get("item_vectors", {}).items():
        assert index.get_item_vector(int(item)) == vector
    queries = fixtures(facts["queries"])
    if not queries.exists():  # not in the project's own copy
        return
    queries = np.load(queries)
    for told in facts.get("searches", []):
        for query, expected in zip(queries, told["by_vector"], strict=False):
            same(index.get_nns_by_vector(query, told["k"], told["search_k"], True), expected)


@pytest.mark.parametrize("name,facts", described("bad"), ids=lambda value: str(value)[:50])
def test_files_that_lie(name, facts):
    failed = None
    try:
        index = opened("bad", name, facts)
        assert index.get_n_items() < 10**6
        query = [0.5] * facts["f"]
        for search_k in (-1, 100_000):
            index.get_nns_by_vector(query, 10, search_k, include_distances=True)
            index.get_nns_by_vectors([query], 10, search_k)
            for item in range(index.get_n_items()):
                index.get_nns_by_item(item, 10, search_k)
                index.get_item_vector(item)
    except (OSError, anear.DamagedError) as error:
        failed = error
    assert failed is not None or facts["expect"] in ("accept_or_error", "nonfinite")
