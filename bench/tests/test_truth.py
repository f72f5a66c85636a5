"""The truth and the recall, on rows where they are known."""

import unittest

import numpy as np

from harness import truth
from harness.datasets import DataSet
from harness.truth import Truth

LINE = np.arange(10, dtype=np.float32)[:, None]


def data(base, queries, metric="l2", neighbors=None):
    return DataSet("test", metric, np.float32(base), np.float32(queries), neighbors)


class TruthTest(unittest.TestCase):
    def test_nearest_by_distance_then_by_row(self):
        found = truth.find(data([[2], [0], [2], [1], [2]], [[2], [0]]), 3)
        self.assertEqual(found.rows.tolist(), [[0, 2, 4], [1, 3, 0]])

    def test_every_metric_against_a_plain_sort(self):
        random = np.random.default_rng(3)
        base, queries = random.standard_normal((300, 7)), random.standard_normal((5, 7))
        for metric in ("l2", "cosine", "ip"):
            given = data(base, queries, metric)
            for query, rows in zip(given.queries, truth.find(given, 20).rows):
                expected = np.argsort(truth.distances(metric, given.base, query), kind="stable")[:20]
                self.assertEqual(rows.tolist(), expected.tolist(), metric)

    def test_rows_too_alike_for_a_block_product_are_told_apart(self):
        base = np.full((50, 4), 1e4, dtype=np.float32)
        base[31, 0] = np.nextafter(np.float32(1e4), np.float32(0))
        found = truth.find(data(base, [[0, 0, 0, 0]]), 2)
        self.assertEqual(found.rows.tolist(), [[31, 0]])

    def test_a_filter_leaves_only_its_rows(self):
        found = truth.find(data(LINE, [[0]]), 3, np.array([4, 7, 9]))
        self.assertEqual(found.rows.tolist(), [[4, 7, 9]])
        self.assertEqual(found.recall(np.array([[0, 4, 7]]), 3), (2 / 3, 2 / 3))

    def test_fewer_rows_than_k(self):
        found = truth.find(data(LINE, [[0]]), 100)
        self.assertEqual(found.recall(np.arange(10)[None], 100), (1, 1))
        self.assertEqual(found.recall(np.r_[np.arange(9), -1][None], 100), (0.9, 0.9))

    def test_a_tie_counts_by_distance_but_not_by_row(self):
        found = truth.find(data([[1], [1], [1], [5]], [[1]]), 2)
        self.assertEqual(found.recall(np.array([[2, 0]]), 2), (1, 0.5))
        self.assertEqual(found.recall(np.array([[3, 0]]), 2), (0.5, 0.5))

    def test_a_row_found_twice_counts_once(self):
        found = truth.find(data(LINE, [[0]]), 2)
        self.assertEqual(found.recall(np.array([[0, 0]]), 2), (0.5, 0.5))

    def test_stored_neighbors_are_believed_only_when_right(self):
        right, wrong = np.array([[0, 1]]), np.array([[1, 2]])
        self.assertIs(truth.find(data(LINE, [[0]], neighbors=right), 2).rows.base, right)
        self.assertEqual(truth.find(data(LINE, [[0]], neighbors=wrong), 2).rows.tolist(), [[0, 1]])

    def test_a_row_of_zeros_has_cosine_distance_one(self):
        self.assertEqual(truth.distances("cosine", np.float32([[0, 0], [2, 0]]), np.float32([1, 0])).tolist(), [1, 0])


if __name__ == "__main__":
    unittest.main()
