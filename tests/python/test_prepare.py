"""`python -m mlx prepare` and the cache that it fills: what is stored is what a later process runs."""

import json
import os
import pty
import re
import subprocess
import sys
import time

import pytest
from mlx import _prepare

SCRIPT = "import mlx.core as mx; x = mx.ones((4, 4)); mx.eval(mx.exp(x + x), mx.sum(x))"

LONG_EVALUATION = """
import mlx.core as mx
x = mx.full((40,), 0.5)
names = [name for name, operands in mx._runtime_info()["elementwise"] if operands == 1 and hasattr(mx, name)]
mx.eval([getattr(mx, name)(x) for name in names if name != "bitwise_invert"])
print(mx._runtime_info()["cache"]["entries"])
"""


def run(cache, *arguments, pocl=None, script=None):
    """A fresh process with these folders as caches, and a kernel for each operation; returns what it wrote."""
    environment = {**os.environ, "MLX_CL_CACHE": str(cache), "MLX_CL_DEBUG": "2", "MLX_CL_INTERPRET": "0"}
    if pocl:
        environment["POCL_CACHE_DIR"] = str(pocl)
    command = [sys.executable, "-c", script] if script else [sys.executable, "-m", "mlx", *arguments]
    result = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout + result.stderr


def built(text):
    return len(re.findall("built a program", text))


def test_a_second_process_builds_nothing_even_when_pocls_cache_is_gone(tmp_path):
    first = run(tmp_path / "own", pocl=tmp_path / "one", script=SCRIPT)
    second = run(tmp_path / "own", pocl=tmp_path / "two", script=SCRIPT)
    assert built(first) > 0 and built(second) == 0
    # Not at the first launch either: PoCL leaves the objects and libraries of what it compiles in its folder.
    compiled = {path for path in (tmp_path / "two").rglob("*.so") if not re.search(r"/0-0-0/", str(path))}
    assert not compiled


ENDINGS = ["raise SystemExit", "import os; os._exit(0)", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("draft", ["0", "2"])
def test_binaries_reach_the_disk_however_a_process_ends(tmp_path, monkeypatch, ending, draft):
    monkeypatch.setenv("MLX_CL_DRAFT", draft)
    monkeypatch.setenv("MLX_CL_AHEAD", "0")  # another process may or may not have built a kit by then
    environment = {**os.environ, "MLX_CL_CACHE": str(tmp_path)}
    subprocess.run([sys.executable, "-c", f"{SCRIPT}\n{ending}"], env=environment, check=False)
    assert built(run(tmp_path, script=SCRIPT)) == 0


def test_who_waits_at_a_terminal_is_told_why_once(tmp_path):
    folders = {"MLX_CL_CACHE": str(tmp_path / "own"), "POCL_CACHE_DIR": str(tmp_path)}
    environment = {**os.environ, **folders, "MLX_CL_AHEAD": "0", "MLX_CL_INTERPRET": "0"}
    ours, theirs = pty.openpty()
    os.set_blocking(ours, False)
    seen = {}
    for name, stderr in (("terminal", theirs), ("pipe", subprocess.PIPE)):
        script = LONG_EVALUATION.replace("0.5", "0.5" if name == "pipe" else "0.5, dtype=mx.float16")
        command = [sys.executable, "-c", script]
        result = subprocess.run(command, env=environment, stderr=stderr, stdout=subprocess.PIPE, check=True)
        seen[name] = os.read(ours, 10_000) if name == "terminal" else result.stderr
    os.close(theirs)
    os.close(ours)
    assert seen["terminal"].count(b"building kernels") == 1 and b"mlx prepare" in seen["terminal"]
    assert b"building kernels" not in seen["pipe"]


def test_a_shared_folder_is_read_and_the_own_one_written(tmp_path):
    run(tmp_path / "shared", script=SCRIPT)
    both = f"{tmp_path / 'own'}:{tmp_path / 'shared'}"
    assert built(run(both, script=SCRIPT)) == 0
    assert built(run(both, script=SCRIPT.replace("exp", "cosh"))) == 1
    assert len(list((tmp_path / "own").glob("*.clbin"))) == 1


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="a second process helps where there is a second core")
def test_a_second_process_builds_some_of_what_a_long_evaluation_needs(tmp_path, monkeypatch):
    text = run(tmp_path / "two", pocl=tmp_path / "pocl", script=LONG_EVALUATION)
    assert 0 < built(text) < int(re.search(r"^(\d+)$", text, re.M)[1])
    monkeypatch.setenv("MLX_CL_AHEAD", "0")
    text = run(tmp_path / "one", pocl=tmp_path / "other", script=LONG_EVALUATION)
    assert built(text) == int(re.search(r"^(\d+)$", text, re.M)[1])


def test_the_timeline_is_that_of_the_program_and_not_of_the_second_process(tmp_path, monkeypatch):
    timeline = tmp_path / "timeline.json"
    monkeypatch.setenv("MLX_CL_TRACE", str(timeline))
    run(tmp_path / "cache", pocl=tmp_path / "pocl", script=LONG_EVALUATION)
    time.sleep(2)  # the second process ends after the program
    assert "X" in {event["ph"] for event in json.loads(timeline.read_text())["traceEvents"]}


@pytest.mark.parametrize("job", _prepare.JOBS, ids=lambda job: job.__name__)
def test_what_prepare_does_runs(job):
    job()


def test_prepare_fills_the_cache_and_finds_it_full(tmp_path, monkeypatch):
    text = run(tmp_path, "prepare", "--processes", "2", "--only", "kit usual|arithmetic")
    count = int(re.search(r"(\d+) kernels", text)[1])
    assert count == len(list(tmp_path.glob("*.clbin"))) > 20
    assert re.search(r"did (2 of 2|3 of 3|4 of 4) pieces", text)
    again = run(tmp_path, "prepare", "--processes", "1", "--only", "kit usual|arithmetic")
    assert int(re.search(r"(\d+) kernels", again)[1]) == count


def test_prepare_says_what_is_wrong_without_a_folder(tmp_path):
    environment = {**os.environ, "MLX_CL_CACHE": "off"}
    result = subprocess.run([sys.executable, "-m", "mlx", "prepare"], env=environment, capture_output=True, text=True)
    assert result.returncode == 1 and "MLX_CL_CACHE" in result.stdout
