"""mlx_lm.lora and mlx_lm.fuse: fine-tuning gives MLX's losses, and the fused model is the adapted one."""

import json
import re

import mlx.core as mx
import mlx_lm
import pytest

ITERATIONS = 20


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    texts = [f"Row {i}: the quick brown fox jumps over {i % 7} lazy dogs." for i in range(40)]
    for name, part in (("train", texts[:24]), ("valid", texts[24:32]), ("test", texts[32:])):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in part))
    return folder


def losses(told, kind):
    """The losses of this kind (train or val) in what mlx_lm.lora printed."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", told)
    column = r"val +([\d.]+)" if kind == "val" else r"^ +\d+ +([\d.]+)"
    return [float(loss) for loss in re.findall(column, plain, re.MULTILINE)]


# Architecture, options, the training losses that MLX reports after 5 and 10 iterations, and how closely the second is
# met. At this learning rate a step's rounding grows: mamba's second loss moves by as much as that when MLX's learning
# rate changes by a ten-thousandth.
TRAININGS = [
    ("llama", ["--fine-tune-type", "lora"], [4.837, 1.192], 2e-3),
    ("llama", ["--fine-tune-type", "dora", "--optimizer", "adamw"], [4.833, 1.157], 2e-3),
    ("mixtral", ["--grad-checkpoint"], [5.419, 1.661], 2e-3),
    ("qwen2", ["--fine-tune-type", "full", "--optimizer", "sgd"], [7.690, 7.615], 2e-3),
    ("phi3", ["--optimizer", "muon", "--grad-accumulation-steps", 2], [7.163, 6.872], 2e-3),
    ("mamba", ["--optimizer", "adam"], [5.842, 2.461], 1e-2),
]


def train(command, model, data, adapters, options):
    return command(
        "mlx_lm.lora", "--model", model, "--train", "--data", data, "--adapter-path", adapters, "--iters", ITERATIONS,
        "--batch-size", 4, "--num-layers", 2, "--learning-rate", 1e-3, "--steps-per-report", 5, "--val-batches", 2,
        *options,
    )  # fmt: skip


@pytest.mark.parametrize("architecture, options, recorded, rel", TRAININGS, ids=lambda value: str(value))
def test_losses_are_those_of_mlx_and_fusing_keeps_what_was_learned(
    architecture, options, recorded, rel, checkpoint, data, command, tmp_path
):
    folder, adapters, fused = str(checkpoint(architecture)), tmp_path / "adapters", tmp_path / "fused"
    told = train(command, folder, data, adapters, options)
    first, second = losses(told, "train")[:2]
    assert first == pytest.approx(recorded[0], rel=2e-3)
    assert second == pytest.approx(recorded[1], rel=rel)
    before, *_, after = losses(told, "val")
    assert after < before
    command("mlx_lm.fuse", "--model", folder, "--adapter-path", adapters, "--save-path", fused)
    adapted, tokenizer = mlx_lm.load(folder, adapter_path=str(adapters))
    whole, _ = mlx_lm.load(str(fused))
    prompt = mx.array(tokenizer.encode("Row 3: the quick"))[None]
    original, _ = mlx_lm.load(folder)
    assert mx.allclose(whole(prompt), adapted(prompt), rtol=1e-3, atol=1e-3)
    assert not mx.allclose(whole(prompt), original(prompt), rtol=1e-2, atol=1e-2)


def test_a_fused_model_is_exported_to_gguf(checkpoint, data, command, tmp_path):
    folder, adapters = str(checkpoint("llama")), tmp_path / "adapters"
    train(command, folder, data, adapters, ["--iters", 2])
    command("mlx_lm.fuse", "--model", folder, "--adapter-path", adapters, "--save-path", tmp_path, "--export-gguf")
    weights = mx.load(str(tmp_path / "ggml-model-f16.gguf"))
    fused = mx.load(str(tmp_path / "model.safetensors"))["model.embed_tokens.weight"]
    assert mx.allclose(weights["token_embd.weight"], fused, rtol=1e-3, atol=1e-3)


def test_a_quantized_model_trains_too(checkpoint, data, command, tmp_path):
    small = tmp_path / "small"
    command("mlx_lm.convert", "--hf-path", checkpoint("llama"), "--mlx-path", small, "-q", "--q-group-size", 32)
    told = train(command, small, data, tmp_path / "adapters", [])
    before, *_, after = losses(told, "val")
    assert after < 0.8 * before
    told = command("mlx_lm.lora", "--model", small, "--data", data, "--adapter-path", tmp_path / "adapters", "--test",
                   "--batch-size", 4)  # fmt: skip
    assert float(re.search(r"Test loss ([\d.]+)", told)[1]) < before
