"""The processes of the stores."""

from pathlib import Path
from typing import NamedTuple

import stores
from harness import packages, places, workers
from harness.workers import WorkerFailure

THREADS = 2
# Libraries with a thread pool of their own get as many threads as the others.
POOLS = ("LANCE_CPU_THREADS", "TOKIO_WORKER_THREADS", "RAYON_NUM_THREADS")


class Contender(NamedTuple):
    """A store's adapter, its process with the data loaded, and the folder for what it stores."""

    name: str
    worker: workers.Worker
    version: str
    folder: Path

    @property
    def label(self):
        return stores.STORES[self.name].label

    @property
    def adapter(self):
        return stores.adapter(self.name)

    def ask(self, do, **request):
        return self.worker.ask({"do": do, **request})

    def filled(self, setting):
        """The folder of what was added at once with the setting."""
        return self.folder / f"filled-{self.adapter.settings.index(setting)}"


def gather(names, load, folder):
    """The contenders, and label -> why it is not there."""
    ready, not_there = [], {}
    missing = packages.missing()
    for name in names:
        entry = stores.STORES[name]
        reason = next((missing[package] for package in entry.packages if package in missing), None)
        try:
            if reason is None:
                worker, loaded = start(name, load)
                ready.append(Contender(name, worker, loaded["version"], folder / name))
        except WorkerFailure as failure:
            reason = failure.reason
        if reason:
            not_there[entry.label] = reason
    return ready, not_there


def start(name, load):
    """A worker that has loaded, and its answer. Raises WorkerFailure."""
    command = [str(places.PYTHON), "-P", "-m", "stores.worker", name]
    pools = {pool: str(THREADS) for pool in POOLS}
    worker = workers.Worker(name, command, workers.environment(THREADS, PYTHONPATH=str(places.BENCH), **pools))
    try:
        return worker, worker.ask(load)
    except WorkerFailure:
        worker.close()
        raise
