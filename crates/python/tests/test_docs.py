"""Docstrings: that they are there, and that their examples run."""

import doctest
import inspect
import os
import subprocess
import sys

import anear
import anear.annoy
import anear.faiss
import pytest
from conftest import PROJECT

PUBLIC = [getattr(anear, name) for name in anear.__all__ if not name.startswith("__")]
PUBLIC += [anear.annoy, anear.annoy.AnnoyIndex, anear.faiss]
FAISS = [item for item in map(vars(anear.faiss).get, anear.faiss.__all__) if callable(item)]


def documented():
    yield "anear", anear
    for item in PUBLIC + FAISS:
        yield f"faiss.{item.__name__}" if item in FAISS else item.__name__, item
        if inspect.isclass(item):
            for name, member in vars(item).items():
                if not name.startswith("_") and not inspect.ismemberdescriptor(member):
                    yield f"{item.__name__}.{name}", getattr(item, name)


@pytest.mark.parametrize("name,item", list(documented()), ids=lambda value: str(value)[:40])
def test_examples_run(name, item, tmp_path):
    text = inspect.getdoc(item)
    if isinstance(item, type) and issubclass(item, tuple) or not callable(item) and text is None:
        return
    assert text, f"{name} has no docstring"
    example = doctest.DocTestParser().get_doctest(
        text, {"anear": anear, "folder": tmp_path}, name, None, 0
    )
    said = []
    doctest.DocTestRunner(verbose=False).run(example, out=said.append)
    assert not said, "".join(said)


def test_there_are_examples():
    finder = doctest.DocTestParser()
    counted = {name: len(finder.get_examples(inspect.getdoc(item) or "")) for name, item in documented()}
    for name in ("anear", "open", "save", "convert", "search", "Index", "Collection", "Hits", "anear.annoy", "AnnoyIndex"):
        assert counted[name] > 0, name


def test_help_shows_signatures():
    assert "k: 'int' = 10" in str(inspect.signature(anear.search))
    assert "filter" in inspect.signature(anear.Index.search).parameters


def test_the_example_runs(tmp_path):
    done = subprocess.run(
        [sys.executable, "examples/search.py"], capture_output=True, text=True, env=os.environ
    )
    assert done.returncode == 0, done.stderr
    assert "tea" in done.stdout


@pytest.mark.parametrize(
    "number,written", [(1, {"glosses.anx", "some.pt", "food.h5"}), (2, {"glosses.anear"}), (3, {"x.faiss"})]
)
def test_the_readme_runs(tmp_path, monkeypatch, number, written):
    text = (PROJECT / "README.md").read_text()
    program = text.split("```python\n")[number].split("```")[0]
    (tmp_path / "examples").symlink_to(PROJECT / "examples")
    monkeypatch.chdir(tmp_path)
    exec(compile(program, "README.md", "exec"), {})
    assert {path.name for path in tmp_path.iterdir()} == {"examples", *written}
