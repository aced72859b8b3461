"""Settings shared by all tests: import paths, a fixed random seed, and what is left behind by a test."""

import sys
from pathlib import Path

import mlx.core as mx
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(ROOT / "bench"))


def pytest_configure(config):
    config.addinivalue_line("markers", "core: the part of the suite that also runs with MLX_CL_DEVICE naming PoCL")


def pytest_report_header(config):
    return f"mlx {mx.__version__} at {mx.__file__}, default device {mx.default_device()}"


@pytest.fixture(autouse=True)
def fixed_seed():
    mx.random.seed(0)


@pytest.fixture(autouse=True)
def same_device_afterwards():
    device = mx.default_device()
    yield
    mx.set_default_device(device)


@pytest.fixture(autouse=True, scope="session")
def no_kernel_lacks_a_declaration():
    """kernels/builtins.clh declares what the kernels call; one that calls more is built twice."""
    yield
    assert mx._runtime_info()["cache"]["built_twice"] == 0


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Where the device lacks float64, a test that needs it is skipped; the device says so."""
    try:
        return (yield)
    except RuntimeError as error:
        if "float64 needs the extension cl_khr_fp64" not in str(error):
            raise
        pytest.skip("the device lacks float64")
