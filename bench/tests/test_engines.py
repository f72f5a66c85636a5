"""Every adapter whose library is there, beside the truth."""

import unittest

import numpy as np

import engines
from engines.engine import mask
from harness import truth
from harness.datasets import DataSet

RANDOM = np.random.default_rng(5)
BASE = RANDOM.standard_normal((700, 24), dtype=np.float32)
QUERIES = RANDOM.standard_normal((9, 24), dtype=np.float32)
FILTER = np.sort(RANDOM.choice(len(BASE), 60, replace=False))


class EngineTest(unittest.TestCase):
    def each(self, check):
        """Runs the check with every engine that is there and every metric."""
        for name in engines.ENGINES:
            for metric in ("l2", "cosine", "ip"):
                with self.subTest(engine=name, metric=metric):
                    try:
                        engine = engines.adapter(name)(BASE, QUERIES, metric)
                    except ImportError as error:
                        self.skipTest(f"not there: {error}")
                    engine.queries = np.ascontiguousarray(engine.queries)
                    check(engine, DataSet("test", metric, BASE, QUERIES, None))

    def found(self, engine, data, search, filter=None):
        """The recall of all queries at once and of one alone, whichever is lower."""
        recalls = []
        for queries in (engine.queries, engine.queries[:1]):
            rows = search(queries)
            self.assertEqual(rows.shape, (len(queries), 10))
            recalls.append(truth.find(data, 10, filter).recall(rows, 10)[0])
        return min(recalls)

    def test_exact_searches_are_exact(self):
        def check(engine, data):
            for parameters in engine.exact.values():
                index = engine.build(2, **parameters)
                for tuning in engine.tuned or ({},):
                    search = engine.searcher(index, 10, 2, **tuning)
                    self.assertEqual(self.found(engine, data, search), 1)

        self.each(check)

    def test_filters_let_only_their_rows_pass(self):
        def check(engine, data):
            for parameters in engine.exact.values():
                index = engine.build(1, **parameters)
                for how in engine.filters:
                    search = engine.searcher(index, 10, 1, filter=FILTER, how=how)
                    self.assertEqual(self.found(engine, data, search, FILTER), 1, how)

        self.each(check)

    def test_the_finest_search_of_every_curve_finds_most(self):
        def check(engine, data):
            for curve in engine.curves(len(BASE)):
                index = engine.build(1, **curve.build)
                for threads in (1, 2):
                    search = engine.searcher(index, 10, threads, **curve.searches[-1])
                    self.assertGreater(self.found(engine, data, search), 0.6, curve.label)

        self.each(check)

    def test_a_mask_is_true_for_the_rows_of_the_filter(self):
        self.assertEqual(np.flatnonzero(mask(len(BASE), FILTER)).tolist(), FILTER.tolist())


if __name__ == "__main__":
    unittest.main()
