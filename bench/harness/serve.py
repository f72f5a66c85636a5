"""The worker's side of the pipe."""

import json
import os
import sys


def serve(answer):
    """Answers each request, one JSON document a line, until there are no more.

    Libraries that print do so to standard error, so that the answers stay alone on the pipe.
    """
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply = answer(request)
        except Exception as error:  # the driver decides what a failure means
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), file=answers, flush=True)
