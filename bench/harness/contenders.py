"""The workers of a run: started, loaded, and each in the environment that suits it best."""

import time
from typing import NamedTuple

import engines
from harness import packages, places, workers
from harness.workers import WorkerFailure, take_turns

THREADS = 2
# OpenBLAS keeps its threads spinning for 2^26 cycles after a call; the next contender's time
# begins after that.
SETTLE_SECONDS = 0.04
# A special environment must gain this much in the trial to be kept.
GAIN = 1.05
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
    kept = [installed]
    if seconds[0] > GAIN * seconds[best]:
        kept.append(trials[best])
    for contender in trials:
        if contender not in kept:
            contender.worker.close()
    return kept


def trial(name, trials):
    """The best seconds of each in a batch of exact searches, as tuned as can be."""
    adapter = engines.adapter(name)
    for contender in trials:
        build(contender, TRIAL["index"], next(iter(adapter.exact.values())))
    search = {**TRIAL, "parameters": adapter.tuned[-1]}
    turns = [lambda contender=contender: measure(contender, search, 0.02) for contender in trials]
    seconds = [min(runs) for runs in take_turns(turns, 5)]
    for contender in trials:
        contender.worker.ask({"do": "forget", "index": TRIAL["index"]})
    return seconds


def build(contender, index, parameters):
    return contender.worker.ask({"do": "build", "index": index, "threads": THREADS, "parameters": parameters})


def measure(contender, search, seconds_at_least):
    """Seconds a query."""
    time.sleep(SETTLE_SECONDS)
    return contender.worker.seconds({"do": "measure", "seconds_at_least": seconds_at_least, **search})
