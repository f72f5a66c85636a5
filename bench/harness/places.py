"""Where things are."""

from pathlib import Path

BENCH = Path(__file__).resolve().parent.parent
PROJECT = BENCH.parent
WORK = PROJECT / "target" / "search"
PYTHON = WORK / "venv" / "bin" / "python"
