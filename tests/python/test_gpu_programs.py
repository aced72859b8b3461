"""Every program in the shapes of GPUs is taken by the compilers for AMD's and NVIDIA's, within the memory that they have."""

import gpu_programs
import pytest
from test_limits import OPERATIONS

LOCAL_MEMORY = 32 << 10  # of a group on the smallest GPUs that OpenCL 1.2 knows

pytestmark = pytest.mark.skipif(gpu_programs.clang() is None, reason="no clang with the back ends of GPUs is here")


@pytest.fixture(scope="module")
def programs():
    found = gpu_programs.programs_of(OPERATIONS)
    assert len(found) > 20
    return found


@pytest.mark.parametrize("target", gpu_programs.TARGETS)
def test_programs_are_taken(programs, target):
    for program in programs:
        verdict = gpu_programs.compiled(program, target)
        assert not verdict.errors and verdict.local <= LOCAL_MEMORY, (program.kernels, program.options, verdict)
