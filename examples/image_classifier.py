"""Train a small residual network to read characters in many typefaces, and test it on a typeface it never saw.

Shows convolutions with batch normalisation and shortcuts, a compiled step with momentum, and data drawn by Pillow in
matplotlib's own fonts. Expect a minute and nine of ten characters right; most mistakes look alike (1 and l, Q and g).
"""

import argparse
import string
import time
from functools import partial
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
import numpy as np
from mlx.utils import tree_flatten
from PIL import Image, ImageDraw, ImageFont
from tqdm import tqdm

CHARACTERS = string.ascii_uppercase + string.ascii_lowercase + string.digits
FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
TRAINING_FACES = ["DejaVuSans*", "DejaVuSerif*", "cmr10", "cmb10", "cmtt10", "cmss10"]  # Computer Modern is cm*
HELD_OUT_FACES = ["STIXGeneral*"]  # in the manner of Times: regular, bold, italic, bold italic
SIDE = 28


def font_files(patterns):
    files = [path for pattern in patterns for path in sorted(FONTS.glob(f"{pattern}.ttf"))]
    return [path for path in files if "Display" not in path.stem]  # which has no letters


def draw_character(character: str, font, draws) -> np.ndarray:
    """Return a SIDE x SIDE image in [0, 1]: the character slightly turned, slanted and shifted, with noise."""
    image = Image.new("L", (SIDE, SIDE))
    ImageDraw.Draw(image).text((SIDE / 2, SIDE * 0.76), character, fill=255, font=font, anchor="ms")
    turn, slant, (right, down) = draws.normal(0, 0.08), draws.normal(0, 0.1), draws.normal(0, 1.2, 2)
    matrix = np.array([[np.cos(turn), np.sin(turn) + slant], [-np.sin(turn), np.cos(turn)]])
    shift = SIDE / 2 - matrix @ [SIDE / 2 + right, SIDE / 2 + down]
    image = image.transform(
        (SIDE, SIDE), Image.Transform.AFFINE, (*matrix[0], shift[0], *matrix[1], shift[1]), Image.Resampling.BILINEAR
    )
    return np.clip(np.asarray(image, np.float32) / 255 + draws.normal(0, 0.08, (SIDE, SIDE)), 0, 1)


def draw_set(patterns, copies: int, seed: int):
    """Draw every character `copies` times in every face: images NHWC, labels."""
    draws = np.random.default_rng(seed)
    images, labels = [], []
    for path in tqdm(font_files(patterns), desc="drawing", unit="face", leave=False):
        fonts = [ImageFont.truetype(path, size) for size in range(20, 26)]
        for label, character in enumerate(CHARACTERS):
            for _ in range(copies):
                images.append(draw_character(character, fonts[draws.integers(len(fonts))], draws))
                labels.append(label)
    return np.stack(images).astype(np.float32)[..., None], np.array(labels, np.uint32)


class Residual(nn.Module):
    """Two convolutions beside a shortcut; halves the image when stride is 2."""

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.norm1, self.norm2 = nn.BatchNorm(outputs), nn.BatchNorm(outputs)
        self.shortcut = nn.Identity() if stride == 1 else nn.Conv2d(inputs, outputs, 1, stride, bias=False)

    def __call__(self, x):
        y = nn.relu(self.norm1(self.conv1(x)))
        return nn.relu(self.norm2(self.conv2(y)) + self.shortcut(x))


class ResNet(nn.Module):
    def __init__(self, classes: int, width: int):
        super().__init__()
        self.stem = nn.Conv2d(1, width, 3, padding=1)
        self.stages = nn.Sequential(
            Residual(width, width, 1), Residual(width, 2 * width, 2), Residual(2 * width, 4 * width, 2)
        )
        self.head = nn.Linear(4 * width, classes)

    def __call__(self, x):
        return self.head(mx.mean(self.stages(nn.relu(self.stem(x))), axis=(1, 2)))


def confusion_of(labels, predicted) -> np.ndarray:
    """How often each character (row) was read as each other one (column)."""
    confusion = np.zeros((len(CHARACTERS), len(CHARACTERS)), int)
    np.add.at(confusion, (labels, predicted), 1)
    return confusion


def most_confused(confusion, count: int = 6):
    """The commonest mistakes: (drawn, read, how often)."""
    mistakes = confusion * (1 - np.eye(len(CHARACTERS), dtype=int))
    rows, columns = np.unravel_index(np.argsort(-mistakes, axis=None)[:count], mistakes.shape)
    return [(CHARACTERS[row], CHARACTERS[column], mistakes[row, column]) for row, column in zip(rows, columns)]


def save_picture(path: Path, images, labels, predicted):
    draws = np.random.default_rng(0)
    mistakes = draws.permutation(np.flatnonzero(predicted != labels))[:8]
    others = draws.permutation(len(labels))[: 40 - len(mistakes)]
    figure = plt.figure(figsize=(11.5, 5.4), layout="constrained")
    left, right = figure.subfigures(1, 2)
    for axes, i in zip(left.subplots(5, 8).flat, [*others, *mistakes]):
        axes.imshow(images[i, :, :, 0], cmap="gray_r")
        axes.set_title(CHARACTERS[predicted[i]], color="C2" if predicted[i] == labels[i] else "C3", pad=2)
        axes.axis("off")
    left.suptitle("An unseen typeface and what is read (last row: mistakes)")
    axes = right.subplots()
    confusion = confusion_of(labels, predicted)
    axes.imshow(confusion / confusion.sum(axis=1, keepdims=True), cmap="Blues")
    axes.set(xlabel="predicted", ylabel="drawn", title="Confusion")
    axes.set_xticks(range(len(CHARACTERS)), CHARACTERS, fontsize=5)
    axes.set_yticks(range(len(CHARACTERS)), CHARACTERS, fontsize=5)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--copies", type=int, default=12, help="drawings of each character in each face")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--width", type=int, default=16, help="channels of the first stage")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "out")
    args = parser.parse_args()

    mx.random.seed(0)
    train_x, train_y = draw_set(TRAINING_FACES, args.copies, seed=0)
    test_x, test_y = draw_set(HELD_OUT_FACES, 4, seed=1)
    model = ResNet(len(CHARACTERS), args.width)
    parameters = sum(p.size for _, p in tree_flatten(model.trainable_parameters()))
    print(f"{len(train_y):,} drawings in {len(font_files(TRAINING_FACES))} faces, {len(test_y):,} in "
          f"{len(font_files(HELD_OUT_FACES))} unseen ones; {parameters:,} parameters")  # fmt: skip

    steps_per_epoch = len(train_y) // args.batch
    total = args.epochs * steps_per_epoch
    schedule = optim.cosine_decay(0.1, total, 1e-3)
    optimizer = optim.SGD(learning_rate=schedule, momentum=0.9, nesterov=True, weight_decay=1e-4)

    def loss_fn(images, labels):
        return nn.losses.cross_entropy(model(images), labels, label_smoothing=0.1, reduction="mean")

    state = [model.state, optimizer.state]

    @partial(mx.compile, inputs=state, outputs=state)
    def step(images, labels):
        loss, gradients = nn.value_and_grad(model, loss_fn)(images, labels)
        optimizer.update(model, gradients)
        return loss

    def predict(images):
        """The class of each image; in parts, which need less memory at once."""
        model.eval()
        parts = np.array_split(images, 8)
        return np.concatenate([np.array(mx.argmax(model(mx.array(part)), axis=-1)) for part in parts])

    shuffle = np.random.default_rng(2)
    began = time.perf_counter()
    with tqdm(total=total, unit="step") as progress:
        for _ in range(args.epochs):
            order = shuffle.permutation(len(train_y))[: steps_per_epoch * args.batch]
            for batch in np.split(order, steps_per_epoch):
                loss = step(mx.array(train_x[batch]), mx.array(train_y[batch]))
                mx.eval(loss, state)
                progress.set_postfix(loss=f"{loss.item():.3f}", refresh=False)
                progress.update()

    seconds = time.perf_counter() - began
    predicted = predict(test_x)
    print(f"trained in {seconds:.0f} s, {total * args.batch / seconds:,.0f} images/s ({mx.default_device()})")
    print(f"unseen typeface: {np.mean(predicted == test_y):.2%} of {len(test_y):,} characters right")
    picture = args.out / "image_classifier.png"
    save_picture(picture, test_x, test_y, predicted)
    mistakes = most_confused(confusion_of(test_y, predicted))
    print("most confused:", ", ".join(f"{drawn} as {read} ({count})" for drawn, read, count in mistakes))
    print(f"picture: {picture}")


if __name__ == "__main__":
    main()
