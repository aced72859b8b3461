# Types of mlx.core.metal, written by tools/stubs/generate.py: do not edit.

from typing import Any
from . import Device, DeviceType

def clear_cache() -> None:
    """Deprecated: mx.clear_cache."""
def device_info(d: Device | DeviceType | None = None) -> dict[str, Any]:
    """Deprecated: mx.device_info."""
def get_active_memory() -> int:
    """Deprecated: mx.get_active_memory."""
def get_cache_memory() -> int:
    """Deprecated: mx.get_cache_memory."""
def get_peak_memory() -> int:
    """Deprecated: mx.get_peak_memory."""
def is_available() -> bool:
    """Whether programs should use their Metal kernels: False, unless MLX_CL_METAL=1."""
def reset_peak_memory() -> None:
    """Deprecated: mx.reset_peak_memory."""
def set_cache_limit(limit: int) -> int:
    """Deprecated: mx.set_cache_limit."""
def set_memory_limit(limit: int) -> int:
    """Deprecated: mx.set_memory_limit."""
def set_wired_limit(limit: int) -> int:
    """Deprecated: mx.set_wired_limit."""
def start_capture(path: str) -> None:
    """Has no effect here."""
def stop_capture() -> None:
    """Has no effect here."""
