"""Writes data/tokens.json: the tokens of every scenario. Run it with MLX's own build, and mlx-lm, on the path."""

import json
import tempfile
from pathlib import Path

import mlx.core as mx
from checkpoints import make_checkpoint
from scenarios import SCENARIOS

RECORD = Path(__file__).parent / "data" / "tokens.json"


def accept_global_scale():
    """mlx-lm 0.32.2 hands gather_qmm a global_scale of None, an argument that MLX's own 0.32.2 does not know."""
    gather_qmm = mx.gather_qmm

    def accepting(*arguments, global_scale=None, **options):
        assert global_scale is None
        return gather_qmm(*arguments, **options)

    mx.gather_qmm = accepting


def main():
    accept_global_scale()
    with tempfile.TemporaryDirectory() as folder:
        made = lambda name, seed=0: make_checkpoint(Path(folder) / f"{name}_{seed}", name, seed)
        record = {name: scenario(made) for name, scenario in SCENARIOS.items()}
    rows = ",\n".join(f" {json.dumps(name)}: {json.dumps(tokens)}" for name, tokens in record.items())
    RECORD.write_text(f"{{\n{rows}\n}}\n")
    print(f"{len(record)} scenarios with {mx.__file__}")


if __name__ == "__main__":
    main()
