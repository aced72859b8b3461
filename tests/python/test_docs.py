"""The code in README.md and docs/ runs, prints what the pages say, and every public name has a docstring."""

import contextlib
import inspect
import io
import json
import os
import re
import shutil
import subprocess
import sys
import types
from pathlib import Path

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
import mlx.utils
import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```(\S+)\n([\s\S]*?)^```$", re.MULTILINE)
NOT_RUN = {"console", "c", "cmake", "cpp"}  # and MyST's directives, whose names stand in braces

pytestmark = pytest.mark.skipif(not (ROOT / "docs").is_dir(), reason="the documentation is not here")


def blocks_of(text):
    """(code, what it prints or None) of the Python blocks of a page; a text block right after one is its output."""
    found, end = [], None
    for fence in FENCE.finditer(text):
        language, body = fence.groups()
        if language == "python":
            found.append([body, None])
            end = fence.end()
        elif language == "text":
            assert end is not None and not text[end : fence.start()].strip(), "a text block must follow a Python block"
            found[-1][1] = body
        else:
            assert language in NOT_RUN or language.startswith("{"), f"what is a block of {language}?"
    return [tuple(block) for block in found]


BLOCKS = {page: blocks_of(page.read_text()) for page in PAGES}
NAMESPACES = {}  # of each page: its globals and how many of its blocks have run


def run(page, count):
    """Runs the blocks of a page up to this one, in one namespace, and returns what the last of them printed."""
    namespace, done = NAMESPACES.get(page, ({"__name__": page.stem}, 0))
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        for i in range(done, count):
            printed.truncate(0), printed.seek(0)
            exec(compile(BLOCKS[page][i][0], f"{page.name}, block {i + 1}", "exec"), namespace)
    NAMESPACES[page] = (namespace, count)
    return printed.getvalue()


CASES = [(page, i) for page in PAGES for i in range(len(BLOCKS[page]))]


@pytest.mark.parametrize("page, i", CASES, ids=[f"{page.stem}-{i + 1}" for page, i in CASES])
def test_block(page, i):
    printed = run(page, i + 1)
    if BLOCKS[page][i][1] is not None:
        assert printed == BLOCKS[page][i][1]


TEXTS = {page.name: page.read_text() for page in PAGES}


@pytest.mark.parametrize("page", TEXTS)
def test_files_that_a_page_names_exist(page):
    names = re.findall(r"\b((?:csrc|kernels|python|tests|bench|examples|tools|docs)/[\w./]+\.\w+)", TEXTS[page])
    assert not [name for name in names if not (ROOT / name).exists() and "examples/out" not in name]


@pytest.mark.parametrize("page", TEXTS)
def test_links_between_pages_lead_somewhere(page):
    prose = re.sub(r"^```.*?^```", "", TEXTS[page], flags=re.MULTILINE | re.DOTALL)  # a lambda in C++ looks like a link
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", prose):
        assert (ROOT / ("" if page == "README.md" else "docs") / target).exists(), target


@pytest.mark.parametrize("page", [name for name in TEXTS if name != "README.md"])
def test_marks_of_included_parts_are_in_the_readme_in_order(page):
    for start, end in re.findall(r':start-after: "(.+)"\n:end-before: "(.+)"', TEXTS[page]):
        assert start in TEXTS["README.md"] and end in TEXTS["README.md"].split(start, 1)[1]


def test_rows_quoted_by_the_pages_are_rows_of_the_tables():
    paths = [*(ROOT / "csrc/ops").glob("*.def"), ROOT / "tests/python/elementwise_rows.py"]
    tables = "\n".join(path.read_text() for path in paths)
    quoted = re.findall(r"^(?: {4})?((?:UNARY|OP|smooth)\(.+)$", "\n".join(TEXTS.values()), re.MULTILINE)
    assert len(quoted) > 2
    for row in quoted:
        assert row in tables, row


def test_the_readme_lists_every_environment_variable():
    rows = re.findall(r'^ENV\(\w+, "(\w+)", "(.*?)"', (ROOT / "csrc/base/env.def").read_text(), re.MULTILINE)
    listed = re.findall(r"^\| `(\w+)` \| `?(.*?)`? ?\|", TEXTS["README.md"], re.MULTILINE)
    assert {name: default for name, default in listed} == dict(rows)


def test_the_reference_has_every_public_name():
    sys.path.insert(0, str(ROOT / "docs"))
    import reference

    text = "\n".join(reference.pages().values())
    shown = set(re.findall(r"(?:function|class)::\s+(?:mlx\.[\w.]+\.)?(\w+)|``mx\.(\w+)`` is a second name", text))
    shown = {name for names in shown for name in names}
    api = json.loads((Path(__file__).parent / "data/api.json").read_text())
    expected = {name for name, entry in api.items() if entry["kind"] in ("function", "class", "context-manager")}
    assert not [name for name in expected if (last := name.split(".")[-1]) not in shown and not last.startswith("_")]


def description(thing):
    """The docstring without the signature in its first line."""
    text = inspect.cleandoc(getattr(thing, "__doc__", None) or "")
    first, _, rest = text.partition("\n")
    return rest.strip() if re.fullmatch(r"\w+\(.*\)( -> .+)?", first) else text


def is_ours(thing):
    return str(getattr(thing, "__module__", "mlx")).startswith("mlx")


def documented_things():
    submodules = [m for m in vars(mx).values() if inspect.ismodule(m)]
    deeper = [nn.init, nn.losses, nn.utils, nn.layers.distributed, nn.layers.upsample]
    modules = [mx, *submodules, nn, *deeper, optim, mlx.utils]
    for module in modules:
        for name, thing in vars(module).items():
            if name.startswith("_") or isinstance(thing, types.ModuleType) or not callable(thing) or not is_ours(thing):
                continue
            yield f"{module.__name__}.{name}", thing
            for member, value in vars(thing).items() if isinstance(thing, type) else ():
                is_attribute = inspect.isdatadescriptor(value) or isinstance(value, (staticmethod, classmethod))
                if (callable(value) or is_attribute) and not member.startswith("_"):
                    yield f"{module.__name__}.{name}.{member}", value


def test_every_public_name_has_a_docstring():
    assert not [name for name, thing in documented_things() if not description(thing)]


@pytest.mark.skipif(not shutil.which("doxygen"), reason="needs Doxygen")
def test_the_reference_of_the_headers_has_every_header(tmp_path):
    # Doxygen's warnings are errors there.
    command = ["bash", str(ROOT / "tools" / "headers.sh"), str(tmp_path)]
    said = subprocess.run(command, env={**os.environ, "PYTHON": sys.executable}, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    listed = (tmp_path / "files.html").read_text()
    headers = list((ROOT / "include").rglob("*.h"))
    assert headers and not [path.name for path in headers if f">{path.name}</a>" not in listed]
    described = re.findall(r'class="desc">([^<]*)', listed)
    assert len([text for text in described if text.strip()]) >= len(headers)
