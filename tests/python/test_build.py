"""What the sources build with: other versions of oneDNN than the system's, and without the libraries that may be missing."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEADERS = sorted(path.parents[2] for path in ROOT.glob("build/checkers/*/*/data/include/oneapi/dnnl/dnnl.hpp"))
COMPILER = shutil.which("c++")
ABOUT_LIBRARIES = ["blas.cpp", "clblast.cpp", "onednn.cpp", "onednn_convolution.cpp", "lapack.cpp", "openblas.cpp"]

pytestmark = pytest.mark.skipif(not COMPILER or not (ROOT / "csrc").is_dir(), reason="needs a compiler and the sources")


def errors_of(source, *options):
    """What the compiler says of a file of csrc/cl."""
    command = [COMPILER, "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-I", ROOT / "csrc", *options]
    return subprocess.run([*command, ROOT / "csrc" / "cl" / source], capture_output=True, text=True).stderr


@pytest.mark.skipif(not HEADERS, reason="tools/fetch_checkers.sh fetches the headers")
@pytest.mark.parametrize("source", ["onednn.cpp", "onednn_convolution.cpp"])
@pytest.mark.parametrize("headers", HEADERS, ids=lambda path: path.parents[2].name)
def test_versions_of_onednn(headers, source):
    assert "DNNL_VERSION_MAJOR 3" in (headers / "oneapi" / "dnnl" / "dnnl_version.h").read_text()
    assert not errors_of(source, "-DMLX_HAS_DNNL", "-isystem", headers)


@pytest.mark.parametrize("source", ABOUT_LIBRARIES)
def test_without_any_library(source):
    assert not errors_of(source)


LIBRARIES = {
    "CLBLAST": ("CLBlast", "matmul on GPUs will be slower"),
    "DNNL": ("oneDNN", "matmul and convolution on the CPU will be slower"),
    "LAPACKE": ("LAPACK", "mx.linalg will raise errors"),
    "GLOO": ("Gloo", "mx.distributed will have no backend 'ring'"),
}


@pytest.mark.skipif(not shutil.which("cmake"), reason="needs CMake")
def test_cmake_says_what_a_missing_library_costs(tmp_path):
    without = [f"-D{name}_LIBRARY=OFF" for name in LIBRARIES]
    command = ["cmake", "-S", ROOT, "-B", tmp_path, "-DMLX_BUILD_PYTHON=OFF", "-DMLX_BUILD_TESTS=OFF", *without]
    run = subprocess.run([*command, "-DMLX_BUILD_C=OFF"], capture_output=True, text=True)
    said = re.sub(r"\s+", " ", run.stderr)
    assert run.returncode == 0
    for name, cost in LIBRARIES.values():
        assert re.search(rf"{name} was not found \(Debian: [\w, -]+\): {re.escape(cost)}\.", said), name
