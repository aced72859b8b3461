"""Each example runs briefly to its end and leaves its picture."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("matplotlib")
pytest.importorskip("sklearn")
ROOT = Path(__file__).resolve().parents[2]


def run(script, out, *arguments):
    process = subprocess.run(
        [sys.executable, ROOT / "examples" / script, *arguments, "--out", out],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert process.returncode == 0, process.stdout + process.stderr
    return process.stdout


def is_picture(path):
    return path.read_bytes().startswith(b"\x89PNG") and path.stat().st_size > 5000


def test_digits(tmp_path):
    printed = run("digits.py", tmp_path, "--steps", "25")
    assert is_picture(tmp_path / "digits.png")
    assert "time to the first step" in printed
    assert float(re.search(r"held-out accuracy: ([\d.]+)%", printed)[1]) > 30


def test_char_transformer(tmp_path):
    printed = run("char_transformer.py", tmp_path, "--steps", "6", "--batch", "4", "--context", "32", "--layers", "1",
                  "--width", "32", "--sample", "10")  # fmt: skip
    assert is_picture(tmp_path / "char_transformer.png")
    assert float(re.search(r"held-out loss: ([\d.]+)", printed)[1]) < 6
    assert "--- sample ---" in printed


def test_compile_gelu(tmp_path):
    printed = run("compile_gelu.py", tmp_path, "--sizes", "1000", "10000", "--repeats", "2")
    assert is_picture(tmp_path / "compile_gelu.png")
    assert "10,000" in printed
