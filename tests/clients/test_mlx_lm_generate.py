"""Text generated through mlx-lm's functions: the tokens MLX gives, and ways of generating that must agree."""

import json
from pathlib import Path

import mlx.core as mx
import mlx_lm
import pytest
from mlx_lm.models.cache import make_prompt_cache, trim_prompt_cache
from scenarios import PROMPT, PROMPTS, SCENARIOS, TOKENS, batch, greedy, rotating_cache, speculative, tokens_of

RECORD = json.loads((Path(__file__).parent / "data" / "tokens.json").read_text())


@pytest.mark.parametrize("name", SCENARIOS)
def test_tokens_are_those_of_mlx(name, checkpoint):
    assert SCENARIOS[name](checkpoint) == RECORD[name]


def test_a_draft_model_changes_nothing(checkpoint):
    assert speculative(checkpoint) == greedy(checkpoint)


def test_a_batch_gives_what_single_prompts_give(checkpoint):
    model, tokenizer = mlx_lm.load(str(checkpoint("llama")))
    singles = [tokens_of(model, tokenizer, prompt) for prompt in PROMPTS]
    stop = tokenizer.eos_token_id
    flat = [token for tokens in singles for token in (tokens[:-1] if tokens[-1] == stop else tokens)]
    assert [token for token in batch(checkpoint) if token != stop] == flat


def test_a_rotating_cache_forgets(checkpoint):
    assert rotating_cache(checkpoint) != greedy(checkpoint, "qwen3")


def test_a_prompt_read_in_steps_gives_the_same(checkpoint):
    assert greedy(checkpoint, "gemma3_text", prefill_step_size=5) == greedy(checkpoint, "gemma3_text")


def test_a_trimmed_cache_gives_the_same_again(checkpoint):
    model, tokenizer = mlx_lm.load(str(checkpoint("llama")))
    cache = make_prompt_cache(model)
    first = tokens_of(model, tokenizer, prompt_cache=cache)
    read = cache[0].offset
    assert trim_prompt_cache(cache, read) == read
    assert tokens_of(model, tokenizer, prompt_cache=cache) == first


def test_sampling_repeats_with_its_seed_only(checkpoint):
    first, again = SCENARIOS["sampled"](checkpoint), SCENARIOS["sampled"](checkpoint)
    assert first == again != greedy(checkpoint)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_models_of_half_precision_generate(dtype, checkpoint):
    model, tokenizer = mlx_lm.load(str(checkpoint("llama")))
    prompt = mx.array(tokenizer.encode(PROMPT))[None]
    want = model(prompt)
    model.set_dtype(getattr(mx, dtype))
    got = model(prompt)
    assert got.dtype == getattr(mx, dtype)
    assert (mx.abs(got - want).max() / mx.abs(want).max()).item() < 0.05
    assert len(tokens_of(model, tokenizer)) <= TOKENS
