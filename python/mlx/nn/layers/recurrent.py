"""Recurrent layers: Elman RNN, GRU and LSTM, over the second-to-last axis."""

import math
from typing import Callable, Optional, Tuple

import mlx.core as mx
from mlx.nn.layers.activations import relu, tanh
from mlx.nn.layers.base import Module


def _project(x: mx.array, weight: mx.array, bias: Optional[mx.array]) -> mx.array:
    return x @ weight.T if bias is None else mx.addmm(bias, x, weight.T)


def _first_states(x: mx.array, weight: mx.array, *given: Optional[mx.array]) -> Optional[list]:
    """What precedes the sequences of ``x`` (..., L, K * H), as rows (N, H), where one primitive can do all steps."""
    shape = (*x.shape[:-2], weight.shape[1])
    known = [v for v in given if v is not None]
    alike = all(v.dtype == mx.float32 for v in (x, weight, *known)) and all(v.shape == shape for v in known)
    if not alike or x.ndim < 2 or x.shape[-2] < 2:
        return None
    return [(mx.zeros(shape) if v is None else v).reshape(-1, shape[-1]) for v in given]


def _as_rows(x: mx.array) -> mx.array:
    return x.reshape(-1, *x.shape[-2:])


class RNN(Module):
    """``h' = f(x @ Wxh.T + bias + h @ Whh.T)`` (Elman 1990, Finding structure in time).

    Args:
        input_size: size of the last axis of an input of shape (L, input_size) or
            (N, L, input_size).
        hidden_size: size of the hidden state.
        bias: whether there is a bias.
        nonlinearity: ``f``, tanh by default; ValueError if it cannot be called.

    Parameters: ``Wxh`` (hidden_size, input_size), ``Whh`` (hidden_size, hidden_size) and ``bias``
    (hidden_size,), all uniform within ``1 / sqrt(hidden_size)``.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: Optional[Callable] = None,
    ):
        super().__init__()
        self.nonlinearity = tanh if nonlinearity is None else nonlinearity
        if not callable(self.nonlinearity):
            raise ValueError(f"[RNN] nonlinearity must be callable, not {type(nonlinearity).__name__}.")

        bound = 1.0 / math.sqrt(hidden_size)
        self.hidden_size = hidden_size
        self.Wxh = mx.random.uniform(low=-bound, high=bound, shape=(hidden_size, input_size))
        self.Whh = mx.random.uniform(low=-bound, high=bound, shape=(hidden_size, hidden_size))
        self.bias = mx.random.uniform(low=-bound, high=bound, shape=(hidden_size,)) if bias else None

    def _extra_repr(self) -> str:
        return (
            f"input_dims={self.Wxh.shape[1]}, hidden_size={self.hidden_size}, "
            f"nonlinearity={self.nonlinearity}, bias={self.bias is not None}"
        )

    def __call__(self, x, hidden=None):
        """All hidden states, shape (..., L, hidden_size)."""
        x = _project(x, self.Wxh, self.bias)
        first = _first_states(x, self.Whh, hidden) if self.nonlinearity in (tanh, mx.tanh, relu) else None
        if first:
            return mx.fast._rnn(_as_rows(x), self.Whh, *first, self.nonlinearity is relu).reshape(x.shape)
        states = []
        for t in range(x.shape[-2]):
            now = x[..., t, :]
            hidden = self.nonlinearity(now if hidden is None else mx.addmm(now, hidden, self.Whh.T))
            states.append(hidden)
        return mx.stack(states, axis=-2)


class GRU(Module):
    """Gated recurrent unit (https://arxiv.org/abs/1406.1078).

    ``r, z = sigmoid`` and ``n = tanh(x_n + r * (h @ Whn.T + bhn))``; ``h' = (1 - z) * n + z * h``.

    Args:
        input_size: size of the last axis of an input of shape (L, input_size) or
            (N, L, input_size).
        hidden_size: size of the hidden state.
        bias: whether there are biases.

    Parameters, with the row blocks r, z, n: ``Wx`` (3 * hidden_size, input_size), ``Wh``
    (3 * hidden_size, hidden_size), ``b`` (3 * hidden_size,) and ``bhn`` (hidden_size,), all uniform
    within ``1 / sqrt(hidden_size)``.
    """

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True):
        super().__init__()
        bound = 1.0 / math.sqrt(hidden_size)
        self.hidden_size = hidden_size
        self.Wx = mx.random.uniform(low=-bound, high=bound, shape=(3 * hidden_size, input_size))
        self.Wh = mx.random.uniform(low=-bound, high=bound, shape=(3 * hidden_size, hidden_size))
        self.b = mx.random.uniform(low=-bound, high=bound, shape=(3 * hidden_size,)) if bias else None
        self.bhn = mx.random.uniform(low=-bound, high=bound, shape=(hidden_size,)) if bias else None

    def _extra_repr(self) -> str:
        return f"input_dims={self.Wx.shape[1]}, hidden_size={self.hidden_size}, bias={self.b is not None}"

    def __call__(self, x, hidden=None):
        """All hidden states, shape (..., L, hidden_size)."""
        x = _project(x, self.Wx, self.b)
        first = _first_states(x, self.Wh, hidden)
        if first and (self.bhn is None or self.bhn.dtype == mx.float32):
            bias = mx.zeros(self.hidden_size) if self.bhn is None else self.bhn
            return mx.fast._gru(_as_rows(x), self.Wh, bias, *first).reshape(*x.shape[:-1], self.hidden_size)
        gates, candidates = x[..., : -self.hidden_size], x[..., -self.hidden_size :]
        states = []
        for t in range(x.shape[-2]):
            gate, candidate = gates[..., t, :], candidates[..., t, :]
            recurrent = self.bhn
            if hidden is not None:
                projected = hidden @ self.Wh.T
                gate = gate + projected[..., : -self.hidden_size]
                recurrent = projected[..., -self.hidden_size :]
                recurrent = recurrent if self.bhn is None else recurrent + self.bhn

            r, z = mx.split(mx.sigmoid(gate), 2, axis=-1)
            n = mx.tanh(candidate if recurrent is None else candidate + r * recurrent)
            hidden = (1 - z) * n if hidden is None else (1 - z) * n + z * hidden
            states.append(hidden)
        return mx.stack(states, axis=-2)


class LSTM(Module):
    """Long short-term memory (Hochreiter & Schmidhuber 1997, Neural Computation 9(8)).

    ``i, f, o = sigmoid`` and ``g = tanh``; ``c' = f * c + i * g``; ``h' = o * tanh(c')``.

    Args:
        input_size: size of the last axis of an input of shape (L, input_size) or
            (N, L, input_size).
        hidden_size: size of the hidden state and of the cell.
        bias: whether there is a bias.

    Parameters, with the row blocks i, f, g, o: ``Wx`` (4 * hidden_size, input_size), ``Wh``
    (4 * hidden_size, hidden_size) and ``bias`` (4 * hidden_size,), all uniform within
    ``1 / sqrt(hidden_size)``.
    """

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True):
        super().__init__()
        bound = 1.0 / math.sqrt(hidden_size)
        self.hidden_size = hidden_size
        self.Wx = mx.random.uniform(low=-bound, high=bound, shape=(4 * hidden_size, input_size))
        self.Wh = mx.random.uniform(low=-bound, high=bound, shape=(4 * hidden_size, hidden_size))
        self.bias = mx.random.uniform(low=-bound, high=bound, shape=(4 * hidden_size,)) if bias else None

    def _extra_repr(self) -> str:
        return f"input_dims={self.Wx.shape[1]}, hidden_size={self.hidden_size}, bias={self.bias is not None}"

    def __call__(self, x, hidden=None, cell=None) -> Tuple[mx.array, mx.array]:
        """All hidden states and all cells, both of shape (..., L, hidden_size)."""
        x = _project(x, self.Wx, self.bias)
        first = _first_states(x, self.Wh, hidden, cell)
        if first:
            results = mx.fast._lstm(_as_rows(x), self.Wh, *first)
            return tuple(v.reshape(*x.shape[:-1], self.hidden_size) for v in results)
        states, cells = [], []
        for t in range(x.shape[-2]):
            now = x[..., t, :]
            if hidden is not None:
                now = mx.addmm(now, hidden, self.Wh.T)
            i, f, g, o = mx.split(now, 4, axis=-1)
            written = mx.sigmoid(i) * mx.tanh(g)
            cell = written if cell is None else mx.sigmoid(f) * cell + written
            hidden = mx.sigmoid(o) * mx.tanh(cell)
            states.append(hidden)
            cells.append(cell)
        return mx.stack(states, axis=-2), mx.stack(cells, axis=-2)
