"""Transforms of modules (value_and_grad, checkpoint) and averaging of gradients over processes."""

from __future__ import annotations

from functools import wraps
from typing import Any, Callable, List, Optional, Sequence, Tuple

import mlx.core as mx
from mlx.nn.layers.base import Module
from mlx.utils import tree_flatten, tree_map, tree_reduce, tree_unflatten


def value_and_grad(model: Module, fn: Callable) -> Callable:
    """A function that returns the value of ``fn`` and its gradients in ``model``.

    Args:
        model: the gradients have the structure of its ``trainable_parameters()``.
        fn: returns a scalar array, or a tuple that starts with one. It keeps its own arguments.

    Returns:
        ``(value, gradients)`` for the arguments of ``fn``.
    """

    def with_parameters(parameters: dict, *args: Any, **kwargs: Any) -> Any:
        model.update(parameters)
        return fn(*args, **kwargs)

    transformed = mx.value_and_grad(with_parameters)

    @wraps(fn)
    def value_and_gradients(*args: Any, **kwargs: Any) -> Tuple[Any, dict]:
        return transformed(model.trainable_parameters(), *args, **kwargs)

    return value_and_gradients


def checkpoint(module: Module, fn: Optional[Callable] = None) -> Callable:
    """``fn`` with its intermediate results recomputed in the backward pass.

    The trainable parameters of ``module`` are differentiated too.

    Args:
        module: whose parameters ``fn`` uses.
        fn: the function, by default ``module`` itself.
    """
    fn = module if fn is None else fn

    def with_parameters(parameters: dict, *args: Any, **kwargs: Any) -> Any:
        module.update(parameters)
        return fn(*args, **kwargs)

    recomputed = mx.checkpoint(with_parameters)

    @wraps(fn, updated=())
    def checkpointed(*args: Any, **kwargs: Any) -> Any:
        return recomputed(module.trainable_parameters(), *args, **kwargs)

    return checkpointed


def average_gradients(
    gradients: Any,
    group: Optional[mx.distributed.Group] = None,
    all_reduce_size: int = 32 * 1024**2,
    communication_stream: Optional[mx.Stream] = None,
) -> Any:
    """Average a tree of gradients over the processes of ``group``.

    Args:
        group: the global group by default. For a single process the input is returned.
        all_reduce_size: arrays of one dtype are sent together until they have this many bytes;
            0 sends every array alone.
        communication_stream: where to send.
    """
    group = group or mx.distributed.init()
    size = group.size()
    if size == 1:
        return gradients

    def average(x: mx.array) -> mx.array:
        return mx.distributed.all_sum(x, group=group, stream=communication_stream) / size

    named = tree_flatten(gradients)
    if len(named) == 0:
        return gradients
    names, arrays = zip(*named)
    averaged, previous = list(arrays), None
    # The backward pass reaches the last layers first: their bucket travels while it goes on.
    for bucket in reversed(_buckets(arrays, all_reduce_size)):
        alone = len(bucket) == 1
        joined = arrays[bucket[0]] if alone else mx.concatenate([arrays[i].reshape(-1) for i in bucket])
        if previous is not None:
            joined = mx.depends([previous, joined], [])[1]  # what comes first in the list is submitted first
        previous = joined = average(joined)
        if alone:
            averaged[bucket[0]] = joined
            continue
        ends, end = [], 0
        for i in bucket:
            end += arrays[i].size
            ends.append(end)
        for i, part in zip(bucket, mx.split(joined, ends[:-1])):
            averaged[i] = part.reshape(arrays[i].shape)
    return tree_unflatten(list(zip(names, averaged)))


def _buckets(arrays: Sequence[mx.array], limit: int) -> List[List[int]]:
    """Indices of the arrays to send together: of one dtype, until ``limit`` bytes are reached."""
    closed, open_buckets, sizes = [], {}, {}
    for i, x in enumerate(arrays):
        open_buckets.setdefault(x.dtype, []).append(i)
        sizes[x.dtype] = sizes.get(x.dtype, 0) + x.nbytes
        if sizes[x.dtype] >= limit:
            closed.append(open_buckets.pop(x.dtype))
            sizes.pop(x.dtype)
    return closed + list(open_buckets.values())


def clip_grad_norm_sharded(
    gradients: Any,
    max_norm: float,
    group: Optional[mx.distributed.Group] = None,
) -> Tuple[Any, mx.array]:
    """Scale gradients whose parts are spread over ``group`` to a norm of at most ``max_norm``.

    Returns:
        The scaled tree and the norm over all processes.
    """
    group = group or mx.distributed.init()
    squares = _sum_of_squares(gradients)
    if group.size() > 1:
        squares = mx.distributed.all_sum(squares, group=group)
    return _limit_norm(gradients, mx.sqrt(squares), max_norm)


def _sum_of_squares(gradients: Any) -> mx.array:
    def squares(g: mx.array) -> mx.array:
        # The sum of squares soon passes 65504, the largest float16.
        return mx.sum(mx.square(g.astype(mx.float32) if g.dtype == mx.float16 else g))

    return tree_reduce(lambda total, g: total + squares(g), gradients, 0.0)


def _limit_norm(gradients: Any, norm: mx.array, max_norm: float) -> Tuple[Any, mx.array]:
    """``gradients``, whose norm is ``norm``, scaled to at most ``max_norm``; and ``norm``."""
    scale = mx.minimum(max_norm / (norm + 1e-6), 1.0)

    def limited(g: mx.array) -> mx.array:
        return (g * scale).astype(g.dtype) if mx.issubdtype(g.dtype, mx.inexact) else g * scale

    return tree_map(limited, gradients), norm
