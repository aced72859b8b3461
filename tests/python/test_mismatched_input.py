"""Files, checkpoints, gradients and sizes that do not fit: the type of the error, and that it names what was wrong."""

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
import numpy as np
import pytest


def mlp():
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))


ONES = mx.ones
PARAMETERS = {"a": ONES(3), "b": [ONES(2), ONES(2)]}
OPTIMIZERS = [
    lambda: optim.SGD(0.1), lambda: optim.SGD(0.1, momentum=0.9), lambda: optim.Adam(0.1), lambda: optim.AdamW(0.1),
    lambda: optim.Lion(0.1), lambda: optim.Adafactor(), lambda: optim.RMSprop(0.1), lambda: optim.Muon(0.1),
    lambda: optim.MultiOptimizer([optim.SGD(0.1), optim.SGD(0.2)], [lambda path, gradient: path == "a"]),
]  # fmt: skip


@pytest.mark.parametrize("make", OPTIMIZERS)
@pytest.mark.parametrize(
    "gradients, error, names",
    [
        ({"a": ONES(3), "c": ONES(1)}, KeyError, "entry 'c' that the parameters lack"),
        ({"b": [ONES(2)] * 3}, IndexError, r"gradients\['b'\] has an entry 2"),
        ({"b": {"x": ONES(2)}}, TypeError, r"gradients\['b'\] has an entry 'x'"),
        ({"a": ONES(4)}, ValueError, r"gradients\['a'\] has shape \(4,\), its parameter \(3,\)"),
        ({"a": 2.0}, (TypeError, AttributeError), r"gradients\['a'\] is of type float, not an array"),
        ({"a": np.ones(3, np.float32)}, TypeError, r"gradients\['a'\] is of type ndarray, not an array"),
        ({"b": ONES(2)}, (ValueError, TypeError, AttributeError), r"gradients\['b'\] is an array where .* a list"),
    ],
)
def test_gradients_that_do_not_fit(make, gradients, error, names):
    optimizer = make()
    with pytest.raises(error, match=names):
        mx.eval(optimizer.apply_gradients(gradients, PARAMETERS))


@pytest.mark.parametrize("gradients", [{}, {"a": ONES(3)}, {"b": [ONES(2)]}, {"a": ONES(1)}])
def test_gradients_may_cover_some_parameters_and_broadcast(gradients):
    updated = optim.SGD(1.0).apply_gradients(gradients, PARAMETERS)
    assert updated.keys() == gradients.keys()
    assert "a" not in updated or updated["a"].tolist() == [0, 0, 0]


def test_an_error_of_the_rule_itself_is_left_alone():
    class Faulty(optim.SGD):
        def apply_single(self, gradient, parameter, state):
            raise ValueError("of its own")

    with pytest.raises(ValueError, match="^of its own$"):
        Faulty(0.1).apply_gradients({"a": ONES(3)}, PARAMETERS)


def test_a_state_of_other_shapes_or_without_its_scalars():
    optimizer = optim.Adam(0.1)
    optimizer.apply_gradients({"a": ONES(3)}, {"a": ONES(3)})
    with pytest.raises(ValueError, match="Shapes"):
        optimizer.apply_gradients({"a": ONES(4)}, {"a": ONES(4)})
    optimizer.state = {"step": mx.array(3, mx.uint64)}
    with pytest.raises(KeyError, match="learning_rate"):
        optimizer.apply_gradients({"a": ONES(3)}, {"a": ONES(3)})


WEIGHTS = {
    "unknown": (
        [("weight", ONES((3, 4))), ("bias", ONES(3)), ("extra", ONES(1))],
        "Received 1 parameters not in model: \nextra",
    ),
    "missing": ([("weight", ONES((3, 4)))], "Missing 1 parameters: \nbias"),
    "shape": (
        [("weight", ONES((4, 3))), ("bias", ONES(3))],
        r"Expected shape \(3, 4\) but received shape \(4, 3\) for parameter weight",
    ),
    "type": (
        [("weight", np.ones((3, 4))), ("bias", ONES(3))],
        "Expected mx.array but received .*ndarray.* for parameter weight",
    ),
}


@pytest.mark.parametrize("kind", WEIGHTS)
def test_strict_loading_says_what_does_not_fit(kind):
    weights, names = WEIGHTS[kind]
    with pytest.raises(ValueError, match=names):
        nn.Linear(4, 3).load_weights(weights)


@pytest.mark.parametrize("kind", ["unknown", "missing", "shape"])
def test_lenient_loading_takes_it(kind):
    assert nn.Linear(4, 3).load_weights(WEIGHTS[kind][0], strict=False).weight.shape in [(3, 4), (4, 3)]


@pytest.mark.parametrize(
    "name, error", [("no.safetensors", RuntimeError), ("no.npz", ValueError), ("no.bin", ValueError)]
)
def test_a_file_that_is_not_there(tmp_path, name, error):
    with pytest.raises(error, match="no.npz|no.safetensors|format bin"):
        nn.Linear(4, 3).load_weights(str(tmp_path / name))


@pytest.mark.parametrize("length", [0, 4, 20, -8])
def test_a_truncated_checkpoint(tmp_path, length):
    file = tmp_path / "model.safetensors"
    nn.Linear(4, 3).save_weights(str(file))
    file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(RuntimeError, match="model.safetensors"):
        mx.eval(nn.Linear(4, 3).load_weights(str(file)).parameters())


@pytest.mark.parametrize("name, error", [("x.safetensors", RuntimeError), ("x.npz", FileNotFoundError)])
def test_a_folder_that_is_not_there(tmp_path, name, error):
    with pytest.raises(error, match=name):
        nn.Linear(4, 3).save_weights(str(tmp_path / "folder" / name))


UPDATES = [
    (lambda: mlp().update({"layers": [{"nope": ONES(1)}]}), 'does not have parameter named "nope"'),
    (lambda: mlp().update({"layers": [{}, {}, {}, {"weight": ONES(1)}]}), "Index 3 is outside"),
    (lambda: mlp().update({"layers": {"0": {"weight": ONES(1)}}}), 'does not have parameter named "0"'),
    (lambda: mlp().update({"layers": [{"weight": {"deep": ONES(1)}}]}), "'weight' cannot be of type dict"),
    (lambda: mlp().update_modules({"nope": nn.ReLU()}), 'does not have sub-module named "nope"'),
    (lambda: mlp().update_modules({"layers": [nn.ReLU()] * 5}), "Index 3 is outside"),
]


@pytest.mark.parametrize("call, names", UPDATES)
def test_a_tree_that_does_not_fit_the_model(call, names):
    with pytest.raises(ValueError, match=names):
        call()


def quantized(*layers, **arguments):
    return nn.quantize(nn.Sequential(*layers), **arguments)


LINEAR = nn.Linear(128, 64)
SIZES = [
    (lambda: quantized(nn.Linear(50, 64)), r"divisible by .* group size 64.*\(64,50\)"),
    (lambda: quantized(nn.Linear(48, 64), mode="mxfp4"), "group size 32"),
    (lambda: quantized(LINEAR, group_size=48), "group size 48"),
    (lambda: quantized(LINEAR, bits=7), "bits 7"),
    (lambda: quantized(LINEAR, bits=0), "bits 0"),
    (lambda: quantized(LINEAR, mode="nope"), "'nope'"),
    (lambda: quantized(LINEAR, mode="mxfp4", bits=8), "mxfp4 .* 4 but got 8"),
    (lambda: quantized(LINEAR, mode="mxfp4", group_size=64), "32 but got 64"),
    (lambda: quantized(LINEAR, quantize_input=True), "not with affine"),
    (lambda: quantized(nn.ReLU(), class_predicate=lambda path, module: True), "layers.0 of type ReLU"),
    (lambda: quantized(LINEAR, class_predicate=lambda path, module: "yes"), "class_predicate"),
    (lambda: nn.QuantizedLinear(50, 8), "group size 64"),
    (lambda: nn.QuantizedEmbedding(5, 50), "group size 64"),
    (lambda: nn.QuantizedLinear(64, 8)(ONES((2, 32))), "32"),
]


@pytest.mark.parametrize("call, names", SIZES)
def test_sizes_that_cannot_be_quantised(call, names):
    with pytest.raises(ValueError, match=names):
        call()
