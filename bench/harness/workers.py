"""Processes that stay alive and answer one JSON request a line, and contenders taking turns."""

import contextlib
import json
import os
import subprocess

# These force an old processor's kernels on OpenBLAS, and so slow the rivals down.
FORCED_KERNELS = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


class WorkerFailure(Exception):
    """A worker that answered with an error, or died; `reason` is that alone, without the request."""

    def __init__(self, name, request, reason):
        super().__init__(f"{name}: {request}: {reason}")
        self.reason = reason


def environment(threads, **settings):
    """The environment of a worker: as many threads as are used at most, no forced kernels."""
    kept = {name: value for name, value in os.environ.items() if name not in FORCED_KERNELS}
    return {**kept, "OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads), **settings}


class Worker:
    """A process that answers requests; what it says on standard error is passed through."""

    def __init__(self, name, command, environment):
        self.name = name
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)

    def ask(self, request):
        """The answer, a dictionary. Raises WorkerFailure where there is none."""
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # the missing answer tells
        line = self.process.stdout.readline()
        if not line:
            raise WorkerFailure(self.name, request, f"ended with status {self.process.wait()}")
        answer = json.loads(line)
        if "error" in answer:
            raise WorkerFailure(self.name, request, answer["error"])
        return answer

    def seconds(self, request):
        return self.ask(request)["seconds"]

    def close(self):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def take_turns(contenders, runs, first=0):
    """The seconds of every run of each contender (a function that returns them), run by run.

    Each run begins with another contender, so that nobody always follows the same one; the first
    of these runs with contender number `first`.
    """
    seconds = [[] for _ in contenders]
    for run in range(first, first + runs):
        for turn in range(len(contenders)):
            place = (run + turn) % len(contenders)
            seconds[place].append(contenders[place]())
    return seconds
