"""The checkpoints that MLX wrote of each layer load here strictly and give its outputs; those written here are alike."""

import inspect

import layer_checkpoints
import mlx.core as mx
import mlx.nn as nn
import pytest
from layer_checkpoints import DATA, FAMILIES, worst_difference
from mlx.utils import tree_flatten

CASES = [(family, name) for family, cases in FAMILIES.items() for name in cases]
WITH_CASE = {type(m) for cases in FAMILIES.values() for case in cases.values() for m in case.make().modules()}
CLASSES = [c for c in vars(nn).values() if inspect.isclass(c) and issubclass(c, nn.Module) and c not in WITH_CASE]


@pytest.fixture(scope="module")
def loaded():
    return {family: layer_checkpoints.load(DATA, family) for family in FAMILIES}


@pytest.mark.parametrize("family, name", CASES, ids=lambda x: x)
def test_a_recorded_checkpoint_gives_the_recorded_outputs(loaded, family, name):
    module, pairs = loaded[family]
    inputs, outputs = pairs[name]
    assert outputs
    assert worst_difference(FAMILIES[family][name], module[name], inputs, outputs) <= 1


@pytest.mark.parametrize("kind", CLASSES, ids=lambda c: c.__name__)
def test_a_layer_without_a_checkpoint_has_no_parameters(kind):
    if kind is nn.FullyShardedModule:
        pytest.skip("a base of modules, with the parameters that a subclass gives it")
    parameters = inspect.signature(kind).parameters.values()
    required = sum(p.default is p.empty and p.kind < p.VAR_POSITIONAL for p in parameters)
    assert not tree_flatten(kind(*[4] * required).parameters())


def test_a_checkpoint_written_here_is_laid_out_like_the_recorded_one(tmp_path):
    layer_checkpoints.write(tmp_path)
    names = sorted(path.name for path in DATA.glob("*.safetensors"))
    assert names == sorted(path.name for path in tmp_path.glob("*.safetensors"))
    for name in names:
        ours, recorded = ({k: (x.shape, x.dtype) for k, x in mx.load(str(f / name)).items()} for f in (tmp_path, DATA))
        assert ours == recorded
    assert layer_checkpoints.check(tmp_path) == 0


def test_a_wrong_weight_is_noticed(loaded):
    module, pairs = layer_checkpoints.load(DATA, "linear")
    module["linear"].weight = module["linear"].weight + 1e-4
    assert worst_difference(FAMILIES["linear"]["linear"], module["linear"], *pairs["linear"]) > 1
