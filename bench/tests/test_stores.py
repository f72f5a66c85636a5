"""Every store whose library is there: rows added at once and one by one are found, with and without conditions."""

import tempfile
import unittest

import numpy as np

import stores
from harness.collection import data
from harness.collection.answers import Answers
from stores.store import COLUMNS, Document, Pages, condition, sql

ROWS, DIM, K = 2_000, 24, 10
RANDOM = np.random.default_rng(5)
VECTORS = data.grown(RANDOM.standard_normal((ROWS // 2, DIM), dtype=np.float32), ROWS)
QUERIES = RANDOM.standard_normal((20, DIM), dtype=np.float32)
METADATA, CONDITIONS = data.metadata(ROWS), data.conditions(ROWS)
ADDED_AT_ONCE = ROWS - 5
NEARLY_ALL = 0.97


class StoreTest(unittest.TestCase):
    def each(self, check):
        for name in stores.STORES:
            with self.subTest(store=name):
                adapter = stores.adapter(name)
                try:
                    adapter(2)
                except (ImportError, AttributeError) as error:
                    self.skipTest(f"not there: {error}")
                for setting in adapter.settings:
                    with tempfile.TemporaryDirectory() as folder:
                        check(adapter(2), folder, setting)

    def test_what_is_added_is_found_after_opening_again(self):
        answers = Answers(VECTORS, QUERIES, METADATA, CONDITIONS)

        def check(store, folder, setting):
            self.fill(store, folder, setting)
            store.open(folder)
            if store.build_indexes:
                store.build_indexes()
            for scenario, conditions in CONDITIONS.items():
                recalls = []
                for way in store.ways(condition(conditions[0])):
                    search = store.searcher(K, **way)
                    found = [self.ids(store, search(query, condition(where))) for query, where in zip(QUERIES, conditions)]
                    recalls.append(answers.recall(scenario, 0, np.array(found)))
                self.assertGreater(max(recalls), NEARLY_ALL, scenario)
            store.close()

        self.each(check)

    def fill(self, store, folder, setting):
        """Most rows at once, the others one by one by the store opened again."""
        some = {name: values[:ADDED_AT_ONCE] for name, values in METADATA.items()}
        store.create(folder, DIM, **setting)
        store.add(VECTORS[:ADDED_AT_ONCE], list(range(ADDED_AT_ONCE)), some)
        store.close()
        store.open(folder, **setting)
        for id in range(ADDED_AT_ONCE, ROWS):
            store.add_one(VECTORS[id], id, tuple(METADATA[name][id] for name in COLUMNS))
        store.close()

    def ids(self, store, answer):
        """The ids of an answer, filled up to K, once its metadata is found to be that of the rows."""
        rows = store.rows(answer)
        for id, *values in rows:
            self.assertEqual(values, [METADATA[name][id] for name in COLUMNS])
        return [int(row[0]) for row in rows] + [-1] * (K - len(rows))


class ConditionTest(unittest.TestCase):
    def test_conditions_survive_json(self):
        self.assertEqual(condition([3, 5]), Pages(3, 5))
        self.assertEqual(condition("a.pdf"), Document("a.pdf"))
        self.assertIsNone(condition(None))

    def test_sql_has_a_parameter_for_each_mark(self):
        for given in (Pages(3, 5), Document("a.pdf")):
            where, parameters = sql(given)
            self.assertEqual(where.count("?"), len(parameters))


if __name__ == "__main__":
    unittest.main()
