"""Writes data/*.json: what MLX's own build gives for every scenario. Run it with that build on the path."""

import json
import os
import tempfile
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import mlx.core as mx
import modalities
import scenarios
from checkpoints import make_checkpoint

DATA = Path(__file__).parent / "data"


def write(name, record):
    rows = ",\n".join(f" {json.dumps(key)}: {json.dumps(values)}" for key, values in record.items())
    (DATA / name).write_text(f"{{\n{rows}\n}}\n")
    print(f"{name}: {len(record)} scenarios with {mx.__file__}")


def rounded(values):
    """Six digits of every number; the comparison allows more."""
    return [value if isinstance(value, int) else float(f"{value:.6g}") for value in values]


def main():
    with tempfile.TemporaryDirectory() as folder:
        record = {name: rounded(modalities.run(name, folder)) for name in modalities.SCENARIOS}
        write("modalities.json", record)
        made = lambda name, seed=0: make_checkpoint(Path(folder) / f"{name}_{seed}", name, seed)
        write("tokens.json", {name: scenario(made) for name, scenario in scenarios.SCENARIOS.items()})


if __name__ == "__main__":
    main()
