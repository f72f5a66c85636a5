"""The algorithm for ann-benchmarks, with stand-ins for its base class and for anear."""

import importlib.util
import sys
import types
import unittest
from unittest import mock

import numpy as np

from harness import places

MODULE = places.BENCH / "ann-benchmarks" / "anear" / "module.py"


class BaseANN:
    pass


class Index:
    """Notes how it is called, and finds the first rows."""

    calls = []

    @classmethod
    def build(cls, x, **parameters):
        cls.calls.append(("build", x.dtype, x.flags.c_contiguous, parameters))
        return cls()

    def search(self, queries, k, **parameters):
        self.calls.append(("search", queries.dtype, queries.shape, parameters))
        rows = np.tile(np.arange(k), (len(queries), 1))
        return rows.astype(np.float32), rows


def load():
    """The module as a part of a package with `base.module` beside it, as ann-benchmarks has it."""
    names = ["algorithms", "algorithms.base", "algorithms.base.module", "algorithms.anear"]
    modules = {name: types.ModuleType(name) for name in names}
    for module in modules.values():
        module.__path__ = []
    modules["algorithms.base.module"].BaseANN = BaseANN
    modules["anear"] = types.SimpleNamespace(Index=Index)
    spec = importlib.util.spec_from_file_location("algorithms.anear.module", MODULE)
    module = importlib.util.module_from_spec(spec)
    with mock.patch.dict(sys.modules, modules):
        spec.loader.exec_module(module)
    return module


class AnnBenchmarksTest(unittest.TestCase):
    def setUp(self):
        Index.calls.clear()
        self.algorithm = load().Anear("angular", "flat")

    def test_is_what_the_runner_expects(self):
        self.assertIsInstance(self.algorithm, BaseANN)

    def test_fit_gives_single_precision_and_the_metric(self):
        self.algorithm.fit(np.zeros((4, 3), dtype=np.float64, order="F"))
        self.assertEqual(Index.calls, [("build", np.float32, True, {"metric": "cosine", "kind": "flat"})])

    def test_one_query_on_one_thread(self):
        self.algorithm.fit(np.zeros((4, 3)))
        self.assertEqual(self.algorithm.query(np.zeros(3), 2).tolist(), [0, 1])
        self.assertEqual(Index.calls[-1], ("search", np.float32, (1, 3), {"threads": 1}))

    def test_a_batch_keeps_its_results(self):
        self.algorithm.fit(np.zeros((4, 3)))
        self.assertIsNone(self.algorithm.batch_query(np.zeros((5, 3)), 2))
        self.assertEqual(self.algorithm.get_batch_results().tolist(), [[0, 1]] * 5)
        self.assertEqual(Index.calls[-1], ("search", np.float32, (5, 3), {}))

    def test_query_arguments_are_used_and_named(self):
        self.assertEqual(str(self.algorithm), "anear(flat)")
        self.algorithm.fit(np.zeros((4, 3)))
        self.algorithm.set_query_arguments(64)
        self.algorithm.query(np.zeros(3), 2)
        self.assertEqual(Index.calls[-1][-1], {"threads": 1, "effort": 64})
        self.assertEqual(str(self.algorithm), "anear(flat, effort=64)")

    def test_an_unknown_metric_is_refused(self):
        with self.assertRaises(NotImplementedError):
            load().Anear("jaccard", "flat")


if __name__ == "__main__":
    unittest.main()
