"""Tiny models for images, sound and embeddings, run by the programs that serve such models.

Configs, tokenizers, pictures and sounds are made here, weights are drawn by NumPy; each scenario is a function of an
empty folder and returns tokens or a few numbers.
"""

import json
from pathlib import Path

import mlx.core as mx
import numpy as np
from checkpoints import VOCABULARY, write_tokenizer
from mlx.utils import tree_flatten

LENGTH = 16000  # samples: a second
TEXTS = ["The quick brown fox", "A kernel reads its arguments", "0 1 2 3"]


def drawn(model, seed=0):
    """Weights for every parameter of a model: by name and shape only, so that any build of mlx gets the same ones."""
    random = np.random.default_rng(seed)
    weights = {}
    for name, parameter in sorted(tree_flatten(model.parameters())):
        shape = parameter.shape
        if len(shape) <= 1:
            centre = 1.0 if name.endswith("weight") else 0.0
            values = random.uniform(centre - 0.1, centre + 0.1, shape)
        else:
            values = random.standard_normal(shape) * (1.5 / np.sqrt(np.prod(shape[1:])))
        weights[name] = mx.array(values.astype(np.float32))
    return weights


def write(folder, config, model, name="model.safetensors", tokenizer=True, channels_first=False):
    """A checkpoint in Hugging Face's layout, its convolutions as mlx or as torch has them."""
    (folder / "config.json").write_text(json.dumps(config))
    weights = drawn(model)
    if channels_first:
        weights = {name: w.swapaxes(1, 2) if w.ndim == 3 else w for name, w in weights.items()}
    mx.save_safetensors(str(folder / name), weights, metadata={"format": "mlx"})
    if tokenizer:
        write_tokenizer(folder)


def sound():
    """Two gliding tones."""
    t = np.arange(LENGTH) / 16000
    return (0.4 * np.sin(2000 * t * (1 + t)) + 0.3 * np.sin(700 * t)).astype(np.float32)


def picture(folder, size):
    from PIL import Image

    row, column = np.mgrid[:size, :size]
    pixels = np.stack([row * 9 % 256, column * 7 % 256, (row + column) * 4 % 256], -1).astype(np.uint8)
    Image.fromarray(pixels).save(folder / "picture.png")
    return str(folder / "picture.png")


def some(values, count=12):
    """Numbers spread over an array, for the record."""
    flat = np.array(mx.array(values).astype(mx.float32)).reshape(-1)
    return [float(v) for v in flat[:: max(1, flat.size // count)][:count]]


def whisper(folder):
    """mlx-whisper: the tokens of a second of sound."""
    import mlx_whisper
    from mlx_whisper.whisper import ModelDimensions, Whisper

    config = dict(
        n_mels=80, n_audio_ctx=1500, n_audio_state=32, n_audio_head=2, n_audio_layer=1,
        n_vocab=51865, n_text_ctx=64, n_text_state=32, n_text_head=2, n_text_layer=2,
    )  # fmt: skip
    write(folder, config, Whisper(ModelDimensions(**config), mx.float32), "weights.safetensors", tokenizer=False)
    result = mlx_whisper.transcribe(
        sound(), path_or_hf_repo=str(folder), language="en", temperature=0.0, fp16=False, sample_len=24,
        no_speech_threshold=None, logprob_threshold=None, compression_ratio_threshold=None,
    )  # fmt: skip
    return [token for segment in result["segments"] for token in segment["tokens"]]


def speech_to_text(folder):
    """mlx-audio: Moonshine's tokens, as the text that a tokenizer makes of them."""
    from mlx_audio.stt.models.moonshine import Model, ModelConfig
    from mlx_audio.stt.utils import load_model

    config = dict(
        model_type="moonshine", vocab_size=VOCABULARY, hidden_size=32, intermediate_size=64,
        encoder_num_hidden_layers=1, decoder_num_hidden_layers=2, encoder_num_attention_heads=2,
        decoder_num_attention_heads=2, decoder_start_token_id=0, eos_token_id=1, tie_word_embeddings=False,
    )  # fmt: skip
    write(folder, config, Model(ModelConfig.from_dict(config)), channels_first=True)
    model = load_model(folder)
    result = model.generate(sound(), max_tokens=24)
    return [result.generation_tokens, *map(ord, result.text)]


def text_to_speech(folder):
    """mlx-audio: Soprano, a language model whose hidden states a vocoder turns into sound."""
    from mlx_audio.tts.models.soprano.soprano import DecoderConfig, Model, ModelConfig

    config = dict(
        model_type="soprano", vocab_size=VOCABULARY, hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=2, num_key_value_heads=1, head_dim=16, rms_norm_eps=1e-6, rope_theta=10000.0,
        max_position_embeddings=512, tie_word_embeddings=False,
    )  # fmt: skip
    made = ModelConfig.from_dict(config)
    made.decoder_config = DecoderConfig(
        decoder_num_layers=2, decoder_dim=32, decoder_intermediate_dim=64, hop_length=64, n_fft=256, token_size=256
    )
    write(folder, config, Model(made))
    model = Model(made)
    model.load_weights(str(folder / "model.safetensors"))
    model.eval()
    Model.post_load_hook(model, folder)
    parts = list(model.generate(TEXTS[0], temperature=0.0, max_tokens=8))
    return [parts[0].samples, *some(parts[0].audio, 24)]


def embeddings(folder):
    """mlx-embeddings: BERT's vectors of three texts."""
    import mlx_embeddings
    from mlx_embeddings.models.bert import Model, ModelArgs

    config = dict(
        model_type="bert", num_hidden_layers=2, num_attention_heads=4, hidden_size=32, intermediate_size=64,
        max_position_embeddings=64, vocab_size=VOCABULARY,
    )  # fmt: skip
    write(folder, config, Model(ModelArgs.from_dict(config)))
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps({**settings, "pad_token": "</s>"}))
    model, tokenizer = mlx_embeddings.load(str(folder))
    output = mlx_embeddings.generate(model, tokenizer, texts=TEXTS)
    return some(output.text_embeds, 24)


SPECIAL = ["<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"]
QWEN2_VL = dict(
    model_type="qwen2_vl", hidden_size=32, num_hidden_layers=2, intermediate_size=64, num_attention_heads=2,
    num_key_value_heads=1, rms_norm_eps=1e-6, vocab_size=VOCABULARY + len(SPECIAL), max_position_embeddings=512,
    rope_theta=10000.0, rope_scaling={"type": "mrope", "mrope_section": [2, 3, 3]}, tie_word_embeddings=True,
    vision_start_token_id=VOCABULARY, image_token_id=VOCABULARY + 2, video_token_id=VOCABULARY + 3, eos_token_id=1,
    vision_config=dict(model_type="qwen2_vl", depth=2, embed_dim=32, hidden_size=32, num_heads=2, mlp_ratio=2),
)  # fmt: skip


def add_tokens(folder, contents):
    path = folder / "tokenizer.json"
    tokenizer = json.loads(path.read_text())
    flags = dict(single_word=False, lstrip=False, rstrip=False, normalized=False, special=True)
    tokenizer["added_tokens"] += [
        {"id": VOCABULARY + i, "content": content, **flags} for i, content in enumerate(contents)
    ]
    path.write_text(json.dumps(tokenizer))


def vision_and_text(folder, with_picture=True):
    """mlx-vlm: the tokens of a Qwen2-VL after a picture and a text."""
    import mlx_vlm
    from mlx_vlm.models.qwen2_vl import Model, ModelConfig, TextConfig, VisionConfig

    made = ModelConfig.from_dict(dict(QWEN2_VL))
    made.text_config = TextConfig.from_dict(QWEN2_VL)
    made.vision_config = VisionConfig.from_dict(QWEN2_VL["vision_config"])
    write(folder, QWEN2_VL, Model(made))
    add_tokens(folder, SPECIAL)
    (folder / "preprocessor_config.json").write_text(json.dumps(dict(patch_size=14, min_pixels=784, max_pixels=12544)))
    model, processor = mlx_vlm.load(str(folder))
    image = [picture(folder, 56)] if with_picture else None
    prompt = ("<|vision_start|><|image_pad|><|vision_end|>" if with_picture else "") + TEXTS[0]
    responses = mlx_vlm.stream_generate(model, processor, prompt, image=image, max_tokens=16, temperature=0.0)
    return [int(response.token) for response in responses if response.token is not None]


def text_of_a_vision_model(folder):
    return vision_and_text(folder, with_picture=False)


def text_to_image(folder):
    """mflux: Z-Image's denoising loop over drawn caption features."""
    from mflux.models.common.config.config import Config
    from mflux.models.common.config.model_config import ModelConfig
    from mflux.models.z_image.model.z_image_transformer.transformer import ZImageTransformer

    transformer = ZImageTransformer(
        dim=64, n_layers=2, n_refiner_layers=1, n_heads=2, cap_feat_dim=48, axes_dims=[8, 12, 12]
    )
    transformer.set_float32(True)
    transformer.load_weights(list(drawn(transformer).items()))
    config = Config(
        model_config=ModelConfig.z_image_turbo(), num_inference_steps=3, width=64, height=64, scheduler="linear"
    )
    random = np.random.default_rng(1)
    latents = mx.array(random.standard_normal((16, 1, 8, 8)).astype(np.float32))
    caption = mx.array(random.standard_normal((10, 48)).astype(np.float32))
    for step in range(3):
        noise = transformer(x=latents, timestep=step, sigmas=config.scheduler.sigmas, cap_feats=caption)
        latents = config.scheduler.step(noise=noise, timestep=step, latents=latents)
        mx.eval(latents)
    return some(latents, 24)


def picture_from_latents(folder):
    """mflux: the decoder that makes a picture of latents, at its own width."""
    from mflux.models.z_image.model.z_image_vae.decoder.decoder import Decoder

    decoder = Decoder()
    decoder.load_weights(list(drawn(decoder).items()))
    latents = np.random.default_rng(2).standard_normal((1, 16, 2, 2)).astype(np.float32)
    return some(decoder(mx.array(latents)), 24)


SCENARIOS = {
    "whisper": whisper,
    "speech to text": speech_to_text,
    "text to speech": text_to_speech,
    "embeddings": embeddings,
    "vision and text": vision_and_text,
    "text of a vision model": text_of_a_vision_model,
    "text to image": text_to_image,
    "picture from latents": picture_from_latents,
}


def run(name, folder):
    """What the scenario of that name returns, in a folder of its own below ``folder``."""
    folder = Path(folder) / name.replace(" ", "_")
    folder.mkdir(parents=True)
    return SCENARIOS[name](folder)
