"""The types of the modules, beside those of the frameworks."""

import os
import subprocess
import sys
from pathlib import Path

PACKAGE = Path(__file__).parents[2]


def test_the_modules_and_their_users_pass_mypy(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "python/anear", "tests/frameworks/typing_example.py"],
        cwd=PACKAGE,
        env={**os.environ, "MYPY_CACHE_DIR": str(tmp_path), "MYPYPATH": "python"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
