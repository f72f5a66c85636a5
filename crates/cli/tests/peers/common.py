"""What the scripts share: running anear, and a list of what went wrong."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ANEAR = sys.argv[1]
FIXTURES = Path(sys.argv[2])
problems: list = []
checked = 0


def anear(*arguments, check=True):
    """Runs anear and returns what it printed; a failure is a problem."""
    command = [ANEAR, *map(str, arguments), "--threads", "2"]
    done = subprocess.run(command, capture_output=True, text=True)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: exit code {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def anear_json(*arguments):
    return json.loads(anear(*arguments, "--json"))


def case(name, function, *arguments):
    """Runs one check and notes whether it held."""
    global checked
    checked += 1
    try:
        function(*arguments)
    except Exception as error:  # every kind of failure is a finding, and the rest still runs
        problems.append(f"{name}: {type(error).__name__}: {error}")


def same(found, expected, what="values"):
    assert found == expected, f"{what}: found {str(found)[:300]}, expected {str(expected)[:300]}"


def same_bits(found, expected):
    """Arrays with the same type, shape and bits."""
    same(str(found.dtype), str(expected.dtype), "type")
    same(tuple(found.shape), tuple(expected.shape), "shape")
    assert found.tobytes() == expected.tobytes(), "other bits"


def folder():
    return tempfile.TemporaryDirectory(prefix="anear-peers-")


def finish():
    print(f"{checked} cases, {len(problems)} problems")
    print("\n".join(problems))
    sys.exit(1 if problems else 0)
