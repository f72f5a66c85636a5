import os
from pathlib import Path

import numpy as np
import pytest

PROJECT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def in_the_project(monkeypatch):
    """Examples name their files as seen from the project."""
    monkeypatch.chdir(PROJECT)


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture
def x(rng):
    return rng.random((200, 24), dtype=np.float32) + np.float32(0.01)


@pytest.fixture
def q(rng):
    return rng.random((5, 24), dtype=np.float32) + np.float32(0.01)


def fixtures(folder):
    """Files written by the real libraries."""
    shared = os.environ.get("ANEAR_FIXTURES", PROJECT / "testdata" / "fixtures")
    return Path(shared) / folder
