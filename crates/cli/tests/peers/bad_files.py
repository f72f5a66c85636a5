"""Every hostile file ends in one clear error line, quickly, in little memory, with nothing executed.

Needs nothing but Python: each command runs as a process whose time and memory the system reports.
"""

import json
import os
import tempfile
import time
from pathlib import Path

from common import ANEAR, FIXTURES, case, finish

FORMATS = ("npy", "npz", "pt", "safetensors", "hdf5", "sqlite", "parquet", "faiss")
MEMORY_BYTES = 200_000_000
SECONDS = 1.0


def run(place, *arguments):
    """Exit code, standard error, seconds and peak memory of one command."""
    with open(place / "stderr", "w+b") as stderr, open(os.devnull, "w+b") as nothing:
        begin = time.perf_counter()
        actions = [(os.POSIX_SPAWN_DUP2, nothing.fileno(), 1), (os.POSIX_SPAWN_DUP2, stderr.fileno(), 2)]
        command = [ANEAR, *map(str, arguments), "--threads", "2"]
        child = os.posix_spawn(ANEAR, command, os.environ, file_actions=actions)
        _, status, usage = os.wait4(child, 0)
        seconds = time.perf_counter() - begin
        stderr.seek(0)
        said = stderr.read().decode()
    return os.waitstatus_to_exitcode(status), said, seconds, usage.ru_maxrss * 1024


def check_run(place, file, must_fail, *arguments):
    code, said, seconds, memory = run(place, *arguments)
    what = " ".join(map(str, arguments[:1]))
    # What may open may also hold no rows, or several matrices: asking for one is wrong usage then.
    assert code in ((3,) if must_fail else (0, 2, 3)), f"{what}: exit code {code}: {said.strip()}"
    assert seconds < SECONDS, f"{what}: {seconds:.2f} s"
    assert memory < MEMORY_BYTES, f"{what}: {memory // 1_000_000} MB"
    if code != 0:
        errors = [line for line in said.splitlines() if not line.startswith("help: ")]
        assert len(errors) == 1 and errors[0].startswith("error: "), f"{what}: {said!r}"
        assert file.name in errors[0], f"{what}: the error names no file: {errors[0]}"


def check_file(place, file, expected):
    must_fail = expected["expect"] in ("error", "limit", "open_then_error")
    opens = expected["expect"] == "nonfinite"
    request = expected.get("request")
    location = f"{file}::{request}" if request else file
    output = place / "output.npy"
    output.unlink(missing_ok=True)
    check_run(place, file, False, "info", file)
    check_run(place, file, must_fail, "convert", location, output, "--no-metadata", "--force")
    check_run(place, file, must_fail, "search", location, "--row", "0", "--show=")
    if must_fail:
        assert not output.exists(), "a failed conversion left its output"
        if not request:
            check_run(place, file, True, "info", "--check", file)
    if opens:
        code, said, _, _ = run(place, "info", "--check", location)
        assert code == 0, f"values that are not finite are data: {said}"


def main():
    files = json.loads((FIXTURES / "bad" / "expected.json").read_text())["files"]
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        os.chdir(place)
        for file, expected in files.items():
            if expected["format"].startswith(FORMATS):
                case(f"{file} ({expected['why']})", check_file, place, FIXTURES / "bad" / file, expected)
        for folder in (place, FIXTURES / "bad"):
            assert not (folder / "PWNED").exists(), "something from a file was executed"
    finish()


if __name__ == "__main__":
    main()
