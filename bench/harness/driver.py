"""A whole run: every data set through the suite, then the files asked for."""

import datetime
import json
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

from harness import (
    approximate_report, datasets, exact_report, machine, markdown, places, scenarios,
)
from harness.approximate import ApproximateSuite
from harness.exact import ExactSuite
from harness.verdicts import OURS, verdict

SECONDS_AT_LEAST = 0.05
QUICK_SECONDS_AT_LEAST = 0.002
QUICK_MEBIBYTES = 64


def main(arguments):
    """Runs it; gives the exit status."""
    run = {"exact": run_exact, "approximate": run_approximate}[arguments.suite]
    report = {
        "suite": arguments.suite, "date": str(datetime.date.today()), "machine": machine.describe(),
        "python": platform.python_version(), "runs": arguments.runs, "quick": arguments.quick,
        **limits(arguments.quick), "data_sets": [],
    }
    print(f"{report['date']}, {report['machine']}; {machine.limits_in_words(report)}", flush=True)
    sections = []
    for load in datasets.find(arguments.data) if arguments.data else [datasets.glosses]:
        data = load().cut(arguments.rows, arguments.queries)
        title = f"{data.name}: {len(data.base)} x {data.base.shape[1]}, {len(data.queries)} queries, {data.metric}"
        print(f"\n{title}", flush=True)
        with tempfile.TemporaryDirectory(dir=places.WORK) as folder:
            suite, tables = run(arguments, data, data.write(Path(folder)), report["limits"])
        report["data_sets"].append({
            "name": data.name, "rows": len(data.base), "dim": data.base.shape[1],
            "queries": len(data.queries), "metric": data.metric, **suite,
        })
        sections.append((title, tables))
    write(arguments, report, sections)
    return failed(report)


def limits(quick):
    """The machine's limits, or why they are not known."""
    try:
        return {"limits": machine.limits(QUICK_MEBIBYTES) if quick else machine.limits()}
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        return {"limits": None, "limits_not_there": str(error)}


def seconds_at_least(arguments):
    return QUICK_SECONDS_AT_LEAST if arguments.quick else SECONDS_AT_LEAST


def run_exact(arguments, data, load, limits):
    suite = ExactSuite(data, load, arguments.engines, arguments.runs, seconds_at_least(arguments))
    labels = suite.labels()
    table = exact_report.table(labels)
    measured, gains = [], {}
    chosen = scenarios.few if arguments.quick else scenarios.every
    for scenario in chosen(len(data.queries)):
        if arguments.only not in scenario.name:
            continue
        results = suite.measure(scenario)
        said = verdict(scenario, results, gains.get((scenario.batch, scenario.threads), {}), data, limits)
        if scenario.k == 10 and scenario.percent is None:
            gains[scenario.batch, scenario.threads] = said["faiss_ratio"]
        table.add(exact_report.cells(scenario, labels, results, said))
        measured.append({**scenario._asdict(), "name": scenario.name, "results": results, **said})
    about = {side.label: side.about() for side in suite.sides}
    suite.close()
    done = {"engines": about, "not_there": suite.not_there, "scenarios": measured}
    print()
    return done, [table, exact_report.engines_table(done)]


def run_approximate(arguments, data, load, _limits):
    suite = ApproximateSuite(
        data, load, arguments.engines, arguments.runs, seconds_at_least(arguments), arguments.quick)
    built = list(suite.build(arguments.only))
    indexes = {
        curve.label: {
            **took, "version": contender.loaded["version"], "parameters": curve.build,
            "kernels": contender.loaded["kernels"], "environment": contender.settings,
        }
        for contender, curve, took in built
    }
    table = approximate_report.table()
    points = []
    for some in suite.rounds(built):
        for point in suite.measure(some):
            table.add(approximate_report.cells(point))
            points.append(point)
    suite.close()
    table.group_by_first()
    done = {"indexes": indexes, "not_there": suite.not_there, "points": points}
    print()
    return done, [table, approximate_report.indexes_table(done)]


def write(arguments, report, sections):
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    if arguments.svg:
        from harness import pictures

        pictures.draw(report, arguments.svg)
    if arguments.markdown:
        legend = {"exact": exact_report, "approximate": approximate_report}[arguments.suite].LEGEND
        markdown.write(arguments.markdown, report, legend, sections)


def failed(report):
    """1 when one of our exact answers is not exact, which no speed makes good; else 0."""
    wrong = [
        f"{data['name']}: {label}: recall {scenario['results'][label]['recall']:.6f} in \"{scenario['name']}\""
        for data in report["data_sets"] for scenario in data.get("scenarios", ())
        for label in OURS if scenario["results"].get(label, {}).get("recall", 1) != 1
    ]
    for line in wrong:
        print(f"not exact: {line}", file=sys.stderr)
    return 1 if wrong else 0
