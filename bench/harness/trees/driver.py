"""A whole run: for each data set the files, the answers, then every measurement in turns."""

import datetime
import json
import platform
import sys
import tempfile
from pathlib import Path

from harness import datasets, machine, places, workers
from harness.trees import report

LIBRARIES = ("annoy", "anear")
METRICS = {"l2": "euclidean", "cosine": "angular", "ip": "dot"}
JOBS = (1, 2)
SEARCHES = tuple((k, search_k) for k, search_k in ((10, -1), (10, 1_000), (10, 10_000), (100, -1)))
WAYS = ("list", "array", "item", "batch")
SECONDS_AT_LEAST = 0.05


def main(arguments):
    """Runs it; gives the exit status."""
    sources = datasets.find(arguments.data) if arguments.data else [datasets.glosses]
    made = {
        "date": str(datetime.date.today()), "machine": machine.describe(), "python": platform.python_version(),
        "runs": arguments.runs, "trees": arguments.trees, "large_mib": arguments.large_mib, "sets": [],
    }
    places.WORK.mkdir(parents=True, exist_ok=True)
    for source in sources:
        with tempfile.TemporaryDirectory(dir=places.WORK) as folder:
            made["sets"].append(one_set(source().cut(arguments.rows, arguments.queries), Path(folder), arguments))
    tables = [(found["title"], report.table(found, made)) for found in made["sets"]]
    if arguments.json:
        arguments.json.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    if arguments.markdown:
        arguments.markdown.write_text(report.document(made, tables), encoding="utf-8")
    different = [f"{found['title']}: {what}" for found in made["sets"] for what in found["different"]]
    for what in different:
        print(f"differs from Annoy: {what}", file=sys.stderr)
    return 1 if different else 0


def one_set(data, folder, arguments):
    """All that is measured with one data set."""
    metric = METRICS[data.metric]
    load = {**data.write(folder), "metric": metric}
    running = [start(name) for name in LIBRARIES]
    try:
        versions = [worker.ask(load)["version"] for worker in running]
        found = {
            "title": f"{data.name}: {data.base.shape[0]} x {data.base.shape[1]}, {metric}",
            "versions": dict(zip(LIBRARIES, versions)), "measured": {},
        }
        measure(found, running, folder, arguments)
    finally:
        for worker in running:
            worker.close()
    return found


def start(name):
    command = [str(places.PYTHON), "-P", "-m", "harness.trees.worker", name]
    return workers.Worker(name, command, workers.environment(2, PYTHONPATH=str(places.BENCH)))


def measure(found, running, folder, arguments):
    def take(title, number, *requests):
        """The best of the runs of each library, each with its request."""
        asked = [lambda worker=worker, request=request: worker.ask(request)[number]
                 for worker, request in zip(running, requests * (len(running) // len(requests)))]
        taken = workers.take_turns(asked, arguments.runs)
        found["measured"][title] = dict(zip(LIBRARIES, map(min, taken)))
        print(f"{title}: {found['measured'][title]}", file=sys.stderr, flush=True)

    take("add", "seconds", {"do": "add"})
    for jobs in JOBS:
        outputs = [str(folder / f"{name}-{jobs}.ann") for name in LIBRARIES]
        take(f"build {jobs}", "seconds", *(
            {"do": "build", "trees": arguments.trees, "jobs": jobs, "output": output} for output in outputs))
    theirs, ours = (folder / f"{name}-1.ann" for name in LIBRARIES)
    found["different"] = [] if theirs.read_bytes() == ours.read_bytes() else ["the file of one thread"]
    opening = {"do": "open", "path": str(theirs)}
    for worker in running:
        worker.ask(opening)
    for k, search_k in SEARCHES:
        for way in WAYS:
            search = {"how": way, "k": k, "search_k": search_k}
            if way != "batch":
                answers = [worker.ask({"do": "answers", **search}) for worker in running]
                found["different"] += [] if answers[0] == answers[1] else [f"answers to {search}"]
            take(f"{way} {k} {search_k}", "seconds", {"do": "measure", "seconds_at_least": SECONDS_AT_LEAST, **search})
    large = str(folder / "large.ann")
    running[0].ask({"do": "large", "path": large, "bytes": arguments.large_mib * 2**20})
    for number in ("seconds", "answer_seconds", "bytes"):
        take(f"open {number}", number, {"do": "open", "path": large})
