"""A whole run: the data made, every measurement in its order, then the files asked for."""

import datetime
import json
import platform
import sys
import tempfile
from pathlib import Path

import stores
from harness import datasets, machine, places
from harness.collection import data, report
from harness.collection.answers import Answers
from harness.collection.suite import Suite


def main(arguments):
    """Runs it; gives the exit status."""
    source = next(iter(datasets.find([arguments.data])))() if arguments.data else datasets.glosses()
    vectors = data.grown(source.base, arguments.rows)
    made = {
        "date": str(datetime.date.today()), "machine": machine.describe(), "python": platform.python_version(),
        "runs": arguments.runs, "title": f"{len(vectors)} x {vectors.shape[1]} from {source.name}",
    }
    print(f"{made['date']}, {made['machine']}; {made['title']}", flush=True)
    metadata, conditions = data.metadata(len(vectors)), data.conditions(len(vectors))
    places.WORK.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=arguments.folder or places.WORK) as folder:
        loads = data.write(Path(folder), vectors, source.queries, metadata, conditions)
        answers = Answers(vectors, source.queries, metadata, conditions)
        suite = Suite(arguments.engines, Path(folder), loads, answers, arguments.runs)
        made["versions"] = {contender.label: contender.version for contender in suite.ready}
        made["not_there"] = suite.not_there
        try:
            made["measured"] = measure(suite)
        finally:
            suite.close()
    show(arguments, made)
    return failed(made)


def measure(suite):
    """Every measurement, told as it comes."""
    measured = {}
    steps = {
        "add_many": suite.add_many,
        "add_singles": suite.add_singles,
        "indexes": suite.build_indexes,
        **{f"search {scenario}": lambda scenario=scenario: suite.search(scenario) for scenario in suite.answers.conditions},
        "open_again": lambda: suite.open_again("0.1 %", measured["search 0.1 %"]),
    }
    for name, step in steps.items():
        measured[name] = step()
        print(f"{name}: {json.dumps(measured[name])}", file=sys.stderr, flush=True)
    return measured


def show(arguments, made):
    labels = [stores.STORES[name].label for name in arguments.engines]
    results = report.table(made["measured"], labels)
    print("\n".join(["", *report.notes(made, labels)]))
    made["verdicts"] = {
        f"{row.measurement}: {row.title}": report.verdict(row, made["measured"]) for row in report.ROWS}
    if arguments.json:
        arguments.json.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    if arguments.markdown:
        arguments.markdown.write_text(report.document(made, results, labels), encoding="utf-8")


def failed(made):
    """1 when ours failed or missed a row, which no speed makes good; else 0."""
    status = 0
    for name, found in made["measured"].items():
        ours = found.get(report.OURS, {})
        if "failed" in ours:
            print(f"{name}: {ours['failed']}", file=sys.stderr)
            status = 1
        elif ours.get("recall", 1) != 1:
            print(f"not exact: {name}: recall {ours['recall']:.6f}", file=sys.stderr)
            status = 1
    return status
