"""Random forests, built, saved and searched by Annoy and by anear: no difference, to the last bit."""

import os
import random

import numpy as np
from annoy import AnnoyIndex as Theirs
from cases import COUNTS, METRICS, SEARCH_K, SEEDS, dims, disguised, items, rows

from anear.annoy import AnnoyIndex as Ours

CASES = int(os.environ.get("ANEAR_ANNOY_CASES", 2000))
FIRST = int(os.environ.get("ANEAR_ANNOY_FIRST", 0))


def both(call, theirs, ours):
    """A call gives the same for both indexes."""
    expected, found = call(theirs), call(ours)
    assert found == expected, (expected, found)


def compare(choose, queries, *indexes):
    both(lambda index: (index.get_n_items(), index.get_n_trees(), index.f), *indexes)
    here = range(indexes[0].get_n_items())
    for query in queries:
        count, search_k = choose.choice(COUNTS), choose.choice(SEARCH_K)
        with_distances = choose.random() < 0.7
        given = disguised(choose, query)
        both(lambda index: index.get_nns_by_vector(given, count, search_k, with_distances), *indexes)
        if here:
            item = choose.choice(here)
            both(lambda index: index.get_nns_by_item(item, count, search_k, with_distances), *indexes)
    for _ in range(3 if here else 0):
        i, j = choose.choice(here), choose.choice(here)
        both(lambda index: (index.get_distance(i, j), index.get_item_vector(i)), *indexes)


def node_bytes(metric, dim):
    return {"angular": 12 + 4 * dim, "hamming": 16 + 8 * -(-dim // 64)}.get(metric, 16 + 4 * dim)


def told(path, metric, dim, count):
    """The bytes of a file, without what Annoy leaves as it was in memory: a split of bits uses
    the number of children, the children and the first of its words."""
    size = node_bytes(metric, dim)
    nodes = np.fromfile(path, np.uint8).reshape(-1, size)
    if metric == "hamming":
        below = nodes[:, :4].copy().view("<i4").ravel()
        is_split = (below > (size - 4) // 4) & (np.arange(len(nodes)) >= count)
        unused = np.r_[12:16, 24:size]
        nodes[np.ix_(is_split, unused)] = 0
    return nodes.tobytes()


def case(number, folder):
    choose = random.Random(number)
    metric, dim = choose.choice(METRICS), dims(choose)
    count = choose.choice([0, 1, 2, 3, choose.randint(1, 50), choose.randint(50, 400)])
    x, queries = rows(choose, count, dim, metric), rows(choose, 3, dim, metric)
    numbers, trees, seed = items(choose, count), choose.choice([-1, 0, 1, 2, 3, 10]), choose.choice(SEEDS)
    trees = trees if count else 3
    theirs, ours = Theirs(dim, metric), Ours(dim, metric)
    on_disk = choose.random() < 0.2
    for index, name in ((theirs, "theirs"), (ours, "ours")):
        if on_disk:
            index.on_disk_build(str(folder / name))
        if seed is not None:
            index.set_seed(seed)
    for item, row in zip(numbers, x, strict=True):
        given = disguised(choose, row)
        both(lambda index: index.add_item(item, given), theirs, ours)
    compare(choose, [], theirs, ours)
    both(lambda index: index.build(trees, n_jobs=1), theirs, ours)
    compare(choose, queries, theirs, ours)
    if choose.random() < 0.2:
        both(lambda index: index.unbuild(), theirs, ours)
        both(lambda index: index.build(trees, n_jobs=1), theirs, ours)
    if trees == 0:
        return  # where a file has no roots, Annoy takes items for roots
    most = theirs.get_n_items()
    theirs.save(str(folder / "theirs"))
    ours.save(str(folder / "ours"))
    assert told(folder / "theirs", metric, dim, most) == told(folder / "ours", metric, dim, most)
    crossed = Theirs(dim, metric), Ours(dim, metric)
    crossed[0].load(str(folder / "ours"))
    crossed[1].load(str(folder / "theirs"), choose.random() < 0.5)
    compare(choose, queries, theirs, ours)
    compare(choose, queries, *crossed)


def test_random_forests(tmp_path):
    for number in range(FIRST, FIRST + CASES):
        try:
            case(number, tmp_path)
        except Exception as error:
            raise AssertionError(f"case {number}: {error}") from error
