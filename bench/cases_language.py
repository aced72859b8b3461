"""A language model of Llama's kind with random weights: tokens per second of reading a prompt and of generating."""

import mlx.core as mx
import mlx.nn as nn
import numpy as np
from case import Case


class Cache:
    """Keys and values of one layer for at most `length` tokens."""

    def __init__(self, length):
        self.length, self.used, self.keys, self.values = length, 0, None, None

    def extend(self, keys, values):
        """Appends along the tokens' axis; returns everything kept so far."""
        if self.keys is None:
            shape = (*keys.shape[:2], self.length, keys.shape[3])
            self.keys, self.values = mx.zeros(shape, keys.dtype), mx.zeros(shape, values.dtype)
        first, self.used = self.used, self.used + keys.shape[2]
        self.keys[..., first : self.used, :] = keys
        self.values[..., first : self.used, :] = values
        return self.keys[..., : self.used, :], self.values[..., : self.used, :]


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads, self.scale = heads, (width // heads) ** -0.5
        self.query, self.key, self.value, self.out = (nn.Linear(width, width, bias=False) for _ in range(4))
        self.rope = nn.RoPE(width // heads)

    def __call__(self, x, cache):
        batch, length, width = x.shape
        split = lambda y: y.reshape(batch, length, self.heads, -1).transpose(0, 2, 1, 3)
        q, k, v = split(self.query(x)), split(self.key(x)), split(self.value(x))
        q, k = self.rope(q, offset=cache.used), self.rope(k, offset=cache.used)
        k, v = cache.extend(k, v)
        mask = "causal" if length > 1 else None
        y = mx.fast.scaled_dot_product_attention(q, k, v, scale=self.scale, mask=mask)
        return self.out(y.transpose(0, 2, 1, 3).reshape(batch, length, width))


class Block(nn.Module):
    def __init__(self, width, inner, heads):
        super().__init__()
        self.attention = Attention(width, heads)
        self.gate, self.up = nn.Linear(width, inner, bias=False), nn.Linear(width, inner, bias=False)
        self.down = nn.Linear(inner, width, bias=False)
        self.norms = [nn.RMSNorm(width), nn.RMSNorm(width)]

    def __call__(self, x, cache):
        x = x + self.attention(self.norms[0](x), cache)
        y = self.norms[1](x)
        return x + self.down(nn.silu(self.gate(y)) * self.up(y))


class Llama(nn.Module):
    """Tokens (batch, length) to the logits after the last of them; the head shares the embedding's weights."""

    def __init__(self, layers, width, inner, heads, vocabulary):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.blocks = [Block(width, inner, heads) for _ in range(layers)]
        self.norm = nn.RMSNorm(width)

    def __call__(self, tokens, caches):
        x = self.embedding(tokens)
        for block, cache in zip(self.blocks, caches):
            x = block(x, cache)
        return self.embedding.as_linear(self.norm(x[:, -1:]))[:, -1]


def make_model(layers, width, inner, heads, vocabulary, bits):
    mx.random.seed(0)
    model = Llama(layers, width, inner, heads, vocabulary)
    model.set_dtype(mx.bfloat16)
    if bits:
        nn.quantize(model, group_size=64, bits=bits)
    mx.eval(model.parameters())
    return model


def read_prompt(bits):
    """Logits after the prompt."""

    def build(*dimensions):
        *shape, tokens = dimensions
        model = make_model(*shape, bits)
        return lambda prompt: model(prompt[:, :tokens], [Cache(tokens) for _ in model.blocks])

    return build


def generate(bits):
    """The most likely continuation, token by token; the next one is on its way while the last is read."""

    def build(*dimensions):
        *shape, tokens = dimensions
        model = make_model(*shape, bits)

        def step(token, caches):
            token = mx.argmax(model(token[:, None], caches), axis=-1)
            mx.async_eval(token)
            return token

        def function(prompt):
            caches = [Cache(tokens) for _ in model.blocks]
            token, texts = step(prompt[:, 0], caches), []
            for _ in range(tokens - 1):
                following = step(token, caches)
                texts.append(token.item())
                token = following
            return token

        return function

    return build


def prompt_inputs(random, layers, width, inner, heads, vocabulary, tokens):
    return [random.integers(0, vocabulary, (1, tokens)).astype(np.uint32)]


# 12 layers, 768 wide, 12 heads and 32,000 tokens: 120 million parameters.
FULL = (12, 768, 2432, 12, 32000)
SMALL = (2, 64, 128, 2, 64)


def case(name, build, tokens):
    return Case(
        name, prompt_inputs, None, full=(*FULL, tokens), small=(*SMALL, 8), calls=tokens, tokens=True, build=build
    )


LANGUAGE = [
    case("Llama 120M prompt of 128 tokens, bfloat16", read_prompt(None), 128),
    case("Llama 120M prompt of 128 tokens, 4 bit", read_prompt(4), 128),
    case("Llama 120M generation, bfloat16", generate(None), 32),
    case("Llama 120M generation, 4 bit", generate(4), 32),
]
