"""A whole run: for each data set and kind of index a file, the answers, then the searches in turns."""

import datetime
import json
import platform
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from harness import datasets, machine, places, workers
from harness.indexes import report

LIBRARIES = ("faiss", "anear")
K = 10
THREADS = (1, 2)
SECONDS_AT_LEAST = 0.05
# The labels, and the distances, that have to be the same: a query rounded to four bits (RaBitQ) may be rounded
# to another side, and a graph whose distances are whole numbers is walked another way at a tie.
SAME = 0.99
ROUNDING = 1e-4


class Kind(NamedTuple):
    """A kind of index: how it is made and searched, and how many times FAISS's speed is the goal."""

    name: str
    factory: str
    set: dict
    goal: float


def kinds(rows, dim):
    """The kinds that are measured, with parts of four components and a list for 200 rows."""
    parts, lists = dim // 8, max(4, rows // 200)
    probes = {"nprobe": 8}
    ivf = f"IVF{lists}"
    return [
        Kind("Flat", "Flat", {}, 1.5),
        Kind("SQ8", "SQ8", {}, 1),
        Kind("SQ6", "SQ6", {}, 1),
        Kind("SQ4", "SQ4", {}, 1),
        Kind("fp16", "SQfp16", {}, 1),
        Kind("bf16", "SQbf16", {}, 1),
        Kind("PQ", f"PQ{parts}", {}, 1),
        Kind("PQ fast scan", f"PQ{2 * parts}x4fs", {}, 1.2),
        Kind("LSH", "LSH256", {}, 1),
        Kind("RaBitQ", "RaBitQ", {}, 1),
        Kind("RaBitQ, 2 bits", "RaBitQ2", {}, 1),
        Kind("RaBitQ fast scan", "RaBitQfs", {}, 1.2),
        Kind("RaBitQ fast scan, 2 bits", "RaBitQfs2", {}, 1.2),
        Kind("IVF Flat", f"{ivf},Flat", probes, 1.5),
        Kind("IVF SQ8", f"{ivf},SQ8", probes, 1),
        Kind("IVF PQ", f"{ivf},PQ{parts}", probes, 1.2),
        Kind("IVF PQ fast scan", f"{ivf},PQ{2 * parts}x4fs", probes, 1.2),
        Kind("IVF RaBitQ", f"{ivf},RaBitQ", probes, 1),
        Kind("IVF RaBitQ fast scan", f"{ivf},RaBitQfs", probes, 1.2),
        Kind("IVF RaBitQ fast scan, 2 bits", f"{ivf},RaBitQfs2", probes, 1.2),
        Kind("PCA and IVF SQ8", f"PCA{dim // 4},{ivf},SQ8", probes, 1),
        Kind("refined IVF PQ fast scan", f"{ivf},PQ{2 * parts}x4fs,RFlat", probes, 1.2),
        Kind("HNSW Flat", "HNSW32", {"hnsw.efSearch": 64}, 1.5),
        Kind("HNSW SQ8", "HNSW32_SQ8", {"hnsw.efSearch": 64}, 1),
        Kind("HNSW PQ", f"HNSW32_PQ{parts}", {"hnsw.efSearch": 64}, 1),
        Kind("binary Flat", "BFlat", {}, 1),
        Kind("binary IVF", f"BIVF{lists}", probes, 1),
        Kind("binary HNSW", "BHNSW32", {"hnsw.efSearch": 64}, 1),
    ]


def main(arguments):
    """Runs it; gives the exit status."""
    sources = datasets.find(arguments.data) if arguments.data else [datasets.glosses]
    made = {
        "date": str(datetime.date.today()), "machine": machine.describe(), "python": platform.python_version(),
        "runs": arguments.runs, "sets": [],
    }
    places.WORK.mkdir(parents=True, exist_ok=True)
    for source in sources:
        with tempfile.TemporaryDirectory(dir=places.WORK) as folder:
            made["sets"].append(one_set(source().cut(arguments.rows, arguments.queries), Path(folder), arguments))
    tables = [(found["title"], report.table(found)) for found in made["sets"]]
    if arguments.json:
        arguments.json.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    if arguments.markdown:
        arguments.markdown.write_text(report.document(made, tables), encoding="utf-8")
    different = [f"{found['title']}: {what}" for found in made["sets"] for what in found["different"]]
    for what in different:
        print(f"differs from FAISS: {what}", file=sys.stderr)
    return 1 if different else 0


def one_set(data, folder, arguments):
    """All that is measured with one data set."""
    load = data.write(folder)
    running = [start(name) for name in LIBRARIES]
    rows, dim = data.base.shape
    try:
        versions = [worker.ask(load)["version"] for worker in running]
        found = {
            "title": f"{data.name}: {rows} x {dim}", "versions": dict(zip(LIBRARIES, versions)),
            "kinds": [], "kmeans": [], "different": [],
        }
        for kind in kinds(rows, dim):
            if arguments.kinds and kind.name not in arguments.kinds:
                continue
            one_kind(found, kind, running, folder, arguments.runs)
        if not arguments.kinds or "k-means" in arguments.kinds:
            k_means(found, running, max(4, rows // 200), arguments.runs)
    finally:
        for worker in running:
            worker.close()
    return found


def start(name):
    command = [str(places.PYTHON), "-P", "-m", "harness.indexes.worker", name]
    return workers.Worker(name, command, workers.environment(2, PYTHONPATH=str(places.BENCH)))


def one_kind(found, kind, running, folder, runs):
    """Makes an index with FAISS, compares the answers and times both."""
    path = str(folder / ("index.bin" if kind.factory.startswith("B") else "index.faiss"))
    running[0].ask({"do": "make", "factory": kind.factory, "path": path})
    for worker in running:
        worker.ask({"do": "open", "path": path, "set": kind.set})
    theirs, ours = (worker.ask({"do": "answers", "k": K}) for worker in running)
    found["different"] += [f"{kind.factory}: {what}" for what in differences(theirs, ours)]
    measured = {}
    for threads in THREADS:
        for one in (False, True):
            request = {"do": "measure", "k": K, "threads": threads, "one": one, "seconds_at_least": SECONDS_AT_LEAST}
            asked = [lambda worker=worker: worker.seconds(request) for worker in running]
            taken = workers.take_turns(asked, runs)
            measured[f"{'one' if one else 'all'} {threads}"] = dict(zip(LIBRARIES, map(min, taken)))
    found["kinds"].append({**kind._asdict(), "measured": measured})
    print(f"{kind.factory}: {measured}", file=sys.stderr, flush=True)


def differences(theirs, ours):
    """What is more than rounding and ties."""
    labels = np.array(theirs["labels"]), np.array(ours["labels"])
    distances = np.array(theirs["distances"]), np.array(ours["distances"])
    near = ROUNDING * np.abs(distances[0]).max()
    same = np.mean([agreement(*pair, near) for pair in zip(zip(labels[0], distances[0]), zip(labels[1], distances[1]))])
    if same < SAME:
        yield f"{same:.4f} of the labels are the same"
    same = np.mean(np.isclose(*distances, rtol=ROUNDING, atol=near))
    if same < SAME:
        yield f"{same:.4f} of the distances are the same"


def agreement(theirs, ours, near):
    """The share of labels that both found, where any label as far as the last may stand for another."""
    (labels, distances), (found, at) = theirs, ours
    last = distances[-1]
    return np.mean([label in labels or abs(distance - last) <= near for label, distance in zip(found, at)])


def k_means(found, running, centroids, runs):
    """Times ten iterations, and compares how good they were."""
    for threads in THREADS:
        request = {"do": "kmeans", "centroids": centroids, "threads": threads}
        objectives = {}

        def ask(worker):
            answer = worker.ask(request)
            objectives[worker.name] = answer["objective"]
            return answer["seconds"]

        taken = workers.take_turns([lambda worker=worker: ask(worker) for worker in running], runs)
        found["kmeans"].append({
            "threads": threads, "centroids": centroids, "seconds": dict(zip(LIBRARIES, map(min, taken))),
            "objectives": objectives,
        })
        if objectives["anear"] > 1.02 * objectives["faiss"]:
            found["different"].append(f"k-means leaves {objectives['anear']}, FAISS {objectives['faiss']}")
