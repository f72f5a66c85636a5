"""Random vectors and settings, for Annoy and for anear alike."""

import random

import numpy as np

METRICS = ["angular", "euclidean", "manhattan", "dot", "hamming"]
SEARCH_K = [-1, -1, 0, 1, 7, 50, 1000, 10**5, 2**31 - 1, -2]
COUNTS = [0, 1, 3, 10, 100, 2000, -1, 2**31 - 1]
SEEDS = [None, 0, 1, 42, -1, -(2**31), 2**31 - 1]


def rows(choose: random.Random, count, dim, metric):
    """Vectors of a random kind: many the same, far apart, on few places, or of any length."""
    numbers = np.random.default_rng(choose.getrandbits(32))
    shape = (count, dim)
    if metric == "hamming":
        share = choose.choice([0.5, 0.5, 0.1, 0.9, 0.0])
        return (numbers.random(shape) < share).astype(np.float32)
    kind = choose.choice(["normal", "normal", "integers", "clusters", "copies", "lengths", "zeros"])
    x = numbers.normal(size=shape)
    if kind == "integers":
        x = numbers.integers(-2, 3, shape)
    elif kind == "clusters":
        x = x * 0.1 + numbers.normal(size=(5, dim))[numbers.integers(0, 5, count)]
    elif kind == "copies":
        x = numbers.normal(size=(1 + count // 20, dim))[numbers.integers(0, 1 + count // 20, count)]
    elif kind == "lengths":
        x = x * 10.0 ** numbers.integers(-6, 7, (count, 1))
    elif kind == "zeros":
        x = x * (numbers.random((count, 1)) < 0.5)
    return x.astype(np.float32)


def dims(choose):
    return choose.choice([choose.randint(1, 40), choose.randint(1, 40), choose.randint(41, 300)])


def items(choose, count):
    """Numbers of items, in any order and perhaps with holes."""
    numbers = list(range(count))
    if choose.random() < 0.3:
        numbers = choose.sample(range(2 * count + 3), count)
    elif choose.random() < 0.3:
        choose.shuffle(numbers)
    return numbers


def disguised(choose, vector):
    """The same vector as one of the types that Annoy takes."""
    kind = choose.randrange(5)
    if kind == 0:
        return vector.tolist()
    if kind == 1:
        return tuple(vector.tolist())
    if kind == 2:
        return vector.astype(np.float64)
    if kind == 3:
        return np.repeat(vector, 2)[::2]
    return vector
