"""Random indexes, made and searched by FAISS and by anear: the same calls, the same answers."""

import os
import random

import anear.faiss as ours
import faiss as theirs
import numpy as np
import pytest

CASES = int(os.environ.get("ANEAR_FAISS_CASES", 150))
FIRST = int(os.environ.get("ANEAR_FAISS_FIRST", 0))
KINDS = [
    "Flat", "IDMap,Flat", "IDMap2,Flat", "SQ8", "SQ4", "SQfp16", "PQ4x4np", "IVF4,Flat", "IVF4,SQ8", "IVF4,PQ4x4np",
    "IVF4,PQ4x4fs", "IVF4,PQ4x4fsr", "PQ4x4fs", "HNSW8", "HNSW8,SQ8", "IVF6_HNSW4,Flat", "L2norm,IVF4,Flat", "SQ8,RFlat",
    "LSH", "RaBitQ", "RaBitQ3", "RaBitQfs", "RaBitQfs3", "IVF4,RaBitQfs", "IVF4,RaBitQfs3",
]  # fmt: skip
DIM = 16


@pytest.fixture(autouse=True)
def one_thread():
    for library in (theirs, ours):
        library.omp_set_num_threads(1)


def answer(call):
    """What a call gives, or the kind of exception it raises."""
    try:
        return call()
    except Exception as error:
        return type(error)


def same(call, *indexes):
    expected, found = (answer(lambda: call(index)) for index in indexes)
    if isinstance(expected, type) or isinstance(found, type):
        assert expected is found, (expected, found)
    elif isinstance(expected, tuple):
        agree(expected, found)
    else:
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def agree(expected, found):
    """The same distances, up to rounding; the same labels but for rows as far as others."""
    for one, other in zip(expected, found, strict=True):
        assert one.shape == other.shape and one.dtype == other.dtype
    if len(expected) == 3:  # a range: rows come in any order
        for limits in (expected[0], found[0]):
            assert limits[-1] == len(expected[1])
        np.testing.assert_array_equal(*(np.sort(labels) for labels in (expected[2], found[2])))
        return
    there = expected[1] >= 0  # for what is missing, codes in blocks have any distance in FAISS
    np.testing.assert_allclose(found[0][there], expected[0][there], rtol=2e-4, atol=1e-4)
    steps = np.diff(expected[0], axis=1) != 0
    apart = np.pad(steps, ((0, 0), (1, 0)), constant_values=True) & np.pad(
        steps, ((0, 0), (0, 1)), constant_values=True
    )
    differ = (expected[1] != found[1]) & apart
    assert differ.sum() <= max(1, 0.02 * differ.size), (expected[1][differ], found[1][differ])


def parameters(library, choose, description, ids):
    selector = choose.choice([
        lambda: None,
        lambda: library.IDSelectorRange(10, 120),
        lambda: library.IDSelectorNot(library.IDSelectorBatch(ids)),
        lambda: library.IDSelectorOr(library.IDSelectorArray(ids[:9]), library.IDSelectorRange(0, 20)),
    ])()  # fmt: skip
    if "IVF" in description and "," not in description.split("IVF")[0]:
        return library.SearchParametersIVF(nprobe=choose.randint(1, 5), sel=selector)
    if description.startswith("HNSW"):
        return library.SearchParametersHNSW(efSearch=choose.choice([4, 16, 40]), sel=selector)
    if description in ("Flat", "IDMap,Flat", "SQ8"):
        return library.SearchParameters(sel=selector)
    return None


def made_by_both(choose, rng):
    """An index that FAISS has trained, the one that its bytes are here, and a description."""
    description = choose.choice(KINDS)
    plain = "RaBitQ" in description or "LSH" in description
    metric = theirs.METRIC_INNER_PRODUCT if choose.random() < 0.2 and not plain else theirs.METRIC_L2
    index = theirs.index_factory(DIM, description, metric)
    index.train(rng.random((300, DIM), dtype=np.float32))
    return description, index, ours.deserialize_index(theirs.serialize_index(index))


def compare(one, other, description, seed, q, ids):
    """An index of FAISS and one of ours that are to be the same."""
    assert (one.ntotal, one.d, one.metric_type) == (other.ntotal, other.d, other.metric_type)
    k = random.Random(seed).choice([1, 3, 10])
    same(lambda index: index.search(q, k), one, other)
    if not (description.startswith("IVF") and "fs" in description):
        same(lambda index: index.reconstruct(int(ids[3])), one, other)
        if ids[-1] == len(ids) - 1:  # FAISS does not survive numbers that no row has
            same(lambda index: index.reconstruct_n(2, 7), one, other)
    libraries = {id(one): theirs, id(other): ours}

    def search(index):
        params = parameters(libraries[id(index)], random.Random(seed), description, ids)
        return index.search(q, 6, params=params)

    same(search, one, other)


def case(number):
    choose, rng = random.Random(number), np.random.default_rng(number)
    description, one, other = made_by_both(choose, rng)
    count = choose.choice([60, 150, 300])
    x, q = (rng.random((rows, DIM), dtype=np.float32) for rows in (count, 5))
    ids = np.sort(rng.choice(10 * count, count, replace=False))
    has_ids = description.startswith("IDMap") or description.startswith("IVF") and choose.random() < 0.3
    for index in (one, other):
        if has_ids:
            index.add_with_ids(x, ids)
        else:
            index.add(x)
    if description.startswith("HNSW"):  # a graph is searched alike, and not made alike to the last edge
        other = ours.deserialize_index(theirs.serialize_index(one))
    ids = ids if has_ids else np.arange(count)
    compare(one, other, description, number, q, ids)
    compare(theirs.deserialize_index(ours.serialize_index(other)), other, description, number, q, ids)
    same(lambda index: index.remove_ids(ids[: count // 3]), one, other)
    assert one.ntotal == other.ntotal
    same(lambda index: index.search(q, 4), one, other)


def test_random_indexes():
    for number in range(FIRST, FIRST + CASES):
        try:
            case(number)
        except Exception as error:
            raise AssertionError(f"case {number}: {error}") from error
