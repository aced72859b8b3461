"""What pip makes of the wheel: the clients' requirements are met by it, and nothing of another mlx is pulled in."""

import importlib.metadata as metadata

import mlx.core as mx
import pytest
from packaging.requirements import Requirement

CLIENTS = ["mlx-lm", "mlx-vlm", "mlx-audio", "mlx-embeddings", "mlx-whisper", "parakeet-mlx"]
OTHER_BUILDS = ["mlx-cpu", "mlx-metal", "mlx-cuda", "mlx-cuda-12", "mlx-cuda-13"]


def installed():
    return {(distribution.name or "").lower() for distribution in metadata.distributions()}


def test_the_installed_mlx_is_this_one():
    version = metadata.version("mlx")
    assert version.startswith(f"{mx.__version__}+opencl.")


@pytest.mark.parametrize("client", CLIENTS)
def test_every_requirement_on_mlx_is_met(client):
    requirements = map(Requirement, metadata.requires(client))
    wanted = [requirement for requirement in requirements if requirement.name == "mlx"]
    assert wanted and all(requirement.specifier.contains(metadata.version("mlx")) for requirement in wanted)
    offered = set(metadata.metadata("mlx").get_all("Provides-Extra") or ())
    assert {extra for requirement in wanted for extra in requirement.extras} <= offered


@pytest.mark.parametrize("name", OTHER_BUILDS)
def test_no_other_build_was_installed(name):
    assert name not in installed()
