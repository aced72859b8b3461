"""Each example runs briefly to its end, prints a sound figure and leaves its picture."""

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

pytest.importorskip("matplotlib")
pytest.importorskip("sklearn")
ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Example:
    """A brief run; each pattern captures a number that lies strictly between the two bounds."""

    name: str
    arguments: str
    figures: dict
    says: str = "picture: "


EXAMPLES = [
    Example("digits", "--steps 25", {r"held-out accuracy: ([\d.]+)%": (30, 101)}, "time to the first step"),
    Example("char_transformer", "--steps 6 --batch 4 --context 32 --layers 1 --width 32 --sample 10",
            {r"held-out loss: ([\d.]+)": (0, 6)}, "--- sample ---"),
    Example("compile_gelu", "--sizes 1000 10000 --repeats 2", {r"10,000 +([\d.]+)": (0, 1e6)}),
    Example("quantised_lm", "--steps 20 --width 64 --layers 1 --batch 8 --context 32 --sample 8",
            {r"float32: .* loss ([\d.]+)": (0, 6.5), r"4 bits: .* loss ([\d.]+)": (0, 6.5),
             r"4 bits: ([\d.]+) MiB": (0.01, 0.2)}, "--- sample at 4 bits ---"),
    Example("lora", "--steps 20 --tuning-steps 20 --width 32 --layers 1 --batch 8 --context 32 --sample 5",
            {r"with LoRA: .* ([\d.]+) on the manual": (0, 4), r"differ by ([\d.e+-]+)": (-1, 1e-3),
             r"parameters, ([\d.]+)% of all": (1, 40)}, "--- sample of the fused model ---"),
    Example("image_classifier", "--copies 3 --width 8 --epochs 2", {r"typeface: ([\d.]+)%": (5, 101)}),
    Example("vae", "--epochs 5", {r"held-out digits: ([\d.]+) nats": (20, 30)}),
    Example("graph_network", "--nodes 500 --labels 5 --draws 1 --steps 30",
            {r"([\d.]+)% with edges": (70, 101), r"([\d.]+)% without edges": (30, 90)}),
    Example("tones", "--steps 8 --batch 16 --width 8 --tests 20", {r"([\d.]+)% at \+20 dB": (-1, 101)}, "training"),
    Example("data_parallel", "--epochs 1", {r"held-out accuracy: ([\d.]+)%": (85, 101), r"differ by (\S+)": (-1, 1e-6)}),
]  # fmt: skip


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.name)
def test_example(example, tmp_path):
    process = subprocess.run(
        [sys.executable, ROOT / "examples" / f"{example.name}.py", *example.arguments.split(), "--out", tmp_path],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert process.returncode == 0, process.stdout + process.stderr
    assert example.says in process.stdout
    for pattern, (low, high) in example.figures.items():
        found = re.search(pattern, process.stdout)
        assert found and low < float(found[1]) < high, f"{pattern}\n{process.stdout}"
    picture = (tmp_path / f"{example.name}.png").read_bytes()
    assert picture.startswith(b"\x89PNG") and len(picture) > 5000


def test_every_example_has_a_row_here_and_in_the_list():
    scripts = {path.stem for path in (ROOT / "examples").glob("*.py")}
    assert scripts == {example.name for example in EXAMPLES}
    assert scripts == set(re.findall(r"^\| `(\w+)\.py`", (ROOT / "examples" / "README.md").read_text(), re.MULTILINE))
