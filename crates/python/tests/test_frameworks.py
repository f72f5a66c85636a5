"""The modules for other frameworks, where these are not installed."""

import importlib
import subprocess
import sys

import pytest

MODULES = {
    "haystack": ("haystack", "haystack-ai"),
    "langchain": ("langchain_core", "langchain-core"),
    "llama_index": ("llama_index", "llama-index-core"),
    "sklearn": ("sklearn", "scikit-learn"),
}


@pytest.mark.parametrize("name", MODULES)
def test_a_missing_framework_is_named(monkeypatch, name):
    framework, package = MODULES[name]
    for module in list(sys.modules):
        if module.split(".")[0] == framework or module.startswith(f"anear.{name}"):
            monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, framework, None)
    with pytest.raises(ImportError, match=f"help: pip install '{package}>=") as caught:
        importlib.import_module(f"anear.{name}")
    assert str(caught.value).startswith(f"anear.{name} needs {package}>=")


def test_no_framework_is_imported_unasked():
    program = (
        f"import anear, sys; assert not {{*{list(MODULES)}, 'langchain_core'}} & {{*sys.modules}}"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
