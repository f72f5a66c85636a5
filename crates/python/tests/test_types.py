"""The types that the package declares."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1]


def run(*arguments, tmp_path):
    pytest.importorskip("mypy")
    environment = {**os.environ, "MYPY_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=PACKAGE,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_package_and_its_users_pass_mypy(tmp_path):
    run("mypy", tmp_path=tmp_path)


def test_the_stubs_agree_with_the_compiled_half(tmp_path):
    run(
        "mypy.stubtest",
        "anear._anear",
        "--mypy-config-file",
        str(PACKAGE / "pyproject.toml"),
        tmp_path=tmp_path,
    )
