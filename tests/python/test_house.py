"""The house rules that a machine can hold: floors, file sizes, one place for getenv, a test row for every table row."""

import re
import statistics
from pathlib import Path

import pytest
from elementwise_rows import ALIASES, ROWS, TABLE_NAMES

ROOT = Path(__file__).resolve().parents[2]
CSRC = ROOT / "csrc"
FLOORS = ["base", "metal", "cl", "graph", "ops", "transforms", "bind"]
SOURCES = [p for p in sorted(CSRC.rglob("*")) if p.suffix in (".h", ".cpp", ".def")]
OURS = [
    p for folder in ("csrc", "kernels", "python", "tests", "bench", "examples", "docs", "tools", "cmake")
    for p in sorted((ROOT / folder).rglob("*"))
    if p.suffix in (".h", ".cpp", ".def", ".cl", ".clh", ".py", ".pyi", ".sh", ".cmake") and "__pycache__" not in p.parts
]  # fmt: skip
GENERATED = {"python/mlx/core/__init__.pyi"}  # one file a module, however many names the module has
LIBRARY_HEADERS = re.compile(r"^(CL/|clblast|oneapi/dnnl|dnnl|lapack|cblas)")
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.MULTILINE)

pytestmark = pytest.mark.skipif(not CSRC.is_dir(), reason="the sources are not here")


def name_in_repository(path):
    return str(path.relative_to(ROOT))


def floor_of(path):
    return FLOORS.index(path.relative_to(CSRC).parts[0])


def includes(path):
    return [(quote == "<", name) for quote, name in INCLUDE.findall(path.read_text())]


@pytest.mark.parametrize("path", SOURCES, ids=name_in_repository)
def test_a_file_includes_its_own_floor_or_lower_ones(path):
    for system, name in includes(path):
        first = name.split("/")[0]
        if not system and "/" in name and first in FLOORS:
            assert FLOORS.index(first) <= floor_of(path), f"{path.name} includes {name}"


@pytest.mark.parametrize("path", SOURCES, ids=name_in_repository)
def test_libraries_are_seen_by_their_floor_only(path):
    for _, name in includes(path):
        if LIBRARY_HEADERS.match(name):
            assert path.relative_to(CSRC).parts[0] == "cl", f"{path.name} includes {name}"
        if name.startswith("pybind11/") or name == "Python.h":
            assert path.relative_to(CSRC).parts[0] == "bind", f"{path.name} includes {name}"


def test_no_file_has_more_than_500_lines():
    long = {name_in_repository(p): n for p in OURS if (n := len(p.read_text().splitlines())) > 500}
    assert not set(long) - GENERATED, long


def test_the_median_file_has_at_most_150_lines():
    lengths = [len(p.read_text().splitlines()) for p in OURS if p.name != "__init__.py"]
    assert statistics.median(lengths) <= 150


@pytest.mark.parametrize("path", [p for p in OURS if p.suffix != ".def"], ids=name_in_repository)
def test_a_file_opens_with_a_sentence_on_what_it_is(path):
    lines = [line for line in path.read_text().splitlines() if line.strip() and not line.startswith("#!")]
    if not lines:
        return
    assert lines[0].lstrip().startswith(("//", "/*", "#", '"""', "'''")) and len(lines[0]) > 12, lines[0]


def test_the_environment_is_read_in_one_place():
    readers = {p.name for p in SOURCES if re.search(r"\bgetenv\s*\(", p.read_text())}
    assert all(name.startswith("env") for name in readers), readers


def rows_of(path):
    """First arguments of the macro calls of a table file: the names of its rows."""
    text = re.sub(r"//.*|/\*[\s\S]*?\*/", "", path.read_text())
    return re.findall(r"^\s*[A-Z][A-Z0-9_]*\(\s*\"?([a-z_][A-Za-z0-9_]*)\"?\s*,", text, re.MULTILINE)


TABLES = sorted((CSRC / "ops").glob("*.def"))
NAMES_IN_TESTS = set(re.findall(r"\w+", " ".join(p.read_text() for p in (ROOT / "tests").rglob("*.py"))))
TESTED_ELEMENTWISE = {row.name for row in ROWS} | set(ALIASES) | set(TABLE_NAMES)


@pytest.mark.parametrize("path", TABLES, ids=lambda p: p.name)
def test_every_table_row_has_a_test(path):
    names = rows_of(path)
    assert names, f"{path.name} has no rows"
    tested = TESTED_ELEMENTWISE if path.name == "elementwise.def" else NAMES_IN_TESTS
    assert not [n for n in names if n not in tested and n.rstrip("_") not in tested]
