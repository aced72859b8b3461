"""The compilers for GPUs that are not here take every program of the usual operations."""

import pytest
from gpu_programs import TARGETS, can_check, compiled, programs_of
from test_limits import OPERATIONS


@pytest.fixture(scope="module")
def programs():
    return programs_of(OPERATIONS)


@pytest.mark.parametrize("target", TARGETS)
def test_every_program_compiles_and_fits(target, programs):
    if not can_check(target):
        pytest.skip("needs a clang with this back end; for NVIDIA's ptxas, too (tools/fetch_checkers.sh)")
    verdicts = [(" ".join(program.kernels), compiled(program, target)) for program in programs]
    assert len(verdicts) > 15
    assert not [(kernels, verdict.errors) for kernels, verdict in verdicts if verdict.errors]
    assert not [kernels for kernels, verdict in verdicts if verdict.local > TARGETS[target]]
    assert all(0 < verdict.registers <= 256 for _, verdict in verdicts)
