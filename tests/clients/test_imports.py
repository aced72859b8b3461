"""Every module of the client packages can be imported; what cannot lacks something that is not mlx."""

import pytest
from import_modules import failures_in_a_process

# A module, or a package of modules, and a part of the error: what it lacks with MLX's own build, too.
LACKING = {
    "mlx_lm": {"mlx_lm.evaluate": "lm_eval", "mlx_lm.models.olmo": "SystemExit"},
    "mlx_vlm": {
        "mlx_vlm.chat_ui": "gradio",
        "mlx_vlm.models.sam3_1.convert_weights": "torch",
        "mlx_vlm.models.sam3d_body.convert_weights": "torch",
    },
    "mlx_audio": {
        "mlx_audio.server": "webrtcvad",
        "mlx_audio.sts.audio_player": "PortAudio",
        "mlx_audio.sts.voice_pipeline": "PortAudio",
        "mlx_audio.tts.audio_player": "PortAudio",
        "mlx_audio.tts.generate": "PortAudio",
        "mlx_audio.tts.models.bailingmm.convert": "onnx",
        "mlx_audio.tts.models.kitten_tts.convert": "onnx",
        "mlx_audio.tts.models.llama": "snapshot",
        "mlx_audio.tts.models.llama.llama": "snapshot",
        "mlx_audio.tts.models.qwen3": "snapshot",
        "mlx_audio.tts.models.qwen3.qwen3": "snapshot",
        "mlx_audio.tts.models.sesame.watermarking": "silentcipher",
    },
    "mlx_embeddings": {"mlx_embeddings.models.colidefics3": "mlx_vlm"},
    "mlx_whisper": {"mlx_whisper.torch_whisper": "torch"},
    "parakeet_mlx": {},
    "mflux": {},
}


@pytest.mark.parametrize("package", LACKING)
def test_every_module_can_be_imported(package):
    count, failures = failures_in_a_process(package)
    surprising = {name: error for name, error in failures.items() if LACKING[package].get(name, "\n") not in error}
    assert count > 10 and not surprising
