"""What comes with an installation: kernels beside the library, a runtime that pip installed, and what `python -m mlx` advises."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import mlx.core as mx
import pytest
from mlx._advice import advice, graphics_vendors

SCRIPT = """
import mlx.core as mx
print(mx.sum(mx.exp(mx.zeros(8))).item(), mx._runtime_info()["installed_runtime"])
"""


def environment(folder):
    """The root of a Python environment in which this very mlx is installed, by links."""
    package = folder / "lib" / "python3" / "site-packages" / "mlx"
    (package / "lib").mkdir(parents=True)
    here = Path(mx.__file__).parent
    for part in here.iterdir():
        if part.name != "lib":
            (package / part.name).symlink_to(part)
    for part in (here / "lib").iterdir():
        if part.name != "kernels":
            (package / "lib" / part.name).symlink_to(part)
    return package


def run(package, script=SCRIPT, **variables):
    """What a fresh process of that environment wrote."""
    variables = {**os.environ, "PYTHONPATH": str(package.parent), "MLX_CL_DEVICE": "", **variables}
    result = subprocess.run([sys.executable, "-c", script], env=variables, capture_output=True, text=True)
    return result.stdout + result.stderr


def built(text):
    return text.count("built a program")


@pytest.mark.parametrize("mode, used", [(0o755, True), (0o777, False)], ids=["ours", "written by all"])
def test_kernels_that_lie_beside_the_library_are_read(tmp_path, mode, used):
    package = environment(tmp_path)
    kernels = package / "lib" / "kernels"
    assert built(run(package, MLX_CL_CACHE=str(kernels), MLX_CL_DEBUG="2")) > 0
    kernels.chmod(mode)
    again = run(package, MLX_CL_CACHE=str(tmp_path / "own"), MLX_CL_DEBUG="2")
    assert again.startswith("8.0") and (built(again) == 0) == used


def test_off_means_the_kernels_beside_the_library_too(tmp_path):
    package = environment(tmp_path)
    run(package, MLX_CL_CACHE=str(package / "lib" / "kernels"))
    assert built(run(package, MLX_CL_CACHE="off", MLX_CL_DEBUG="2")) > 0


def pocls_library():
    """The file of PoCL's library that this process uses; None when another runtime serves."""
    mx.eval(mx.zeros(1))
    with open("/proc/self/maps") as maps:
        files = {line.split(maxsplit=5)[5].strip() for line in maps if "libpocl.so" in line}
    return min(files, default=None)


def test_a_runtime_that_pip_installed_serves_where_the_loader_finds_none(tmp_path):
    library = pocls_library()
    if not library:
        pytest.skip("needs a runtime that can be copied: PoCL")
    package = environment(tmp_path / "environment")
    runtime = tmp_path / "environment" / "lib" / "libintelocl.so"
    shutil.copy(library, runtime)
    (runtime.parent / "pocl").symlink_to(Path(library).parent / "pocl")  # where it looks for its parts
    (tmp_path / "vendors").mkdir()
    assert run(package, OCL_ICD_VENDORS=str(tmp_path / "vendors")) == f"8.0 {runtime}\n"
    assert run(package) == "8.0 \n"


def test_a_runtime_that_cannot_be_loaded_is_named(tmp_path):
    package = environment(tmp_path / "environment")
    (tmp_path / "environment" / "libintelocl.so").write_text("no library")
    (tmp_path / "vendors").mkdir()
    text = run(package, OCL_ICD_VENDORS=str(tmp_path / "vendors"))
    assert "environment/libintelocl.so cannot be used: " in text
    assert "[device] OpenCL found no device on this machine" in text and "pip install intel-opencl-rt" in text


LIBRARIES = [("CLBlast", "1"), ("oneDNN", "3"), ("OpenBLAS", "0")]
POCL = {"platform": "Portable Computing Language"}
INTEL = {"platform": "Intel(R) OpenCL"}


def info(devices, libraries=LIBRARIES):
    return {"platforms": list(devices), "devices": devices, "libraries": libraries, "cpu_runtimes": "install one"}


ADVICE = {
    "nothing": (info({"cpu": POCL}), [], []),
    "no device": (info({}), [], ["install one"]),
    "no driver": (info({"cpu": POCL}), ["0x10de", "0x1af4"], ["NVIDIA"]),
    "a driver": (info({"cpu": POCL, "gpu": INTEL}), ["0x10de"], []),
    "another runtime": (info({"cpu": INTEL}), [], ["Intel(R) OpenCL serves mx.cpu. PoCL"]),
    "few libraries": (info({"cpu": POCL}, LIBRARIES[:1]), [], ["Built without oneDNN", "Built without OpenBLAS"]),
}


@pytest.mark.parametrize("found, vendors, expected", ADVICE.values(), ids=ADVICE)
def test_advice(found, vendors, expected):
    sentences = advice(found, vendors)
    assert len(sentences) == len(expected)
    assert all(part in sentence for part, sentence in zip(expected, sentences))


def test_graphics_adapters_are_told_from_other_devices(tmp_path):
    for name, kind, vendor in [("a", "0x020000", "0x8086"), ("b", "0x030000", "0x1002"), ("c", "0x030200", "0x10de")]:
        (tmp_path / name).mkdir()
        (tmp_path / name / "class").write_text(kind + "\n")
        (tmp_path / name / "vendor").write_text(vendor + "\n")
    (tmp_path / "d").mkdir()
    assert graphics_vendors(tmp_path) == ["0x1002", "0x10de"]
