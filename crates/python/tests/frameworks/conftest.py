import os
from pathlib import Path

os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"
os.environ["SCIPY_ARRAY_API"] = "1"  # before SciPy is there: one check of estimators asks for it

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
