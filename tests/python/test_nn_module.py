"""Module: attributes and entries, selections, updates, freezing, training mode, weights on disk."""

import copy
import pickle
import re

import mlx.core as mx
import mlx.nn as nn
import pytest
from mlx.utils import tree_flatten, tree_map


class Model(nn.Module):
    """One of every kind of entry."""

    def __init__(self):
        super().__init__()
        self.a = nn.Linear(3, 4)
        self.b = [nn.Linear(4, 4, bias=False), nn.LayerNorm(4)]
        self.c = {"d": nn.Dropout(0.5), "e": mx.ones((2,))}
        self._hidden = mx.zeros((3,))
        self.number = 5
        self.tuple = (nn.Linear(1, 1), mx.ones((1,)))


def names(tree):
    return [name for name, _ in tree_flatten(tree)]


PARAMETERS = ["a.weight", "a.bias", "b.0.weight", "b.1.weight", "b.1.bias", "c.e"]


def test_arrays_and_containers_are_entries():
    model = Model()
    assert list(model) == ["a", "b", "c", "_hidden", "tuple"]
    assert model.number == 5 and "number" not in model
    assert model.state is model


def test_an_attribute_changes_between_entry_and_plain():
    model = nn.Module()
    model.x = 3
    model.x = mx.ones(2)
    assert "x" in model and "x" not in vars(model)
    model.x = None
    assert "x" not in model and model.x is None


def test_delete_and_missing_attributes():
    model = Model()
    del model.a, model.number
    for name in ("a", "number", "nothing"):
        with pytest.raises(AttributeError):
            getattr(model, name)
    with pytest.raises(AttributeError):
        del model.nothing


def test_a_module_without_call_cannot_be_called():
    with pytest.raises(TypeError):
        nn.Module()()


def test_selections():
    model = Model()
    assert names(model.parameters()) == PARAMETERS
    assert names(model.trainable_parameters()) == PARAMETERS
    assert list(model.children()) == ["a", "b", "c"]
    assert model.leaf_modules()["b"] == model.b
    assert [name for name, _ in model.named_modules()] == ["", "c.d", "b.1", "b.0", "a"]
    assert len(model.modules()) == 5


def test_filter_and_map_passes_paths():
    seen = []
    Model().filter_and_map(lambda module, key, value: seen.append(key) or not isinstance(value, tuple))
    assert seen[:8] == ["a", "weight", "bias", "b", "b.0", "weight", "b.1", "weight"]
    assert "c.e" in seen


def test_filter_and_map_refuses_a_module_as_no_leaf():
    with pytest.raises(RuntimeError):
        Model().filter_and_map(lambda *_: True, is_leaf_fn=lambda *_: False)


def test_repr_nests():
    assert repr(nn.Sequential(nn.Linear(2, 2), nn.ReLU())) == (
        "Sequential(\n  (layers.0): Linear(input_dims=2, output_dims=2, bias=True)\n  (layers.1): ReLU()\n)"
    )


@pytest.mark.parametrize(
    "make, text",
    [
        (lambda: nn.Embedding(4, 3), "Embedding(4, 3)"),
        (
            lambda: nn.Conv1d(4, 4, 3, groups=2),
            "Conv1d(4, 4, kernel_size=3, stride=1, padding=0, dilation=1, groups=2, bias=True)",
        ),
        (lambda: nn.LayerNorm(4, affine=False), "LayerNorm(4, eps=1e-05, affine=False)"),
        (lambda: nn.MaxPool2d(2), "MaxPool2d(kernel_size=(2, 2), stride=(2, 2), padding=(0, 0))"),
        (lambda: nn.GRU(2, 3), "GRU(input_dims=2, hidden_size=3, bias=True)"),
        (lambda: nn.QQLinear(64, 8), "QQLinear(input_dims=64, output_dims=8, group_size=16, bits=4, mode=nvfp4)"),
        (lambda: nn.Upsample((2, 3)), "Upsample(scale_factor=(2.0, 3.0), mode='nearest', align_corners=False)"),
    ],
)
def test_repr_of_layers(make, text):
    assert repr(make()) == text


UPDATES = [
    ({"a": {"bias": mx.zeros(9)}}, None),
    ({"b": [{"weight": mx.zeros(2)}]}, None),
    ({"c": {"e": mx.zeros(3)}}, None),
    ({}, None),
    ({"unknown": mx.zeros(1)}, ValueError),
    ({"a": {"unknown": mx.zeros(1)}}, ValueError),
    ({"a": 3}, ValueError),
    ({"a": mx.zeros(1)}, ValueError),
    ({"a": {"weight": 3}}, ValueError),
    ({"b": [{}, {}, {}]}, ValueError),
    ({"number": mx.zeros(1)}, ValueError),
]


@pytest.mark.parametrize("parameters, error", UPDATES)
def test_strict_update(parameters, error):
    model = Model()
    if error:
        with pytest.raises(error):
            model.update(parameters)
        return
    assert model.update(parameters) is model
    for name, value in tree_flatten(parameters):
        assert dict(tree_flatten(model.parameters()))[name] is value


@pytest.mark.parametrize("parameters", [{"unknown": mx.zeros(1)}, {"a": 3}, {"b": [{}, {}, {}]}, {"b": 3}])
def test_lenient_update_ignores_what_does_not_fit(parameters):
    model = Model()
    before = tree_map(lambda x: x.shape, model.parameters())
    model.update(parameters, strict=False)
    assert tree_map(lambda x: x.shape, model.parameters()) == before


@pytest.mark.parametrize("modules", [{"unknown": nn.Identity()}, {"a": mx.ones(1)}, {"b": [{}, {}, nn.Identity()]}])
def test_update_modules_refuses(modules):
    with pytest.raises(ValueError):
        Model().update_modules(modules)
    Model().update_modules(modules, strict=False)


def test_update_modules_replaces():
    model = Model().update_modules({"a": nn.Identity(), "b": [{}, nn.ReLU()], "c": {"d": nn.Tanh()}})
    kinds = [type(module).__name__ for module in (model.a, model.b[0], model.b[1], model.c["d"])]
    assert kinds == ["Identity", "Linear", "ReLU", "Tanh"]


def test_apply():
    model = Model()
    assert model.apply(lambda x: x * 0) is model
    assert all(not x.any().item() for _, x in tree_flatten(model.parameters()))
    model.apply(lambda x: x + 1, filter_fn=lambda m, k, v: m.valid_parameter_filter(m, k, v) and k != "weight")
    assert model.a.bias.sum().item() == 4 and model.a.weight.sum().item() == 0


def test_freeze_everything_and_unfreeze_some():
    model = Model().freeze()
    assert names(model.trainable_parameters()) == []
    assert names(model.parameters()) == PARAMETERS
    model.unfreeze(keys=["weight"])
    assert names(model.trainable_parameters()) == ["a.weight", "b.0.weight", "b.1.weight"]
    assert names(model.unfreeze().trainable_parameters()) == PARAMETERS


def test_freeze_some():
    assert "a.bias" not in names(Model().freeze(keys="bias").trainable_parameters())
    model = Model().freeze(recurse=False)
    assert "c.e" not in names(model.trainable_parameters())
    assert "a.bias" in names(model.trainable_parameters())


@pytest.mark.parametrize("method", ["freeze", "unfreeze"])
def test_strict_keys_must_exist_somewhere(method):
    getattr(Model(), method)(keys="weight", strict=True)
    with pytest.raises(KeyError):
        getattr(Model(), method)(keys=["weight", "unknown"], strict=True)
    with pytest.raises(KeyError):
        getattr(Model(), method)(keys="weight", recurse=False, strict=True)


def test_batch_norm_statistics_stay_frozen():
    norm = nn.BatchNorm(2)
    assert norm.unfreeze() is None
    assert names(norm.trainable_parameters()) == ["weight", "bias"]
    assert len(names(nn.Sequential(norm).unfreeze().trainable_parameters())) == 4


def test_training_mode():
    model = Model()
    assert model.training and model.eval() is model
    assert not any(module.training for module in model.modules())
    assert model.tuple[0].training
    assert model.train().b[0].training


def test_set_dtype():
    model = Model()
    model.c["e"] = mx.array([1, 2])
    assert model.set_dtype(mx.float16) is None
    assert model.a.weight.dtype == mx.float16 and model.c["e"].dtype == mx.int32
    model.set_dtype(mx.bfloat16, lambda dtype: True)
    assert model.c["e"].dtype == mx.bfloat16


@pytest.mark.parametrize("extension", ["npz", "safetensors"])
def test_weights_on_disk(tmp_path, extension):
    file = str(tmp_path / f"weights.{extension}")
    model, other = Model(), Model()
    assert model.save_weights(file) is None
    assert other.load_weights(file) is other
    for (name, x), (_, y) in zip(tree_flatten(model.parameters()), tree_flatten(other.parameters())):
        assert mx.array_equal(x, y), name


def test_save_to_another_extension():
    with pytest.raises(ValueError):
        Model().save_weights("weights.bin")


def change(**changes):
    """The weights of a model with some replaced, None removes one."""
    weights = tree_flatten(Model().parameters(), destination={})
    weights.update({name.replace("_", "."): value for name, value in changes.items()})
    return [(name, value) for name, value in weights.items() if value is not None]


# Programs look for these words.
@pytest.mark.parametrize(
    "weights, words",
    [
        (change(a_bias=None), "Missing 1 parameters: \na.bias."),
        (change(a_bias=None, a_weight=None), "Missing 2 parameters: \na.bias,\na.weight."),
        (change(new=mx.ones(1)), "Received 1 parameters not in model: \nnew."),
        (change(a_bias=mx.ones((5,))), "Expected shape (4,) but received shape (5,) for parameter a.bias"),
        (change(a_bias=[1, 2, 3, 4]), "Expected mx.array but received <class 'list'> for parameter a.bias"),
        ([], "Missing 6 parameters"),
    ],
)
def test_strict_load_refuses(weights, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        Model().load_weights(weights)


@pytest.mark.parametrize(
    "update, words",
    [
        (lambda model: model.update({"q": mx.zeros(1)}), 'Module does not have parameter named "q"'),
        (lambda model: model.update({"a": {"q": mx.zeros(1)}}), 'Module does not have parameter named "q"'),
        (lambda model: model.update_modules({"q": nn.ReLU()}), 'Module does not have sub-module named "q"'),
    ],
)
def test_strict_update_names_what_is_unknown(update, words):
    with pytest.raises(ValueError, match=words):
        update(Model())


@pytest.mark.parametrize("weights", [change(a_bias=None), change(new=mx.ones(1)), change(a_bias=mx.ones((5,))), []])
def test_lenient_load_accepts(weights):
    Model().load_weights(weights, strict=False)


def test_copies_are_independent():
    model = nn.Linear(2, 3)
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert mx.array_equal(other.weight, model.weight)
        other.weight = other.weight * 0
        assert model.weight.any().item()
