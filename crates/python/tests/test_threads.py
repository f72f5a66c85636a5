"""The interpreter lock, and Ctrl-C."""

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import anear
import numpy as np
import pytest


def test_many_threads_find_the_same(x, rng):
    index = anear.Index.build(x, metric="l2")
    queries = rng.random((10, 40, 24), dtype=np.float32)
    expected = [index.search(q, 5, threads=1) for q in queries]
    with ThreadPoolExecutor(10) as pool:
        for _ in range(5):
            found = list(pool.map(lambda q: index.search(q, 5, threads=2), queries))
            for one, other in zip(found, expected, strict=True):
                np.testing.assert_array_equal(one, other)


def test_changes_wait_for_searches(x, q):
    index = anear.Index.build(x, metric="l2")

    def change(first):
        for row in range(first, 200, 4):
            index.remove([row])
            index.add(x[row : row + 1])

    with ThreadPoolExecutor(8) as pool:
        searches = [pool.submit(index.search, q, 5) for _ in range(200)]
        changes = [pool.submit(change, first) for first in range(4)]
        for job in (*searches, *changes):
            assert job.result(timeout=60) is None or (job.result()[1] >= 0).all()
    assert len(index) == 200 and set(index.ids) == set(range(200, 400))


def test_one_file_in_many_threads():
    v = anear.open("examples/data/food.db")
    rows = v.numpy()
    with ThreadPoolExecutor(8) as pool:
        for row, found in enumerate(pool.map(lambda row: v[row], range(60))):
            np.testing.assert_array_equal(found, rows[row])
        answers = pool.map(lambda row: anear.search(v, rows[row], k=1)[1], range(20))
        assert all(rows[int(found[0, 0])].tobytes() == rows[row].tobytes()
                   for row, found in enumerate(answers))


def test_other_threads_run_during_a_search(rng):
    x = rng.random((20_000, 64), dtype=np.float32)
    q = rng.random((400, 64), dtype=np.float32)
    index = anear.Index.build(x, metric="manhattan")
    ticks, done = [], threading.Event()

    def tick():
        while not done.wait(0.001):
            ticks.append(time.perf_counter())

    ticker = threading.Thread(target=tick)
    ticker.start()
    begun = time.perf_counter()
    index.search(q, 5, threads=1)
    ended = time.perf_counter()
    done.set()
    ticker.join()
    during = sum(begun < moment < ended for moment in ticks)
    assert during > 3, f"{during} ticks in {ended - begun:.3f} s"


LONG = {
    "arrays": "anear.search(x, x, k=5, metric='manhattan')",
    "an index": "anear.Index.build(x, metric='manhattan').search(x, 5)",
    "a file that is streamed": "anear.search('x.jsonl', x, k=5, metric='manhattan')",
}


@pytest.mark.skipif(os.name != "posix", reason="signals are sent the POSIX way")
@pytest.mark.parametrize("what", LONG)
def test_ctrl_c_stops_a_long_search(tmp_path, what):
    script = f"""
import anear, numpy as np, signal, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever this process was told to ignore
x = np.random.default_rng(1).random((60_000, 48), dtype=np.float32)
if "x.jsonl" in {LONG[what]!r}:
    anear.save("x.jsonl", x)
print("begun", flush=True)
try:
    {LONG[what]}
except KeyboardInterrupt:
    print("stopped", time.time(), flush=True)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=tmp_path
    )
    assert process.stdout.readline() == "begun\n"
    time.sleep(0.5)
    assert process.poll() is None, "the search is long enough"
    sent = time.time()
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    word, moment = said.split()
    assert word == "stopped"
    print(f"{what}: stopped after {float(moment) - sent:.3f} s")
    assert float(moment) - sent < 5  # about 0.1 s on an idle machine with a release build


def test_handlers_of_other_signals_run(rng):
    class Stop(Exception):
        pass

    def stop(*_):
        raise Stop

    x = rng.random((60_000, 48), dtype=np.float32)
    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with pytest.raises(Stop):
            anear.search(x, x, k=5, metric="manhattan")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
