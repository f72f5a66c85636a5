"""Turns, goals, verdicts and tables, without any library but NumPy."""

import contextlib
import io
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np

from harness import driver, machine, markdown, places, scenarios, workers
from harness.datasets import DataSet, from_hdf5
from harness.race import race
from harness.scenarios import PLAIN, PREFILTER, Scenario
from harness.tables import Table
from harness.verdicts import verdict

DATA = DataSet("test", "l2", np.zeros((1000, 100), np.float32), np.zeros((1, 100), np.float32), None)
LIMITS = {"read_bytes_per_second": {"1": 4e9}, "flops_per_second": {"1": 2e10}}


class TurnsTest(unittest.TestCase):
    def test_each_run_begins_with_another(self):
        order = []
        contenders = [lambda name=name: order.append(name) or len(order) for name in "abc"]
        seconds = workers.take_turns(contenders, 3)
        self.assertEqual("".join(order), "abcbcacab")
        self.assertEqual(seconds, [[1, 6, 8], [2, 4, 9], [3, 5, 7]])

    def test_a_worker_that_dies_fails_alone(self):
        dying = workers.Worker("dying", [sys.executable, "-c", "input()"], workers.environment(1))
        answering = workers.Worker(
            "answering", [sys.executable, "-c", "while True: input(); print('{\"seconds\": 2}', flush=True)"],
            {**workers.environment(1), "PYTHONUNBUFFERED": "1"})

        class Contender:
            def __init__(self, worker):
                self.worker = worker

        taken = race([(Contender(dying), {}), (Contender(answering), {})], 3, 0)
        self.assertEqual(taken[0], {"failed": "ended with status 0"})
        self.assertEqual(taken[1], {"seconds": 2, "median_seconds": 2, "runs": 3})
        dying.close()
        answering.process.kill()
        answering.close()

    def test_a_worker_that_never_was(self):
        gone = workers.Worker("gone", [sys.executable, "-c", ""], workers.environment(1))
        gone.process.wait()
        for _ in range(2):
            with self.assertRaises(workers.WorkerFailure):
                gone.ask({"do": "x" * 100_000})
        gone.close()

    def test_no_worker_is_told_to_use_old_kernels(self):
        found = subprocess.run(
            [sys.executable, "-c", "import sys; sys.path.insert(0, sys.argv[1]); from harness import workers;"
             " print(sorted(workers.environment(2)))", str(places.BENCH)],
            env={"OPENBLAS_CORETYPE": "Haswell", "OPENBLAS_L2_SIZE": "512", "KEPT": ""}, capture_output=True, text=True)
        self.assertNotIn("OPENBLAS_CORETYPE", found.stdout)
        self.assertNotIn("OPENBLAS_L2_SIZE", found.stdout)
        self.assertIn("KEPT", found.stdout)


class ScenarioTest(unittest.TestCase):
    def test_only_batches_that_the_queries_fill(self):
        self.assertEqual({scenario.batch for scenario in scenarios.every(130)}, {1, 8, 32, 128})
        self.assertEqual({scenario.batch for scenario in scenarios.every(1)}, {1})
        self.assertEqual({scenario.batch for scenario in scenarios.few(31)}, {1})

    def test_whole_batches_of_at_least_a_hundred_queries(self):
        for batch, available, queries in ((1, 1000, 100), (1, 7, 7), (32, 1000, 128), (32, 70, 64), (1000, 1000, 1000)):
            self.assertEqual(Scenario(batch, 1, 10).search(available)["queries"], queries)

    def test_goals(self):
        self.assertEqual(Scenario(1, 1, 10).wanted({}), {PLAIN: 1.1, PREFILTER: 3})
        self.assertEqual(Scenario(1, 2, 10).wanted({}), {PREFILTER: 4})
        self.assertEqual(Scenario(8, 2, 10).wanted({}), {PREFILTER: 4})
        self.assertEqual(Scenario(128, 2, 10).wanted({}), {PREFILTER: 8})
        self.assertEqual(Scenario(1000, 2, 10).wanted({}), {PLAIN: 1.3, PREFILTER: 2})
        self.assertEqual(Scenario(1, 2, 10, 1).wanted({}), {PREFILTER: 4})
        self.assertEqual(Scenario(1, 1, 100).wanted({PLAIN: 2}), {PLAIN: 1.6})

    def test_a_verdict(self):
        results = {
            PLAIN: {"seconds": 2e-4}, PREFILTER: {"seconds": 1e-4}, "FAISS": {"seconds": 3e-4},
            "FAISS tuned": {"seconds": 2e-4}, "NumPy": {"failed": "no memory"}, "usearch exact": {"not_there": "no wheel"},
        }
        said = verdict(Scenario(1, 1, 10), results, {}, DATA, LIMITS)
        self.assertAlmostEqual(said["faiss_ratio"][PLAIN], 1.5)
        self.assertEqual(said["reached"], {PLAIN: True, PREFILTER: said["faiss_ratio"][PREFILTER] >= 3})
        self.assertEqual(said["best_peer"], "FAISS tuned")
        self.assertAlmostEqual(said["peer_ratio"][PREFILTER], 2)
        self.assertEqual(said["limit_share"]["of"], "read")
        self.assertAlmostEqual(said["limit_share"]["share"], 0.5)

    def test_a_verdict_without_us_or_without_faiss(self):
        alone = verdict(Scenario(8, 2, 10), {"NumPy": {"seconds": 1}}, {}, DATA, None)
        self.assertEqual((alone["faiss_ratio"], alone["peer_ratio"], alone["reached"]), ({}, {}, {}))
        ours = verdict(Scenario(8, 2, 10), {PREFILTER: {"seconds": 1}}, {}, DATA, None)
        self.assertEqual((ours["faiss_ratio"], ours["best_peer"], ours["reached"]), ({}, None, {}))

    def test_machine_limits_that_cannot_be(self):
        with self.assertRaises(ValueError):
            machine.checked({"lanes": 16, "flops_per_second": {"1": 3e9}})


class ReportTest(unittest.TestCase):
    def test_a_section_is_replaced_and_the_other_kept(self):
        with contextlib.redirect_stdout(io.StringIO()):
            table = Table([("name", 6), ("value", 6)])
            table.add(["one", "1"])
        report = {"date": "2026-01-01", "machine": "m", "python": "3.11", "quick": False, "runs": 1,
                  "limits": None, "limits_not_there": "no rustc"}
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "out.md"
            markdown.write(path, {**report, "suite": "approximate"}, ["curves"], [("set", [table])])
            markdown.write(path, {**report, "suite": "exact"}, ["old"], [("set", [table])])
            markdown.write(path, {**report, "suite": "exact"}, ["new"], [("set", [table])])
            text = path.read_text(encoding="utf-8")
        self.assertEqual(text.count("## Exact search"), 1)
        self.assertEqual(text.count("| one | 1 |"), 2)
        self.assertLess(text.index("## Exact search"), text.index("## Approximate search"))
        self.assertIn("new", text)
        self.assertNotIn("old", text)
        self.assertIn("curves", text)

    def test_rows_of_one_name_come_together(self):
        with contextlib.redirect_stdout(io.StringIO()):
            table = Table([("name", 4), ("value", 4)])
            for cells in (["b", "1"], ["a", "1"], ["b", "2"]):
                table.add(cells)
        table.group_by_first()
        self.assertEqual(table.rows, [["b", "1"], ["b", "2"], ["a", "1"]])


    def test_an_answer_of_ours_that_is_not_exact_fails_the_run(self):
        scenario = {"name": "one", "results": {PLAIN: {"recall": 1.0}, "FAISS": {"recall": 0.9}, PREFILTER: {"failed": "x"}}}
        self.assertEqual(driver.failed({"data_sets": [{"name": "set", "scenarios": [scenario]}]}), 0)
        scenario["results"][PLAIN]["recall"] = 0.999999
        with contextlib.redirect_stderr(io.StringIO()) as said:
            self.assertEqual(driver.failed({"data_sets": [{"name": "set", "scenarios": [scenario]}]}), 1)
        self.assertIn("anear plain: recall 0.999999", said.getvalue())


class DataSetTest(unittest.TestCase):
    def test_neighbors_stay_only_with_all_rows(self):
        data = DATA._replace(neighbors=np.zeros((1, 100), np.int32))
        self.assertIsNotNone(data.cut(None, 1).neighbors)
        self.assertIsNone(data.cut(999, None).neighbors)

    def test_ann_benchmarks_files(self):
        try:
            import h5py  # noqa: F401
        except ImportError:
            self.skipTest("h5py is not there")
        for name, metric in (("angular", "cosine"), ("euclidean", "l2")):
            data = from_hdf5(places.PROJECT / "testdata" / "fixtures" / "hdf5" / f"ann_benchmarks_{name}.hdf5")
            self.assertEqual((data.metric, data.base.shape, data.neighbors.shape), (metric, (300, 24), (8, 100)))


if __name__ == "__main__":
    unittest.main()
