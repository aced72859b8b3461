"""mlx-lm in several processes: what they generate and learn together is what one process does alone."""

import json
import re
import subprocess
import sys
from pathlib import Path

import mlx.core as mx
import mlx_lm
import pytest
from safetensors_index import write_index
from scenarios import tokens_of

PROGRAM = Path(__file__).with_name("distributed_generate.py")
pytestmark = pytest.mark.skipif(not mx.distributed.is_available("ring"), reason="this build has no Gloo")


def launch(count, *words):
    command = [sys.executable, "-m", "mlx.launch", "-n", str(count), "-p", "0", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "architecture, how", [("llama", "tensor"), ("qwen3_moe", "tensor"), ("qwen3_moe", "pipeline"), ("deepseek_v3", "pipeline")]
)  # fmt: skip
def test_two_processes_generate_what_one_does(architecture, how, checkpoint):
    folder = checkpoint(architecture)
    write_index(folder)
    model, tokenizer = mlx_lm.load(str(folder))
    alone = [int(token) for token in tokens_of(model, tokenizer)]
    said = [
        json.loads(line.split(" ", 1)[1]) for line in launch(2, PROGRAM, folder, how).splitlines() if "tokens" in line
    ]
    assert [each["tokens"] for each in said] == [alone, alone]


def test_adapters_are_trained_together(checkpoint, tmp_path):
    rows = [json.dumps({"text": f"Numbers: {i} {i + 1} {i + 2}."}) for i in range(16)]
    for name in ("train", "valid"):
        (tmp_path / f"{name}.jsonl").write_text("\n".join(rows))
    words = ["--model", checkpoint("llama"), "--train", "--data", tmp_path, "--adapter-path", tmp_path / "adapters",
             "--iters", 4, "--batch-size", 4, "--num-layers", 2, "--steps-per-report", 2, "--val-batches", 1]  # fmt: skip
    said = launch(2, sys.executable, "-m", "mlx_lm", "lora", *words)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", said)
    losses = [float(value) for value in re.findall(r"^\[0\]  +\d+ +([\d.]+)", plain, re.MULTILINE)]
    assert len(losses) == 2 and all(0 < loss < 20 for loss in losses)
    assert (tmp_path / "adapters" / "adapters.safetensors").exists()


def test_files_are_shared(tmp_path):
    source, target = tmp_path / "source", tmp_path / "target"
    (source / "inner").mkdir(parents=True)
    (source / "inner" / "weights.bin").write_bytes(bytes(range(256)) * 4000)
    (source / "notes.txt").write_text("words")
    # One directory serves both: rank 1 gets its copy under another name.
    launch(2, sys.executable, "-m", "mlx_lm", "share", "--path", source, "--dst", target)
    assert (target / "inner" / "weights.bin").read_bytes() == (source / "inner" / "weights.bin").read_bytes()
    assert (target / "notes.txt").read_text() == "words"
