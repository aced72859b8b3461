"""Learning-rate schedules: functions from the step, a number or an array, to the rate."""

import math
from typing import Callable, List

import mlx.core as mx


def _check_positive(schedule: str, name: str, value: int) -> None:
    if value < 1:
        raise ValueError(f"[{schedule}] {name} must be at least 1, not {value}.")


def exponential_decay(init: float, decay_rate: float) -> Callable:
    """``init * decay_rate**step``."""

    def schedule(step):
        return init * decay_rate**step

    return schedule


def step_decay(init: float, decay_rate: float, step_size: int) -> Callable:
    """``init * decay_rate**(step // step_size)``; ValueError if ``step_size < 1``."""
    _check_positive("step_decay", "step_size", step_size)

    def schedule(step):
        return init * (decay_rate ** (step // step_size))

    return schedule


def cosine_decay(init: float, decay_steps: int, end: float = 0.0) -> Callable:
    """Half a cosine from ``init`` to ``end`` in ``decay_steps`` (https://arxiv.org/abs/1608.03983).

    ValueError if ``decay_steps < 1``.
    """
    _check_positive("cosine_decay", "decay_steps", decay_steps)

    def schedule(step):
        progress = mx.minimum(step, decay_steps) / decay_steps
        return end + 0.5 * (1.0 + mx.cos(math.pi * progress)) * (init - end)

    return schedule


def join_schedules(schedules: List[Callable], boundaries: List[int]) -> Callable:
    """One schedule after another.

    Args:
        schedules: each starts at its own step 0.
        boundaries: the step at which each but the first one starts.

    Raises:
        ValueError: no schedules, or not one boundary less than schedules.
    """
    if len(schedules) == 0:
        raise ValueError("[join_schedules] At least one schedule is needed.")
    if len(schedules) != len(boundaries) + 1:
        raise ValueError(f"[join_schedules] {len(schedules)} schedules cannot meet at {len(boundaries)} boundaries.")

    def schedule(step):
        output = schedules[0](step)
        for boundary, following in zip(boundaries, schedules[1:]):
            output = mx.where(step < boundary, output, following(step - boundary))
        return output

    return schedule


def linear_schedule(init: float, end: float, steps: int) -> Callable:
    """A straight line from ``init`` to ``end`` in ``steps``; ValueError if ``steps < 1``."""
    _check_positive("linear_schedule", "steps", steps)

    def schedule(step):
        step = mx.minimum(step, steps)
        return step * ((end - init) / steps) + init

    return schedule
