"""The workers of a run: started, loaded, and each in the environment that suits it best."""

import math
from typing import NamedTuple

import engines
from harness import packages, places, workers
from harness.race import race
from harness.workers import WorkerFailure

THREADS = 2
# A special environment must gain this much in the trial to be kept.
GAIN = 1.05
TRIAL_RUNS = 5
TRIAL_SECONDS_AT_LEAST = 0.02
TRIAL = {"index": "trial", "queries": 256, "batch": 256, "k": 10, "threads": 1}


class Contender(NamedTuple):
    """A worker that has loaded the data, with settings of its environment."""

    engine: str
    settings: dict
    worker: workers.Worker
    loaded: dict


def start(engine, load, settings):
    """The worker of an engine with the data loaded. Raises WorkerFailure."""
    command = [str(places.PYTHON), "-P", "-m", "engines.worker", engine]
    surroundings = workers.environment(THREADS, PYTHONPATH=str(places.BENCH), **settings)
    worker = workers.Worker(engine, command, surroundings)
    try:
        return Contender(engine, settings, worker, worker.ask(load))
    except WorkerFailure:
        worker.close()
        raise


def gather(names, load):
    """The contenders among the engines, and engine -> why it is not there."""
    ready, not_there = [], {}
    missing = packages.missing()
    for name in names:
        package = engines.ENGINES[name].package
        if package in missing:
            not_there[name] = missing[package]
            continue
        try:
            ready += fastest_environments(name, load)
        except WorkerFailure as failure:
            not_there[name] = failure.reason
    return ready, not_there


def fastest_environments(name, load):
    """The engine as installed, then in its best environment where that is faster."""
    usual, *special = engines.adapter(name).environments
    installed = start(name, load, usual)
    trials = [installed]
    for settings in special:
        try:
            trials.append(start(name, load, settings))
        except WorkerFailure:
            continue  # kernels that this processor cannot run
    if len(trials) == 1:
        return trials
    seconds = trial(name, trials)
    best = min(range(len(trials)), key=seconds.__getitem__)
    kept = [installed] if seconds[0] <= GAIN * seconds[best] else [installed, trials[best]]
    for contender in trials:
        if contender in kept:
            contender.worker.ask({"do": "forget", "index": TRIAL["index"]})
        else:
            contender.worker.close()
    return kept


def trial(name, trials):
    """The best seconds of each in a batch of exact searches, as tuned as can be; kernels may fail only here."""
    adapter = engines.adapter(name)
    for contender in trials:
        build(contender, TRIAL["index"], next(iter(adapter.exact.values())))
    search = {**TRIAL, "parameters": adapter.tuned[-1]}
    times = race([(contender, search) for contender in trials], TRIAL_RUNS, TRIAL_SECONDS_AT_LEAST)
    return [taken.get("seconds", math.inf) for taken in times]


def build(contender, index, parameters):
    return contender.worker.ask({"do": "build", "index": index, "threads": THREADS, "parameters": parameters})
