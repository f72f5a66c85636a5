"""Docstrings of the modules for other frameworks: that they are there, and that examples run."""

import doctest
import inspect
import re

import anear
import anear.haystack
import anear.langchain
import anear.llama_index
import anear.sklearn
import pytest
from conftest import PROJECT

MODULES = (anear.haystack, anear.langchain, anear.llama_index, anear.sklearn)


def documented():
    for module in MODULES:
        yield module.__name__, module
        for name in module.__all__:
            item = getattr(module, name)
            yield f"{module.__name__}.{name}", item
            for inner, member in inspect.getmembers(item, inspect.isroutine):
                is_ours = str(getattr(member, "__module__", "")).startswith("anear")
                if is_ours and not inner.startswith("_"):
                    yield f"{module.__name__}.{name}.{inner}", member


@pytest.mark.parametrize("name,item", [pytest.param(*each, id=each[0]) for each in documented()])
def test_examples_run(name, item, tmp_path):
    text = inspect.getdoc(item)
    assert text, f"{name} has no docstring"
    given = {"anear": anear, "folder": tmp_path}
    example = doctest.DocTestParser().get_doctest(text, given, name, None, 0)
    said = []
    doctest.DocTestRunner(verbose=False).run(example, out=said.append)
    assert not said, "".join(said)


@pytest.mark.parametrize("module", MODULES)
def test_there_are_examples(module):
    assert len(doctest.DocTestParser().get_examples(module.__doc__)) > 3


PROGRAMS = re.findall(
    r"```python\n(.*?)```", (PROJECT / "docs/frameworks.md").read_text(), re.DOTALL
)


PROGRAMS.append((PROJECT / "README.md").read_text().split("```python\n")[3].split("```")[0])


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_documentation_runs(program, tmp_path, monkeypatch):
    (tmp_path / "examples").symlink_to(PROJECT / "examples")
    monkeypatch.chdir(tmp_path)
    exec(compile(program, "the documentation", "exec"), {})
    assert len(PROGRAMS) == 5
