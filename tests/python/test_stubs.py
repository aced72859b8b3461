"""The types for editors, python/mlx/core/*.pyi: they are what the module gives, name everything, and please mypy."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import mlx.core as mx
import pytest

ROOT = Path(__file__).resolve().parents[2]
STUBS = ROOT / "python/mlx/core"
sys.path.insert(0, str(ROOT / "tools/stubs"))
import generate  # noqa: E402


@pytest.fixture(scope="module")
def texts():
    return generate.stubs()


@pytest.mark.parametrize("name", ["__init__", *generate.SUBMODULES])
def test_the_committed_stub_is_what_the_module_gives(name, texts):
    committed = (STUBS / f"{name}.pyi").read_text()
    assert committed == texts[f"{name}.pyi"], "run `python tools/stubs/generate.py` and commit the result"


def names_in(nodes):
    found = {node.name for node in nodes if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    found |= {node.target.id for node in nodes if isinstance(node, ast.AnnAssign)}
    return found | {alias.name for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names}


@pytest.mark.parametrize("name", ["", *generate.SUBMODULES])
def test_a_stub_has_every_name_of_its_module(name):
    nodes = ast.parse((STUBS / f"{name or '__init__'}.pyi").read_text()).body
    module = getattr(mx, name) if name else mx
    assert {n for n in vars(module) if not n.startswith("__")} <= names_in(nodes)
    for node in nodes:
        if isinstance(node, ast.ClassDef) and hasattr(module, node.name):
            members = {n for n in vars(getattr(module, node.name)) if not n.startswith("_")}
            assigned = {t.id for n in node.body if isinstance(n, ast.Assign) for t in n.targets}
            assert members <= names_in(node.body) | assigned, node.name


PROGRAM = """
from functools import partial
import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
import numpy as np

model = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
x: mx.array = mx.random.normal((8, 4), key=mx.random.key(0))
y: mx.array = mx.exp(x) + 2 * x - mx.maximum(np.ones(4), x).sum(axis=-1, keepdims=True)

def loss_fn(a: mx.array, b: mx.array) -> mx.array:
    return mx.mean((a * b).astype(mx.float32))

loss, gradients = mx.value_and_grad(loss_fn, argnums=(0, 1))(x, y)
best: float = loss.item()
u, s, vt = mx.linalg.svd(x)
shape: tuple[int, ...] = mx.concatenate([u, vt], axis=0)[..., None, 1:3].shape

@partial(mx.compile, inputs=mx.random.state, outputs=mx.random.state)
def step(a: mx.array) -> mx.array:
    return mx.fft.fft(a, axis=-1).real

with mx.stream(mx.cpu), mx.default_device(mx.cpu):
    mx.eval(step(x), {"y": y})
kernel = mx.fast.opencl_kernel("k", ["x"], ["y"], "y[0] = x[0];")
first: list[mx.array] = kernel(inputs=[x], output_shapes=[(1,)], output_dtypes=[mx.float32], grid=(1,))
for row in x:
    mx.save("row.npy", row if (row == x[0]).all() else -row)
"""

WRONG = {
    'mx.take(x, "one")': "arg-type",
    "mx.sum(x, axes=0)": "call-arg",
    'mx.zeros((2,), dtype="float32")': "arg-type",
    "x.nothing": "attr-defined",
    "mx.random.normal(x)": "arg-type",
    "mx.linalg.normal(x)": "attr-defined",
    "mx.matmul(x)": "call-arg",
    "mx.exp(a=x)": "call-arg",
}


def mypy(tmp_path, program):
    (tmp_path / "program.py").write_text(program)
    command = [sys.executable, "-m", "mypy", "--explicit-package-bases", "--follow-imports=silent",
               f"--cache-dir={tmp_path.parent / 'mypy-cache'}", "program.py"]  # fmt: skip
    environment = dict(os.environ, MYPYPATH=str(ROOT / "python"))
    return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True).stdout


def test_mypy_accepts_a_program_and_sees_what_is_wrong(tmp_path):
    pytest.importorskip("mypy", reason="mypy checks the stubs")
    assert "Success" in (said := mypy(tmp_path, PROGRAM)), said
    said = mypy(tmp_path, PROGRAM + "\n".join(WRONG))
    lines = said.splitlines()
    for line, kind in enumerate(WRONG.values(), PROGRAM.count("\n") + 1):
        assert any(f":{line}: error" in text and f"[{kind}]" in text for text in lines), f"{kind}, line {line}\n{said}"


def test_mypy_accepts_the_stubs_themselves(tmp_path):
    pytest.importorskip("mypy", reason="mypy checks the stubs")
    command = [sys.executable, "-m", "mypy", "--strict", "--explicit-package-bases", "-p", "mlx.core",
               f"--cache-dir={tmp_path}"]  # fmt: skip
    environment = dict(os.environ, MYPYPATH=str(ROOT / "python"))
    result = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout


def test_the_package_says_that_it_is_typed():
    assert (ROOT / "python/mlx/py.typed").exists()
