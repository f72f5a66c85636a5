from pathlib import Path

import numpy as np
import pytest

PROJECT = Path(__file__).parents[4]


@pytest.fixture(autouse=True)
def in_the_project(monkeypatch):
    """Examples name their files as seen from the project."""
    monkeypatch.chdir(PROJECT)


@pytest.fixture
def rng():
    return np.random.default_rng(7)
