# Types of mlx.core.cuda, written by tools/stubs/generate.py: do not edit.


def is_available() -> bool:
    """Whether there is CUDA: False."""
