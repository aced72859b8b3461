"""Ways to generate text with mlx-lm: each is a function of a folder maker and returns the tokens."""

import contextlib
import functools
import io
import tempfile
from pathlib import Path

import mlx.core as mx
import mlx_lm
from checkpoints import ARCHITECTURES
from mlx_lm.models.cache import load_prompt_cache, make_prompt_cache, save_prompt_cache
from mlx_lm.sample_utils import make_logits_processors, make_sampler

PROMPT = "The quick brown fox reads one row of 0 1 2 3 numbers"
PROMPTS = ["The quick", "A kernel reads its arguments, computes, and writes", "letters"]
TOKENS = 24


def tokens_of(model, tokenizer, prompt=PROMPT, tokens=TOKENS, **options):
    return [r.token for r in mlx_lm.stream_generate(model, tokenizer, prompt, max_tokens=tokens, **options)]


def greedy(checkpoint, architecture="llama", **options):
    return tokens_of(*mlx_lm.load(str(checkpoint(architecture))), **options)


def sampled(checkpoint):
    model, tokenizer = mlx_lm.load(str(checkpoint("llama")))
    mx.random.seed(7)  # here, as the layers' initialisers draw too
    return tokens_of(model, tokenizer, sampler=make_sampler(temp=0.8, top_p=0.9, min_p=0.02, top_k=50))


def penalised(checkpoint):
    processors = make_logits_processors(logit_bias={5: 1.0}, repetition_penalty=1.3)
    return greedy(checkpoint, "qwen2", logits_processors=processors)


def rotating_cache(checkpoint):
    """The window is shorter than the prompt."""
    return greedy(checkpoint, "qwen3", max_kv_size=16)


def quantized_cache(checkpoint, bits):
    return greedy(checkpoint, kv_bits=bits, kv_group_size=32, quantized_kv_start=0)


def speculative(checkpoint):
    draft, _ = mlx_lm.load(str(checkpoint("llama", seed=1)))
    return greedy(checkpoint, draft_model=draft, num_draft_tokens=3)


def batch(checkpoint, architecture="llama"):
    model, tokenizer = mlx_lm.load(str(checkpoint(architecture)))
    prompts = [tokenizer.encode(prompt) for prompt in PROMPTS]
    response = mlx_lm.batch_generate(model, tokenizer, prompts, max_tokens=TOKENS, return_token_ids=True)
    return [token for tokens in response.token_ids for token in tokens]


def saved_cache(checkpoint, architecture="llama"):
    """The prompt is read into a cache, which goes through a file before generation goes on from it."""
    model, tokenizer = mlx_lm.load(str(checkpoint(architecture)))
    cache = make_prompt_cache(model)
    model(mx.array(tokenizer.encode(PROMPT))[None], cache=cache)
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "cache.safetensors")
        save_prompt_cache(path, cache, {"prompt": PROMPT})
        loaded, metadata = load_prompt_cache(path, return_metadata=True)
        assert metadata == {"prompt": PROMPT}
        return tokens_of(model, tokenizer, " and letters", prompt_cache=loaded)


def converted(checkpoint, architecture="llama", **options):
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        path = str(Path(folder) / "converted")
        mlx_lm.convert(str(checkpoint(architecture)), path, quantize=True, **options)
        return tokens_of(*mlx_lm.load(path))


SCENARIOS = {
    **{f"greedy {name}": functools.partial(greedy, architecture=name) for name in ARCHITECTURES},
    "sampled": sampled,
    "penalised": penalised,
    "rotating cache": rotating_cache,
    "4-bit cache": functools.partial(quantized_cache, bits=4),
    "8-bit cache": functools.partial(quantized_cache, bits=8),
    "speculative": speculative,
    "batch llama": batch,
    "batch mamba": functools.partial(batch, architecture="mamba"),
    "saved cache": saved_cache,
    "saved cache of mamba2": functools.partial(saved_cache, architecture="mamba2"),
    "affine 4 bit": functools.partial(converted, q_bits=4, q_group_size=32),
    "affine 8 bit, 64": functools.partial(converted, q_bits=8, q_group_size=64),
    "affine 3 bit": functools.partial(converted, q_bits=3, q_group_size=32),
    "affine 4 bit, mixture": functools.partial(converted, architecture="mixtral", q_bits=4, q_group_size=32),
    "nvfp4": functools.partial(converted, q_mode="nvfp4"),
}
