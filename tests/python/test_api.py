"""The public names of MLX 0.32.4, their kinds and signatures; data/not_yet.txt lists those that are still missing.

`python tests/python/test_api.py` prints the missing names, in the form of that file.
"""

import importlib
import inspect
import json
import re
from pathlib import Path

import mlx.core as mx
import pytest

DATA = Path(__file__).parent / "data"
API = json.loads((DATA / "api.json").read_text())
MODULES = ["mlx.core", "mlx.nn", "mlx.optimizers", "mlx.utils"]
MISSING = object()


def find(name: str):
    """The object of this dotted name, or MISSING."""
    module = next(m for m in MODULES if name == m or name.startswith(m + "."))
    thing = importlib.import_module(module)
    for part in name[len(module) + 1 :].split(".") if name != module else []:
        thing = getattr(thing, part, MISSING)
        if thing is MISSING:
            return MISSING
    return thing


def expected_names():
    """Names that every build has; implicit ones depend on the Python."""
    return [name for name, entry in API.items() if not entry.get("implicit") and not name.endswith("__weakref__")]


def missing_names():
    skipped = {"mlx.core.array.__buffer__"}  # an attribute from Python 3.12 on
    return sorted(n for n in expected_names() if n not in skipped and find(n) is MISSING)


def test_every_public_name_is_there():
    listed = set((DATA / "not_yet.txt").read_text().split())
    missing = set(missing_names())
    assert not missing - listed, "names that are missing"
    assert not listed - missing, "names in not_yet.txt that are there by now"


PRESENT = [name for name in expected_names() if find(name) is not MISSING]


@pytest.mark.parametrize("name", [n for n in PRESENT if API[n]["kind"] in ("function", "class", "method", "module")])
def test_kind(name):
    thing, kind = find(name), API[name]["kind"]
    if kind == "class":
        assert isinstance(thing, type)
    elif kind == "module":
        assert inspect.ismodule(thing)
    else:
        assert callable(thing)


@pytest.mark.parametrize("name", [n for n in PRESENT if API[n]["kind"] == "constant"])
def test_constant(name):
    thing, entry = find(name), API[name]
    assert type(thing).__name__ == entry.get("type", type(thing).__name__)
    if "repr" in entry:
        assert repr(thing) == entry["repr"] and thing.size == entry["size"]
    if "value" in entry:
        assert str(thing) == str(entry["value"])


@pytest.mark.parametrize("name", [n for n in PRESENT if "alias_of" in API[n]])
def test_alias(name):
    original = find(API[name]["alias_of"])
    assert find(name) is original or find(name) == original or getattr(find(name), "__doc__", 1) == original.__doc__


def parameters(signature: str) -> list[str]:
    """Parameter names of a written signature, in order, with * and / and the stars of variadic ones."""
    inside = signature[1 : signature.rindex(")")] if "->" not in signature else signature[1 : signature.index(") ->")]
    depth, names, current = 0, [], ""
    for character in inside + ",":
        depth += (character in "([{") - (character in ")]}")
        if character == "," and depth == 0:
            names.append(re.split(r"[:=]", current.strip())[0].strip())
            current = ""
        else:
            current += character
    return [n for n in names if n and n not in ("/", "*")]


def written_in_python(name):
    thing = find(name)
    try:
        return (
            not name.startswith("mlx.core")
            and "..." not in API[name].get("signature", "...")
            and bool(inspect.signature(thing))
        )
    except (TypeError, ValueError):
        return False


@pytest.mark.parametrize("name", [n for n in PRESENT if written_in_python(n)])
def test_parameters_of_python_functions(name):
    got = []
    for parameter in inspect.signature(find(name)).parameters.values():
        star = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
        got.append(star + parameter.name)
    got = [n for n in got if n not in ("self", "cls")]
    assert got == [n for n in parameters(API[name]["signature"]) if n not in ("self", "cls")]


@pytest.mark.parametrize("name", [n for n in PRESENT if n.startswith("mlx.core") and "stream" in API[n].get("signature", "")
                                  and API[n]["kind"] == "function"])  # fmt: skip
def test_docstring_names_the_stream_argument(name):
    assert "stream" in (find(name).__doc__ or "")


def test_version():
    assert mx.__version__ == "0.32.4"


if __name__ == "__main__":
    print("\n".join(missing_names()))
