"""The rows that hold C++ to Python's values (tests/api/test_values_*.cpp) state what Python gives."""

import ast
import re
from pathlib import Path

import mlx.core as mx
import pytest

FOLDER = Path(__file__).parents[1] / "api"
TEXT = r'("(?:[^"\\]|\\.)*"(?:\s*"(?:[^"\\]|\\.)*")*)'


def text_of(literal):
    """The value of a C++ string literal, in one piece or several."""
    return "".join(ast.literal_eval(part) for part in re.findall(r'"(?:[^"\\]|\\.)*"', literal))


def read_rows():
    variables = {"mx": mx}
    for name, python in re.findall(rf"^LET\((\w+),\s*{TEXT}", (FOLDER / "rows.h").read_text(), re.MULTILINE):
        variables[name] = eval(text_of(python), variables)
    families = {}
    for path in sorted(FOLDER.glob("test_values_*.cpp")):
        for part in path.read_text().split("TEST(")[1:]:
            family = re.match(r"ApiValues, (\w+)", part)[1]
            found = re.findall(rf"\bROW\(\s*{TEXT},\s*{TEXT},", part)
            families[family] = [(text_of(python), text_of(expected)) for python, expected in found]
    return variables, families


VARIABLES, FAMILIES = read_rows()


def flattened(value):
    if isinstance(value, (list, tuple)):
        return [number for item in value for number in flattened(item)]
    return [value.real, value.imag] if isinstance(value, complex) else [float(value)]


def test_there_are_fifty_families():
    assert len(FAMILIES) >= 50
    assert all(FAMILIES.values())


@pytest.mark.parametrize("family", FAMILIES)
def test_python_gives_the_values_of(family):
    for python, expected in FAMILIES[family]:
        result = eval(python, VARIABLES)
        dtype, shape, *numbers = expected.split(" ")
        assert str(result.dtype) == f"mlx.core.{dtype}", python
        assert f"({','.join(map(str, result.shape))})" == shape, python
        values = flattened(result.tolist())
        assert values == pytest.approx(list(map(float, numbers)), rel=1e-4, abs=1e-4, nan_ok=True), python
