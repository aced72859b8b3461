"""The index that checkpoints of several files have, for one of a single file."""

import json
from pathlib import Path

import mlx.core as mx


def write_index(folder: Path) -> None:
    names = mx.load(str(folder / "model.safetensors"))
    index = {"metadata": {}, "weight_map": {name: "model.safetensors" for name in names}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
