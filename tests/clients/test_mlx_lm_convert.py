"""mlx_lm.convert: quantised checkpoints load, generate, and say what their dequantised weights say."""

import json

import mlx_lm
import pytest
from scenarios import PROMPT, tokens_of

MODES = [
    ("affine", 32, 4, "llama"),
    ("affine", 64, 8, "qwen2"),
    ("affine", 32, 2, "mamba"),
    ("mxfp4", 32, 4, "llama"),
    ("mxfp4", 32, 4, "gpt_oss"),
    ("mxfp8", 32, 8, "gemma2"),
    ("nvfp4", 16, 4, "phi3"),
]


@pytest.mark.parametrize("mode, group, bits, architecture", MODES)
def test_a_quantized_checkpoint_generates_like_its_dequantized_one(
    mode, group, bits, architecture, checkpoint, command, tmp_path
):
    small, plain = tmp_path / "small", tmp_path / "plain"
    options = ["--q-group-size", group, "--q-bits", bits, "--q-mode", mode]
    told = command("mlx_lm.convert", "--hf-path", checkpoint(architecture), "--mlx-path", small, "-q", *options)
    assert "bits per weight" in told
    quantization = json.loads((small / "config.json").read_text())["quantization"]
    assert quantization["group_size"] == group and quantization["bits"] == bits and quantization["mode"] == mode
    command("mlx_lm.convert", "--hf-path", small, "--mlx-path", plain, "-d")
    assert "quantization" not in json.loads((plain / "config.json").read_text())
    assert tokens_of(*mlx_lm.load(str(small))) == tokens_of(*mlx_lm.load(str(plain)))


def test_a_converted_dtype_is_kept(checkpoint, command, tmp_path):
    command("mlx_lm.convert", "--hf-path", checkpoint("qwen3"), "--mlx-path", tmp_path / "b", "--dtype", "bfloat16")
    model, _ = mlx_lm.load(str(tmp_path / "b"))
    assert str(model.model.embed_tokens.weight.dtype) == "mlx.core.bfloat16"


def test_the_generate_command_prints_the_text(checkpoint, command):
    folder = checkpoint("llama")
    told = command("mlx_lm.generate", "--model", folder, "--prompt", PROMPT, "--ignore-chat-template",
                   "--max-tokens", 8, "--temp", 0)  # fmt: skip
    model, tokenizer = mlx_lm.load(str(folder))
    assert mlx_lm.generate(model, tokenizer, PROMPT, max_tokens=8) in told
    assert "Generation: 8 tokens" in told and "Peak memory" in told


def test_the_generate_command_goes_on_from_a_cached_prompt(checkpoint, command, tmp_path):
    folder, cache = checkpoint("llama"), tmp_path / "cache.safetensors"
    command("mlx_lm.cache_prompt", "--model", folder, "--prompt", PROMPT, "--prompt-cache-file", cache)
    told = command("mlx_lm.generate", "--model", folder, "--prompt-cache-file", cache, "--prompt", "letters",
                   "--max-tokens", 4)  # fmt: skip
    assert "Generation: 4 tokens" in told


def test_the_benchmark_command_measures(checkpoint, command):
    told = command("mlx_lm.benchmark", "--model", checkpoint("llama"), "--prompt-tokens", 16,
                   "--generation-tokens", 4, "--batch-size", 2, "--num-trials", 1)  # fmt: skip
    assert "Averages: prompt_tps=" in told


def test_missing_weights_are_an_error(checkpoint, tmp_path):
    (tmp_path / "config.json").write_text((checkpoint("llama") / "config.json").read_text())
    with pytest.raises(FileNotFoundError, match="safetensors"):
        mlx_lm.load(str(tmp_path))
