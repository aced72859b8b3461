"""Whole training steps: a small MLP with Adam and a small transformer with AdamW."""

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
import numpy as np
from case import Case


def mlp_inputs(random, batch, width, classes):
    images = random.standard_normal((batch, 784)).astype(np.float32)
    return [images, random.integers(0, classes, batch).astype(np.uint32)]


def token_inputs(random, batch, length, layers, width, vocabulary):
    tokens = random.integers(0, vocabulary, (batch, length + 1)).astype(np.int32)
    return [tokens[:, :-1], tokens[:, 1:]]


class Transformer(nn.Module):
    def __init__(self, layers, width, vocabulary):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.encoder = nn.TransformerEncoder(layers, width, max(1, width // 32), 4 * width, norm_first=True)
        self.out = nn.Linear(width, vocabulary)

    def __call__(self, tokens):
        mask = nn.MultiHeadAttention.create_additive_causal_mask(tokens.shape[1])
        return self.out(self.encoder(self.embedding(tokens), mask))


def training_step(model, optimizer, compiled):
    """A function (inputs, labels) -> everything that one step changes, and its loss."""

    def loss_fn(inputs, labels):
        return nn.losses.cross_entropy(model(inputs), labels, reduction="mean")

    loss_and_gradients = nn.value_and_grad(model, loss_fn)

    def step(inputs, labels):
        loss, gradients = loss_and_gradients(inputs, labels)
        optimizer.update(model, gradients)
        return loss

    state = [model.state, optimizer.state]
    mx.eval(state)
    if compiled:
        step = mx.compile(step, inputs=state, outputs=state)
    return lambda inputs, labels: (step(inputs, labels), state)


def mlp_step(compiled):
    def build(batch, width, classes):
        mx.random.seed(0)
        model = nn.Sequential(nn.Linear(784, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(),
                              nn.Linear(width, classes))  # fmt: skip
        return training_step(model, optim.Adam(learning_rate=1e-3), compiled)

    return build


def transformer_step(compiled):
    def build(batch, length, layers, width, vocabulary):
        mx.random.seed(0)
        model = Transformer(layers, width, vocabulary)
        return training_step(model, optim.AdamW(learning_rate=1e-3), compiled)

    return build


MLP = dict(inputs=mlp_inputs, function=None, full=(256, 256, 10), small=(8, 16, 10))
TRANSFORMER = dict(inputs=token_inputs, function=None, full=(8, 128, 4, 256, 256), small=(2, 8, 1, 32, 16))

TRAIN = [
    Case("MLP train step, Adam", build=mlp_step(False), **MLP),
    Case("MLP train step, Adam, compiled", build=mlp_step(True), **MLP),
    Case("transformer train step, AdamW", build=transformer_step(False), **TRANSFORMER),
    Case("transformer train step, AdamW, compiled", build=transformer_step(True), **TRANSFORMER),
]
