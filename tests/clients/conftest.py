"""What the client tests share: checkpoints made once per run, mlx-lm's commands, and no network."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from checkpoints import make_checkpoint

os.environ["HF_HUB_OFFLINE"] = "1"
COMMANDS = Path(sys.executable).parent


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory):
    """A function architecture -> folder of its checkpoint, made when first asked for."""
    folder, made = tmp_path_factory.mktemp("checkpoints"), {}

    def folder_of(architecture, seed=0):
        key = architecture, seed
        if key not in made:
            made[key] = make_checkpoint(folder / f"{architecture}_{seed}", architecture, seed)
        return made[key]

    return folder_of


@pytest.fixture(scope="session")
def command():
    """Runs one of mlx-lm's commands; returns what it wrote to both streams."""

    def run(name, *arguments):
        done = subprocess.run(
            [COMMANDS / name, *map(str, arguments)], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, f"{name} ended with status {done.returncode}:\n{done.stdout}"
        return done.stdout

    return run
