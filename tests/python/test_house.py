"""The house rules that a machine can hold: floors, file sizes, one place for getenv, a test row for every table row."""

import ast
import re
import statistics
from functools import cache
from pathlib import Path

import pytest
from elementwise_rows import ALIASES, ROWS, TABLE_NAMES

ROOT = Path(__file__).resolve().parents[2]
CSRC = ROOT / "csrc"
FLOORS = ["base", "comm", "metal", "cl", "graph", "ops", "transforms", "api", "c", "bind"]
SOURCES = [p for p in sorted(CSRC.rglob("*")) if p.suffix in (".h", ".cpp", ".def")]
OURS = [
    p for folder in ("csrc", "include", "kernels", "python", "tests", "bench", "examples", "docs", "tools", "cmake")
    for p in sorted((ROOT / folder).rglob("*"))
    if p.suffix in (".h", ".cpp", ".def", ".cl", ".clh", ".py", ".pyi", ".sh", ".cmake") and "__pycache__" not in p.parts
]  # fmt: skip
GENERATED = {"python/mlx/core/__init__.pyi"}  # one file a module, however many names the module has
LIBRARY_HEADERS = {
    "cl": re.compile(r"^(CL/|OpenCL/|clblast|oneapi/dnnl|dnnl|lapack|cblas)"),
    "comm": re.compile(r"^(gloo/|mpi\.h)"),
    "bind": re.compile(r"^(pybind11/|Python\.h)"),
}
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


@cache
def all_includes(path):
    """What a source sees: the names that it and the headers of this tree that it includes write."""
    names = {name for _, name in includes(path)}
    return names.union(*(all_includes(CSRC / name) for name in names if (CSRC / name).is_file()))


@pytest.mark.parametrize("path", SOURCES, ids=name_in_repository)
def test_libraries_are_seen_by_their_floor_only(path):
    for floor, headers in LIBRARY_HEADERS.items():
        seen = [name for name in all_includes(path) if headers.match(name)]
        assert path.relative_to(CSRC).parts[0] == floor or not seen, f"{path.name} sees {seen}"


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


def is_of_mx(node):
    """True for mx.name, mx.fft.name, …"""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and node.id == "mx"


def names_used(path):
    """The names of mx that a test file calls, and the strings in its tables: module level and parametrize."""
    module = ast.parse(path.read_text())
    tables = [n for n in module.body if isinstance(n, (ast.Assign, ast.Expr))]
    tables += [d for n in module.body if isinstance(n, ast.FunctionDef) for d in n.decorator_list]
    strings = {n.value for table in tables for n in ast.walk(table) if isinstance(n, ast.Constant)}
    return strings | {n.attr for n in ast.walk(module) if isinstance(n, ast.Attribute) and is_of_mx(n)}


TABLES = sorted((CSRC / "ops").glob("*.def"))
LISTS_OF_NAMES = {"test_api.py", "test_errors.py", "test_stubs.py", "test_house.py"}  # say no values
TESTS = [p for p in sorted((ROOT / "tests" / "python").glob("test_*.py")) if p.name not in LISTS_OF_NAMES]
TESTED = set().union(*(names_used(p) for p in TESTS))
TESTED_ELEMENTWISE = {row.name for row in ROWS} | set(ALIASES) | set(TABLE_NAMES)


@pytest.mark.parametrize("path", TABLES, ids=lambda p: p.name)
def test_every_table_row_has_a_test(path):
    names = rows_of(path)
    assert names, f"{path.name} has no rows"
    tested = TESTED_ELEMENTWISE | (set() if path.name == "elementwise.def" else TESTED)
    assert not [n for n in names if n not in tested and n.rstrip("_") not in tested]


def test_every_primitive_that_is_saved_is_checked_when_it_is_read():
    registered = {name for p in SOURCES for name in re.findall(r'Registered<[\w:]+> \w+\(\s*"(\w+)"', p.read_text())}
    checked = set(re.findall(r'^\s*\{"(\w+)",', (CSRC / "transforms" / "import_check.cpp").read_text(), re.MULTILINE))
    assert registered - checked == {"CustomKernel"}  # whose text does what it does


STRUCT = re.compile(r"typedef struct \{[^}]*\} (\w+);")
ARGUMENTS = re.compile(r"#define ARGUMENTS\b(?:.*\\\n)*.*\n")
KERNEL = re.compile(r"^kernel ([^{]*)\{\n(.*\n)", re.MULTILINE)


def kernels_with_structs():
    """(file, what a kernel is passed, its first line, its structs) of those that are passed any."""
    texts = {path.name: path.read_text() for path in sorted((ROOT / "kernels").glob("*.cl*"))}
    structs = "|".join({name for text in texts.values() for name in STRUCT.findall(text)})
    for name, text in texts.items():
        common = "".join(ARGUMENTS.findall(text))
        for head, first in KERNEL.findall(text):
            passed = head.replace("ARGUMENTS", common, 1)
            if found := re.findall(rf"\b({structs}) (\w+|ARGUMENT\(\w+\))\s*[,)\n]", passed):
                yield name, first, found


def test_kernels_copy_the_structs_that_they_are_passed():
    found = list(kernels_with_structs())
    assert len(found) > 10
    for name, first, passed in found:
        for kind, argument in passed:
            assert argument.startswith("ARGUMENT(") and f"OWN({kind}, {argument[9:]}" in first, (name, first)
