"""Images, sound and embeddings: tiny models in the programs for them give what they give on MLX."""

import json
from pathlib import Path

import modalities
import numpy as np
import pytest

RECORD = json.loads((Path(__file__).parent / "data" / "modalities.json").read_text())

# Relative and absolute; mflux computes a part of its decoder in bfloat16.
TOLERANCE = {"picture from latents": (1e-2, 1e-2)}


@pytest.mark.parametrize("name", modalities.SCENARIOS)
def test_a_tiny_model_gives_what_it_gives_on_mlx(name, tmp_path):
    got, want = modalities.run(name, tmp_path), RECORD[name]
    if all(isinstance(value, int) for value in want):
        assert got == want
    else:
        relative, absolute = TOLERANCE.get(name, (1e-3, 2e-4))
        assert len(got) == len(want) and np.allclose(got, want, relative, absolute), list(zip(got, want))


def test_a_picture_changes_what_the_model_says(tmp_path):
    assert modalities.run("vision and text", tmp_path) != modalities.run("text of a vision model", tmp_path)
