"""The library from C++ beside Python: the CMake package of the wheel, functions that cross over, and an extension."""

import shutil
import subprocess
import sys
from pathlib import Path

import mlx.core as mx
import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = Path(mx.__file__).parent
EXPECTED = """array([14, 19, 24], dtype=float32)
array([2, 2, 2], dtype=float32)
array([[14, 19, 24],
       [20, 25, 30]], dtype=float32)
array([15, 20, 25], dtype=float32)
"""

installed = pytest.mark.skipif(
    not (PACKAGE / "share" / "cmake" / "MLX").is_dir() or not shutil.which("cmake"),
    reason="the package mlx is not installed, or CMake is not",
)


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_module_prints_the_folder_of_the_cmake_package():
    printed = run(sys.executable, "-m", "mlx", "--cmake-dir").strip()
    assert Path(printed).resolve() == (PACKAGE / "share" / "cmake" / "MLX").resolve()


def test_the_module_stands_on_libmlx():
    mapped = Path("/proc/self/maps")
    if not mapped.exists():
        pytest.skip("no list of what is loaded on this system")
    assert "libmlx.so" in mapped.read_text()


@pytest.fixture(scope="module")
def extension(tmp_path_factory):
    """examples/extension, built in a folder of its own."""
    folder = tmp_path_factory.mktemp("extension") / "extension"
    shutil.copytree(ROOT / "examples" / "extension", folder)
    run(sys.executable, "setup.py", "-q", "build_ext", "--inplace", cwd=folder)
    return folder


@installed
def test_an_extension_agrees_with_its_operation_in_python_and_cpp(extension):
    assert run(sys.executable, "use_axpby.py", cwd=extension) == EXPECTED
    (program,) = extension.glob("build/**/use_axpby")
    assert run(program).startswith("array([14, 19, 24], dtype=float32)\n")


@installed
def test_cpp_runs_what_python_exported(tmp_path):
    x = mx.array([1.0, 2.0, 3.0])
    mx.export_function(str(tmp_path / "f.mlxfn"), lambda a: mx.exp(a) * 2, x)
    text = "\n".join(
        [
            "cmake_minimum_required(VERSION 3.16)",
            "project(imports LANGUAGES CXX)",
            "find_package(MLX CONFIG REQUIRED)",
            f"add_executable(imports {ROOT}/examples/cpp/import_function.cpp)",
            "target_link_libraries(imports PRIVATE mlx)",
        ]
    )
    (tmp_path / "CMakeLists.txt").write_text(text)
    run("cmake", "-S", tmp_path, "-B", tmp_path / "build", f"-DMLX_DIR={PACKAGE / 'share' / 'cmake' / 'MLX'}")
    run("cmake", "--build", tmp_path / "build")
    assert run(tmp_path / "build" / "imports", tmp_path / "f.mlxfn") == f"{mx.exp(x) * 2}\n"
