"""Writes random forests made by the real Annoy, and what it answers, for `annoy.rs`.

Arguments: the folder to write to, the number of cases, the first seed. Each case is a line of
JSON in `cases.jsonl` and a file `N.ann`. Floats are written so that they read back exactly.
"""

import json
import random
import sys
from pathlib import Path

import numpy as np
from annoy import AnnoyIndex

METRICS = ["angular", "euclidean", "manhattan", "dot", "hamming"]
SEARCH_K = [-1, 0, 1, 7, 50, 1000, 100_000, -2]


def vectors(choose, dim, count, metric):
    numbers = np.random.default_rng(choose.getrandbits(32))
    shape = (count, dim)
    kind = choose.choice(["normal", "normal", "small integers", "clusters", "copies", "scales"])
    if metric == "hamming":
        share = choose.choice([0.5, 0.5, 0.1, 0.0])
        return (numbers.random(shape) < share).astype(np.float32)
    if kind == "small integers":
        rows = numbers.integers(-2, 3, shape)
    elif kind == "clusters":
        rows = numbers.normal(size=(5, dim))[numbers.integers(0, 5, count)]
        rows = rows + numbers.normal(size=shape) * 0.1
    elif kind == "copies":
        rows = numbers.normal(size=(max(1, count // 20), dim))
        rows = rows[numbers.integers(0, len(rows), count)]
    elif kind == "scales":
        rows = numbers.normal(size=shape) * 10.0 ** numbers.integers(-6, 7, (count, 1))
    else:
        rows = numbers.normal(size=shape)
    return rows.astype(np.float32)


def answer(index, query, choose):
    count, search_k = choose.choice([0, 1, 3, 10, 100, 1000]), choose.choice(SEARCH_K)
    by_item = isinstance(query, int)
    search = index.get_nns_by_item if by_item else index.get_nns_by_vector
    given = query if by_item else query.tolist()
    items, distances = search(given, count, search_k, include_distances=True)
    return {"item": given if by_item else None, "vector": None if by_item else given,
            "count": count, "search_k": search_k, "items": items, "distances": distances}


def answers(index, dim, metric, choose):
    queries = list(vectors(choose, dim, 3, metric))
    if index.get_n_items():
        queries += [choose.randrange(index.get_n_items()) for _ in range(3)]
    return [answer(index, query, choose) for query in queries]


def case(seed, folder):
    choose = random.Random(seed)
    metric = choose.choice(METRICS)
    dim = choose.choice([choose.randint(1, 40), choose.randint(1, 40), choose.randint(41, 300)])
    count = choose.choice([1, 2, 3, choose.randint(1, 50), choose.randint(50, 900)])
    numbers = list(range(count))
    if choose.random() < 0.3:
        numbers = sorted(choose.sample(range(2 * count + 3), count))
    choose.random() < 0.5 and choose.shuffle(numbers)
    rows = vectors(choose, dim, count, metric)
    tree_seed = choose.choice([None, 0, 1, 42, -5, 2**31 - 1])
    trees = choose.choice([-1, 1, 2, 3, 10])
    jobs = choose.choice([1, 1, 1, 2, 3]) if trees > 0 else 1

    def fresh():
        index = AnnoyIndex(dim, metric)
        if tree_seed is not None:
            index.set_seed(tree_seed)
        return index

    index = fresh()
    for number, row in zip(numbers, rows):
        index.add_item(number, row)
    index.build(trees, n_jobs=jobs)
    told = {"metric": metric, "dim": dim, "numbers": numbers, "rows": rows.ravel().tolist(),
            "seed": tree_seed, "trees": trees, "jobs": jobs, "built_trees": index.get_n_trees(),
            "built": answers(index, dim, metric, choose)}
    index.save(str(folder / f"{seed}.ann"))
    items = range(index.get_n_items())
    pairs = [(choose.choice(items), choose.choice(items)) for _ in range(5)]
    told |= {"file": f"{seed}.ann", "items": index.get_n_items(), "trees_in_file": index.get_n_trees(),
             "distances": [[x, y, index.get_distance(x, y)] for x, y in pairs],
             "vectors": [[x, index.get_item_vector(x)] for x, _ in pairs],
             "loaded": answers(index, dim, metric, choose)}
    if seed % 10 == 0 and jobs == 1:
        items = list(zip(numbers, rows))
        told["on_disk"] = again(folder / f"{seed}.disk.ann", True, fresh(), trees, items)
        told["bare"] = again(folder / f"{seed}.bare.ann", False, fresh(), 0, items)
    return told


def again(path, on_disk, index, trees, items):
    """Writes items and trees to another file, whose name it returns."""
    if on_disk:
        index.on_disk_build(str(path))
    for number, row in items:
        index.add_item(number, row)
    index.build(trees, n_jobs=1)
    if not on_disk:
        index.save(str(path))
    return path.name


def main():
    folder, count, first = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    with open(folder / "cases.jsonl", "w") as out:
        for seed in range(first, first + count):
            out.write(json.dumps(case(seed, folder)) + "\n")


main()
