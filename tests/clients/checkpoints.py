"""Tiny checkpoints in Hugging Face's layout, made here: a config, a tokenizer trained on a few lines, drawn weights."""

import importlib
import json
from pathlib import Path

import numpy as np

VOCABULARY = 320
TEXT = [
    "The quick brown fox jumps over the lazy dog.",
    "A kernel reads its arguments, computes, and writes one row of the result.",
    "Numbers: 0 1 2 3 4 5 6 7 8 9, and letters after them.",
]
CHAT_TEMPLATE = (
    "{% for message in messages %}<s>{{ message.role }}: {{ message.content }}</s>{% endfor %}"
    "{% if add_generation_prompt %}<s>assistant: {% endif %}"
)

COMMON = dict(
    vocab_size=VOCABULARY, hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, rms_norm_eps=1e-5, rope_theta=10000.0, max_position_embeddings=512,
)  # fmt: skip
EXPERTS = dict(
    num_experts=4, num_experts_per_tok=2, moe_intermediate_size=64, decoder_sparse_step=1, mlp_only_layers=[],
    norm_topk_prob=True,
)  # fmt: skip
LATENT = dict(
    num_key_value_heads=4, moe_intermediate_size=64, n_shared_experts=1, n_routed_experts=4, num_experts_per_tok=2,
    kv_lora_rank=32, q_lora_rank=32, qk_rope_head_dim=16, qk_nope_head_dim=32, v_head_dim=32, n_group=1, topk_group=1,
    first_k_dense_replace=1,
)  # fmt: skip
LINEAR_ATTENTION = dict(
    num_hidden_layers=4, head_dim=32, partial_rotary_factor=0.5, linear_num_value_heads=4, linear_num_key_heads=2,
    linear_key_head_dim=32, linear_value_head_dim=32, linear_conv_kernel_dim=4, shared_expert_intermediate_size=64,
)  # fmt: skip
MAMBA = dict(
    state_size=16, conv_kernel=4, use_bias=False, use_conv_bias=True, time_step_rank=4, tie_word_embeddings=True,
)  # fmt: skip
YARN = dict(
    rope_type="yarn", factor=4.0, original_max_position_embeddings=128, beta_fast=32.0, beta_slow=1.0,
    mscale_all_dim=1.0,
)  # fmt: skip

# What each architecture says beyond COMMON.
ARCHITECTURES = {
    "llama": dict(head_dim=32, tie_word_embeddings=False),
    "qwen2": dict(),
    "qwen3": dict(head_dim=32, tie_word_embeddings=True),
    "qwen3_moe": dict(head_dim=32, tie_word_embeddings=False, **EXPERTS),
    "qwen3_next": dict(**EXPERTS, **LINEAR_ATTENTION),
    "gemma": dict(head_dim=32),
    "gemma2": dict(head_dim=32),
    "gemma3_text": dict(head_dim=32, sliding_window=16, sliding_window_pattern=2),
    "mixtral": dict(num_local_experts=4, num_experts_per_tok=2),
    "phi3": dict(num_key_value_heads=4),
    "mamba": dict(**MAMBA),
    "mamba2": dict(
        num_heads=4, head_dim=32, n_groups=1, layer_norm_epsilon=1e-5, time_step_limit=[0.001, 100.0], **MAMBA
    ),
    "deepseek_v2": dict(topk_method="greedy", rope_scaling=YARN, **LATENT),
    "deepseek_v3": dict(num_nextn_predict_layers=0, **LATENT),
    "gpt_oss": dict(
        num_local_experts=4, num_experts_per_tok=2, head_dim=32, sliding_window=16, rope_scaling=YARN,
        layer_types=["sliding_attention", "full_attention"],
    ),
    "recurrent_gemma": dict(
        attention_bias=False, conv1d_width=4, logits_soft_cap=30.0, attention_window_size=16, num_hidden_layers=3,
        block_types=["recurrent", "recurrent", "attention"],
    ),
    "cohere2": dict(head_dim=16, num_hidden_layers=4, sliding_window=16),
    "llama4_text": dict(
        head_dim=32, intermediate_size_mlp=128, tie_word_embeddings=False, no_rope_layers=[1, 0], use_qk_norm=True,
    ),
    "lfm2": dict(
        norm_eps=1e-5, conv_bias=False, conv_L_cache=3, block_dim=64, block_ff_dim=128, block_multiple_of=16,
        block_ffn_dim_multiplier=1.0, block_auto_adjust_ff_dim=False, full_attn_idxs=[1],
    ),
    "jamba": dict(
        num_hidden_layers=4, attn_layer_offset=1, attn_layer_period=2, expert_layer_offset=1, expert_layer_period=2,
        mamba_d_conv=4, mamba_d_state=16, mamba_expand=2, num_experts=4, num_experts_per_tok=2,
    ),
    "falcon_h1": dict(
        head_dim=32, mamba_d_head=32, mamba_d_ssm=128, mamba_d_state=16, mamba_n_heads=4,
        tie_word_embeddings=False,
    ),
    "olmoe": dict(num_experts=4, num_experts_per_tok=2),
    "rwkv7": dict(
        norm_eps=1e-5, head_dim=32, a_low_rank_dim=16, v_low_rank_dim=16, gate_low_rank_dim=16, decay_low_rank_dim=16
    ),
}  # fmt: skip


def config_of(architecture: str, **changes) -> dict:
    config = {"model_type": architecture, **COMMON, **ARCHITECTURES[architecture], **changes}
    return {**config, "torch_dtype": "float32", "bos_token_id": 0, "eos_token_id": 1}


def write_tokenizer(folder: Path):
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=["<s>", "</s>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )  # fmt: skip
    tokenizer.train_from_iterator(TEXT, trainer)
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>", "eos_token": "</s>",
        "clean_up_tokenization_spaces": False, "chat_template": CHAT_TEMPLATE,
    }  # fmt: skip
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))


def draw(name: str, shape: tuple, random) -> np.ndarray:
    """Weights large enough that the next token depends on the prompt; norms near one."""
    if len(shape) == 1:
        return random.uniform(0.5, 1.5, shape).astype(np.float32)
    return (random.standard_normal(shape) * (2.0 / np.sqrt(shape[-1]))).astype(np.float32)


def make_checkpoint(folder: Path, architecture: str, seed: int = 0, **changes) -> Path:
    """Writes config.json, the tokenizer and model.safetensors; the weights depend on the seed only, not on mlx."""
    import mlx.core as mx
    from mlx.utils import tree_flatten

    folder.mkdir(parents=True, exist_ok=True)
    config = config_of(architecture, **changes)
    (folder / "config.json").write_text(json.dumps(config, indent=1))
    write_tokenizer(folder)
    module = importlib.import_module(f"mlx_lm.models.{architecture}")
    model = module.Model(module.ModelArgs.from_dict(config))
    random = np.random.default_rng(seed)
    weights = {name: mx.array(draw(name, p.shape, random)) for name, p in sorted(tree_flatten(model.parameters()))}
    mx.save_safetensors(str(folder / "model.safetensors"), weights, metadata={"format": "mlx"})
    return folder
