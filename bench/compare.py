"""Times anear beside NumPy, h5py, torch and sqlite3 + pickle, and writes docs/benchmarks.md.

    python3 bench/compare.py            # some minutes, 2 GB of disk below target/bench

Both sides run as processes that stay alive, take turns (one run of each, again and again), read
files that are warm in memory, and use two threads. The best of the runs counts for each.
"""

import argparse
import datetime
import json
import sqlite3
import subprocess
import sys
from pathlib import Path

from harness import machine, workers
from harness.workers import Worker, WorkerFailure, take_turns

PROJECT = Path(__file__).resolve().parent.parent
DATA = PROJECT / "target" / "bench"
PEERS = PROJECT / "target" / "peers"
THREADS = 2


def race(ours, our_request, theirs, their_request, runs):
    """The best time of each side, taking turns."""
    sides = [lambda: ours.seconds({**our_request, "threads": THREADS}), lambda: theirs.seconds(their_request)]
    return [min(seconds) for seconds in take_turns(sides, runs)]


def environment():
    """The virtual environment that the tests use too."""
    python = PEERS / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", PEERS], check=True)
    requirements = PROJECT / "crates/cli/tests/peers/requirements.txt"
    subprocess.run([python, "-m", "pip", "-q", "install", "-r", requirements], check=True)
    return python


def torch_python(python):
    for candidate in (python, "python3", "/usr/bin/python3"):
        probe = [candidate, "-c", "import torch, numpy; print(torch.__version__)"]
        found = subprocess.run(probe, capture_output=True, text=True, check=False)
        if found.returncode == 0:
            return candidate, found.stdout.strip()
    return None, None


MAKE_DATA = '''
import sys, pickle, sqlite3
from pathlib import Path
import numpy as np, h5py
place = Path(sys.argv[1])
random = np.random.default_rng(1)
vectors = random.standard_normal((400_000, 384), dtype="f4")
for name, rows in (("1k", 4), ("1m", 700), ("40m", 26_000), ("600m", 400_000)):
    np.save(place / f"x-{name}.npy", vectors[:rows])
np.save(place / "base.npy", vectors[:200_000])
np.save(place / "some.npy", vectors[:100_000])
for count in (1, 100):
    np.save(place / f"q-{count}.npy", random.standard_normal((count, 384), dtype="f4"))
# Half precision values in single precision, so that gzip has something to find, as in real files.
compressible = vectors[:200_000].astype("f2").astype("f4")
for name, chunks, shuffle in (("auto", True, False), ("auto-shuffle", True, True), ("rows", (512, 384), False)):
    with h5py.File(place / f"gzip-{name}.h5", "w") as file:
        file.create_dataset("embeddings", data=compressible, compression="gzip", chunks=chunks, shuffle=shuffle)
database = sqlite3.connect(place / "pickled.db")
database.execute("CREATE TABLE Embeddings (id INTEGER PRIMARY KEY AUTOINCREMENT, file_name TEXT, page_num INTEGER, embedding BLOB)")
database.executemany("INSERT INTO Embeddings (file_name, page_num, embedding) VALUES (?, ?, ?)",
    ((f"paper-{i // 20}.pdf", i % 20, pickle.dumps(vectors[i])) for i in range(100_000)))
database.commit()
'''
MAKE_TENSORS = '''
import sys
from pathlib import Path
import numpy as np, torch
place = Path(sys.argv[1])
for name in ("1k", "1m", "40m", "600m"):
    torch.save(torch.from_numpy(np.load(place / f"x-{name}.npy")), place / f"x-{name}.pt")
'''


def make_data(python, torch):
    if not (DATA / "done").exists():
        DATA.mkdir(parents=True, exist_ok=True)
        for old in DATA.iterdir():
            old.unlink()
        subprocess.run([python, "-c", MAKE_DATA, DATA], check=True)
        if torch:
            subprocess.run([torch, "-c", MAKE_TENSORS, DATA], check=True)
        (DATA / "done").touch()
    for file in DATA.iterdir():
        file.read_bytes()  # warm


def races(ours, numpy, torch, runs):
    """Every comparison: what is done, the rival, both times, and what we want at least."""
    file = lambda name: str(DATA / name)
    for count in (1, 100):
        search = {"do": "search", "path": file("base.npy"), "queries": file(f"q-{count}.npy"), "metric": "ip"}
        what = f"open a 200,000 x 384 `.npy` and find the 10 nearest of {count} quer{'y' if count == 1 else 'ies'}"
        for mapped in (False, True):
            scan = {"do": "scan", "path": file("base.npy"), "queries": search["queries"], "mapped": mapped}
            rival = f"NumPy load{' (mmap)' if mapped else ''}, matmul, argpartition"
            yield what, rival, race(ours, search, numpy, scan, runs), None
    for name, layout in (("auto", "chunks chosen by h5py"), ("auto-shuffle", "the same with shuffle"), ("rows", "chunks of 512 rows")):
        path = file(f"gzip-{name}.h5")
        pair = race(ours, {"do": "read", "path": path}, numpy, {"do": "read_hdf5", "path": path}, max(3, runs // 3))
        yield f"read a gzip HDF5 of 200,000 x 384, {layout}", "h5py", pair, 3
    for size in ("1k", "1m", "40m", "600m"):
        path = file(f"x-{size}.npy")
        pair = race(ours, {"do": "open", "path": path}, numpy, {"do": "open_npy", "path": path}, runs)
        yield f"open `.npy` of {size}B", "np.load", pair, 1
        pair = race(ours, {"do": "open", "path": path}, numpy, {"do": "open_npy_mapped", "path": path}, runs)
        yield f"open `.npy` of {size}B", "np.load, mmap_mode='r'", pair, 1
        pair = race(ours, {"do": "read", "path": path}, numpy, {"do": "open_npy", "path": path}, runs)
        yield f"open `.npy` of {size}B and copy it to memory", "np.load", pair, 1
    if torch:
        for size in ("1k", "1m", "40m", "600m"):
            path = file(f"x-{size}.pt")
            pair = race(ours, {"do": "open", "path": path}, torch, {"do": "open_torch", "path": path}, runs)
            yield f"open `.pt` of {size}B", "torch.load", pair, 1
            pair = race(ours, {"do": "read", "path": path}, torch, {"do": "open_torch", "path": path}, runs)
            yield f"open `.pt` of {size}B and copy it to memory", "torch.load", pair, 1
    path = file("pickled.db")
    pair = race(ours, {"do": "read", "path": path}, numpy, {"do": "read_sqlite", "path": path}, runs)
    yield "read 100,000 pickled rows of 384 from SQLite", "sqlite3 + pickle", pair, 10
    for pickled in (False, True):
        ours_out, theirs_out = file("ours.db"), file("theirs.db")
        write = {"do": "write", "path": file("some.npy"), "output": ours_out, "pickle": pickled}
        their_write = {"do": "write_sqlite", "path": file("some.npy"), "output": theirs_out, "pickle": pickled}
        pair = race(ours, write, numpy, their_write, max(3, runs // 3))
        how = "pickled" if pickled else "raw"
        yield f"write 100,000 rows of 384 to SQLite, {how}", f"sqlite3 executemany, {how}", pair, 3


def milliseconds(seconds):
    return f"{seconds * 1000:.3g} ms" if seconds < 1 else f"{seconds:.2f} s"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=9, help="runs of each side of a comparison")
    parser.add_argument("--output", type=Path, default=PROJECT / "docs" / "benchmarks.md")
    arguments = parser.parse_args()
    python = environment()
    torch, torch_version = torch_python(python)
    make_data(python, torch)
    subprocess.run(["cargo", "build", "--release", "-p", "anear-bench"], cwd=PROJECT, check=True)
    worker = Path(__file__).with_name("peer.py")
    surroundings = workers.environment(THREADS)
    ours = Worker("anear", [PROJECT / "target/release/anear-bench"], surroundings)
    numpy = Worker("numpy", [python, worker], surroundings)
    torch_worker = Worker("torch", [torch, worker], surroundings) if torch else None
    versions = subprocess.run(
        [python, "-c", "import numpy, h5py; print(f'NumPy {numpy.__version__}, h5py {h5py.__version__}')"],
        capture_output=True, text=True, check=True).stdout.strip()
    lines = [
        "# Benchmarks", "",
        "Made by `python3 bench/compare.py`; see there how. Both sides take turns in one run, two threads,",
        "files warm, the best of the runs. \"wanted\" is what we aim for.", "",
        f"{datetime.date.today()}, {machine.describe()}; {versions}, torch {torch_version or 'not there'}, SQLite {sqlite3.sqlite_version} (Python's).", "",
        "| what | anear | rival | its time | times as fast | wanted |", "| --- | --- | --- | --- | --- | --- |",
    ]
    for what, rival, (our_time, their_time), wanted in races(ours, numpy, torch_worker, arguments.runs):
        ratio = their_time / our_time
        lines.append(f"| {what} | {milliseconds(our_time)} | {rival} | {milliseconds(their_time)} "
                     f"| {ratio:.3g} | {wanted or ''} |")
        print(lines[-1], flush=True)
    arguments.output.parent.mkdir(exist_ok=True)
    arguments.output.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    try:
        main()
    except WorkerFailure as failure:
        sys.exit(str(failure))
