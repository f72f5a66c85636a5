"""Random calls, right and wrong, to Annoy and to anear: the same results and the same errors."""

import os
import random

import numpy as np
import pytest
from annoy import AnnoyIndex as Theirs
from cases import METRICS

from anear.annoy import AnnoyIndex as Ours

CASES = int(os.environ.get("ANEAR_ANNOY_CASES", 2000))
FIRST = int(os.environ.get("ANEAR_ANNOY_FIRST", 0))
DIM = 3
NO_INDEX = b"12345"
# What Annoy itself says, not Python about arguments.
SAID_BY_ANNOY = ("Item index", "Vector has wrong length", "You can't", "Unable to", "Size of file",
                 "Index size", "No such metric", "must be real number", "object of type")

ODD = [-1, -(2**31), 2**31, 2**70, 1.0, "1", None, True, np.int64(2), np.float32(1), [1], b"1"]
VECTORS = [
    [1.0, 2.0, 3.0], (0, 0, 1), np.array([1, 2, 3]), np.array([1, 2], "f4"), [], [1, 2, 3, 4], "abc", "ab",
    None, 5, {1, 2, 3}, {0: 1, 1: 2, 2: 3}, {"a": 1, "b": 2, "c": 3}, ["1", "2", "3"], [1, None, 3],
    np.array(["a", "b", "c"]), np.array([1, 2, "c"], object), range(3), range(2), b"abc", bytearray(b"abc"),
    np.ones((3, 1)), np.ones((3, 2)), np.float64(3), np.array(3.0), [10**400, 0, 0], [True, False, True],
    np.array([True, False, True]), np.zeros(3, "M8[s]"), iter([1, 2, 3]), memoryview(b"abc"),
]


def outcome(index, name, arguments, keywords):
    try:
        return "returned", getattr(index, name)(*arguments, **keywords)
    except Exception as error:
        said = str(error.args[0]) if error.args else ""
        return "raised", type(error), said if said.startswith(SAID_BY_ANNOY) else None


def same(theirs, ours):
    if theirs[0] == ours[0] == "raised":
        # Behind some messages Annoy has whatever the system said last.
        return theirs[1] is ours[1] and (theirs[2] == ours[2] or (theirs[2] or "").startswith(f"{ours[2]}: "))
    return theirs == ours


class Calls:
    """Chooses calls that Annoy survives."""

    def __init__(self, choose, folder, metric):
        self.choose = choose
        self.folder = folder
        self.metric = metric
        self.items = self.trees = 0
        self.is_built = self.is_loaded = False
        self.has_memory = self.had_trees = self.is_over = False
        self.saved = set()

    def integer(self, usual):
        return self.choose.choice(ODD) if self.choose.random() < 0.15 else usual

    def vector(self):
        right = [self.choose.uniform(-2, 2) for _ in range(DIM)]
        return self.choose.choice(VECTORS) if self.choose.random() < 0.3 else right

    def path(self, name):
        usual = str(self.folder / f"{self.choose.choice('ab')}-{self.metric}.ann")
        odd = ["", "/nowhere/x.ann", None, 3, b"x", "a\0b"]
        # To Annoy, a folder is a file of a wrong size.
        odd += [str(self.folder)] if name == "save" else [str(self.folder / "empty"), str(self.folder / "odd")]
        return self.choose.choice(odd) if self.choose.random() < 0.4 else usual

    def add_item(self):
        if self.is_built and not self.items and not self.is_loaded:
            return "get_n_items", [], {}  # Annoy would write where there is no memory
        # Where trees were, Annoy finds items in the holes; a new item would go over its trees.
        most = max(self.items + (not self.is_built), 1) if self.had_trees else 12
        item = self.integer(self.choose.randrange(most))
        if isinstance(item, (int, np.integer)) and most <= item < 2**31:
            item = 0
        return self.spelled("add_item", ["i", "vector"], [item, self.vector()])

    def spelled(self, name, names, arguments):
        """Some arguments by name, and now and then, where all are right, one too few or too many."""
        is_right = all(type(value) in (int, list, bool) and value != 2**31 and value != 2**70 for value in arguments)
        place = self.choose.randint(0, len(arguments)) if self.choose.random() < 0.3 else len(arguments)
        keywords = dict(zip(names[place:], arguments[place:]))
        arguments = arguments[:place]
        if is_right and self.choose.random() < 0.05:
            if keywords and self.choose.random() < 0.5:
                keywords.popitem()
            else:
                keywords["no_such_argument"] = 1
        return name, arguments, keywords

    def build(self):
        trees = self.choose.choice([1, 2, 5, "1", 2.0, None])
        return self.spelled("build", ["n_trees", "n_jobs"], [trees, 1])

    def search(self, name, first):
        names = [name, "n", "search_k", "include_distances"]
        arguments = [first, self.integer(self.choose.choice([0, 1, 5, 100])),
                     self.integer(-1), self.choose.choice([0, 1, True, False, None, 2, "x"])]
        return names, arguments[: self.choose.choice([2, 3, 4, 4])]

    def get_nns_by_item(self):
        return self.spelled("get_nns_by_item", *self.search("i", self.integer(self.choose.randint(0, 12))))

    def get_nns_by_vector(self):
        return self.spelled("get_nns_by_vector", *self.search("vector", self.vector()))

    def next(self):
        choose = self.choose
        kind = choose.randrange(20)
        if kind < 5:
            return self.add_item()
        if kind == 5:
            return self.build()
        if kind < 9:
            return self.get_nns_by_item()
        if kind < 12:
            return self.get_nns_by_vector()
        if kind == 12:
            i = self.integer(choose.randint(0, 12))
            return choose.choice([("get_item_vector", [i], {}), ("get_distance", [i, self.integer(0)], {}),
                                  ("get_item_vector", [], {"i": i})])
        if kind == 13:
            return "unbuild", [], {}
        if kind == 14:
            return "unload", [], {}
        if kind in (15, 16):
            prefault = choose.choice([False, True, 0, 2, -1, 256, None, "x"])
            name = choose.choice(["save", "save", "load"])
            path = self.path(name)
            if name == "load" and not self.survives(path):
                return "get_n_items", [], {}
            arguments = [path, prefault][: choose.choice([1, 1, 2])]
            return self.spelled(name, ["fn", "prefault"], arguments)
        if kind == 17:
            seed = choose.choice([0, 1, -5, 2**31, 1.0, None])
            return choose.choice([("set_seed", [seed], {}), ("set_seed", [], {"q": seed})])
        if kind == 18:
            return "verbose", [choose.choice([False, 0, None, "x"])], {}
        return choose.choice(["get_n_items", "get_n_trees"]), [], {}

    def survives(self, path):
        """Whether Annoy can let go of its memory after loading this, or failing to."""
        is_file = isinstance(path, str) and os.path.isfile(path)
        if self.is_loaded:
            return is_file and path in self.saved
        return not self.has_memory or not is_file or os.path.getsize(path) > len(NO_INDEX)

    def note(self, index, name, arguments, keywords, done):
        """What the call did to the index, as far as it matters for the choice of the next."""
        self.items = index.get_n_items()
        if done[0] == "returned":
            self.is_built = {"build": True, "save": True, "load": True, "unbuild": False}.get(name, self.is_built)
            if name == "save":
                self.saved.add([*arguments, *keywords.values()][0])
            self.is_loaded = {"save": True, "load": True, "unload": False}.get(name, self.is_loaded)
            self.has_memory |= name in ("add_item", "build")
            self.had_trees |= name == "build"
        elif done[2] and done[2].startswith(("Size of file", "Index size")):
            self.is_over = True  # Annoy has taken a file for its memory


@pytest.mark.filterwarnings("ignore")
def test_random_calls(tmp_path, capfd):
    for side in ("theirs", "ours"):
        (tmp_path / side).mkdir()
        (tmp_path / side / "empty").touch()
        (tmp_path / side / "odd").write_bytes(NO_INDEX)
    for number in range(FIRST, FIRST + CASES):
        choose = random.Random(number)
        metric = choose.choice(METRICS)
        theirs, ours = Theirs(DIM, metric), Ours(DIM, metric)
        calls, history = Calls(choose, tmp_path / "theirs", metric), []
        for _ in range(choose.randint(5, 60)):
            name, arguments, keywords = calls.next()
            history.append((name, arguments, keywords))
            expected = outcome(theirs, name, arguments, keywords)
            mine, with_names = ([elsewhere(value) for value in arguments],
                                {key: elsewhere(value) for key, value in keywords.items()})
            found = outcome(ours, name, mine, with_names)
            assert same(expected, found), f"case {number}, {metric}: {history}\nAnnoy: {expected}\nours: {found}"
            calls.note(theirs, name, arguments, keywords, expected)
            if calls.is_over:
                break
        capfd.readouterr()  # Annoy tells of each error


def elsewhere(value):
    """Each has files of its own."""
    return value.replace("/theirs", "/ours") if isinstance(value, str) else value


@pytest.mark.parametrize("arguments", [
    (), (3,), ("3", "dot"), (3.0, "dot"), (3, "banana"), (3, None), (3, b"dot"), (3, "dot", 1), (2**31, "dot"),
    (3, "Angular"), (True, "dot"), (np.int64(3), "hamming"),
], ids=repr)
def test_making_one(arguments):
    def made(kind):
        try:
            with pytest.warns() if len(arguments) == 1 else pytest.MonkeyPatch.context():
                return kind(*arguments).f
        except Exception as error:
            return type(error)

    assert made(Theirs) == made(Ours)


def test_the_warning_without_a_metric():
    warned = []
    for kind in (Theirs, Ours):
        with pytest.warns(FutureWarning) as caught:
            kind(3)
        warned.append([(str(warning.message), warning.filename) for warning in caught])
    assert warned[0] == warned[1]


def test_it_has_every_method():
    for name in set(dir(Theirs)) - set(dir(object)):
        assert hasattr(Ours, name), name
