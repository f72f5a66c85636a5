"""The parts of the benchmark of collections."""

import os
import tempfile
import unittest
from pathlib import Path

import numpy as np

from harness.collection import data, disk, report, turns
from harness.collection.answers import Answers
from harness.workers import WorkerFailure
from stores import worker

ROWS = 3_000


class DataTest(unittest.TestCase):
    def test_rows_beyond_the_data_are_near_it_and_no_copies(self):
        base = np.random.default_rng(1).standard_normal((50, 16), dtype=np.float32)
        base /= np.linalg.norm(base, axis=1, keepdims=True)
        vectors = data.grown(base, 120)
        self.assertEqual(vectors.shape, (120, 16))
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-6)
        self.assertEqual(len(np.unique(vectors, axis=0)), 120)
        nearest = (vectors[50:100] @ vectors[:50].T).argmax(axis=1)
        self.assertGreater((nearest == np.arange(50)).mean(), 0.9)

    def test_fewer_rows_are_the_first(self):
        base = np.eye(8, dtype=np.float32)
        np.testing.assert_array_equal(data.grown(base, 3), base[:3])

    def test_conditions_differ_and_let_their_share_pass(self):
        metadata, conditions = data.metadata(ROWS), data.conditions(ROWS)
        pages, names = np.array(metadata["page_num"]), np.array(metadata["file_name"])
        shares = [((pages >= first) & (pages <= last)).mean() for first, last in conditions["10 %"]]
        self.assertAlmostEqual(np.mean(shares), 0.1, delta=0.01)
        self.assertTrue(all((names == name).sum() == ROWS // data.DOCUMENTS for name in conditions["0.1 %"]))
        for scenario in ("10 %", "0.1 %"):
            self.assertEqual(len({str(given) for given in conditions[scenario]}), data.DOCUMENTS)


class AnswersTest(unittest.TestCase):
    def setUp(self):
        random = np.random.default_rng(2)
        self.vectors = random.standard_normal((40, 6), dtype=np.float32)
        self.vectors[7] = self.vectors[5]
        metadata = {"file_name": ["a" if row < 10 else "b" for row in range(40)], "page_num": list(range(40))}
        conditions = {"all": [None], "name": ["a"], "pages": [[30, 31]]}
        self.answers = Answers(self.vectors, self.vectors[5:6], metadata, conditions)

    def test_either_of_equal_rows_will_do(self):
        for row in (5, 7):
            self.assertEqual(self.answers.recall("all", 0, np.array([[row]])), 1)
        self.assertEqual(self.answers.recall("all", 0, np.array([[6]])), 0)

    def test_rows_that_do_not_pass_do_not_count(self):
        order = np.argsort(-(self.answers.vectors[:10] @ self.answers.queries[0]))
        self.assertEqual(self.answers.recall("name", 0, order[None, :4]), 1)
        self.assertEqual(self.answers.recall("name", 0, np.array([[*order[:2], 20, -1]])), 0.5)

    def test_where_fewer_than_k_pass_all_of_them_are_wanted(self):
        self.assertEqual(self.answers.recall("pages", 0, np.array([[30, 31, -1, -1]])), 1)
        self.assertEqual(self.answers.recall("pages", 0, np.array([[30, -1, -1, -1]])), 0.5)

    def test_a_row_counts_once(self):
        self.assertEqual(self.answers.recall("pages", 0, np.array([[30, 30]])), 0.5)


class TurnsTest(unittest.TestCase):
    def setUp(self):
        settle = turns.SETTLE_SECONDS
        turns.SETTLE_SECONDS = 0
        self.addCleanup(setattr, turns, "SETTLE_SECONDS", settle)

    def test_each_run_begins_with_another_and_results_keep_what_they_are_about(self):
        order = []

        def turn(label):
            return lambda run: order.append(label) or {"seconds": run}

        found = turns.race([turns.Try(label, {"way": label}, turn(label)) for label in "abc"], 2)
        self.assertEqual("".join(order), "abcbca")
        self.assertEqual(found["b"], [{"way": "b", "seconds": 0}, {"way": "b", "seconds": 1}])

    def test_a_failure_ends_the_turns_of_its_label_alone(self):
        def failing(_):
            raise WorkerFailure("a", {}, "full")

        found = turns.race([turns.Try("a", {}, failing), turns.Try("b", {}, lambda run: {"seconds": run})], 3)
        self.assertEqual(found["a"], {"failed": "full"})
        self.assertEqual(len(found["b"]), 3)
        self.assertTrue(turns.failed(found["a"]) and not turns.failed(found["b"]))

    def test_who_has_used_up_its_time_has_no_further_turn(self):
        limit = turns.SECONDS_AT_MOST
        turns.SECONDS_AT_MOST = 0
        self.addCleanup(setattr, turns, "SECONDS_AT_MOST", limit)
        self.assertEqual(turns.race([turns.Try("a", {}, lambda run: {"seconds": run})], 3)["a"], [{"seconds": 0}])


class ReportTest(unittest.TestCase):
    ROW = report.Row("bulk", "add", "seconds", str, 2)

    def verdict(self, **seconds):
        return report.verdict(self.ROW, {"add": {label: found for label, found in seconds.items()}})

    def test_the_best_rival_is_divided_by_ours(self):
        said = self.verdict(anear={"seconds": 1}, slow={"seconds": 9}, fast={"seconds": 3}, broken={"failed": "full"})
        self.assertEqual(said, {"rival": "fast", "ratio": 3, "goal": 2, "reached": True})
        self.assertFalse(self.verdict(anear={"seconds": 2}, fast={"seconds": 3})["reached"])

    def test_without_ours_or_a_rival_nothing_is_said(self):
        self.assertIsNone(self.verdict(fast={"seconds": 3}))
        self.assertIsNone(self.verdict(anear={"seconds": 3}))
        self.assertIsNone(self.verdict(anear={"failed": "full"}, fast={"seconds": 3}))


class FilesTest(unittest.TestCase):
    def test_only_what_changed_is_synced(self):
        with tempfile.TemporaryDirectory() as folder:
            old, new = Path(folder, "old"), Path(folder, "inner", "new")
            new.parent.mkdir()
            old.write_bytes(b"12345")
            os.utime(old, ns=(1, 1))
            new.write_bytes(b"123")
            self.assertNotIn(str(old), worker.changed(folder, 10**12))
            self.assertIn(str(new), worker.changed(folder, 10**12))
            self.assertIn(str(old), worker.changed(folder, 0))
            worker.sync(worker.changed(folder, 0))
            self.assertEqual(disk.size(folder)["bytes"], 8)


if __name__ == "__main__":
    unittest.main()
