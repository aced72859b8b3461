"""Optimizer, the base class that keeps the state and walks the parameter tree."""

from typing import Any, Callable, Dict, List, Optional, Union

import mlx.core as mx
from mlx.nn import Module
from mlx.utils import tree_flatten, tree_map, tree_merge, tree_unflatten

Schedule = Callable[[mx.array], mx.array]
LearningRate = Union[float, Schedule]


class Optimizer:
    """Updates the parameters of a model from gradients.

    The ``state`` holds ``step``, the scheduled values such as ``learning_rate``, and one dict per
    parameter in the structure of the parameter tree. All updates are lazy: evaluate the model and
    the state after each one.

    Args:
        schedulers: name -> function of the step; each gives the entry of that name in the state.
    """

    def __init__(self, schedulers: Optional[Dict[str, Schedule]] = None):
        self._initialized = False
        self._state = {"step": mx.array(0, mx.uint64)}
        self._schedulers = dict(schedulers or {})

    def update(self, model: Module, gradients: dict) -> None:
        """Apply ``gradients`` to the parameters of ``model``, in place."""
        model.update(self.apply_gradients(gradients, model))

    def init(self, parameters: dict) -> None:
        """Create the state of every parameter that has none yet."""

        def complete(params: Any, state: Any) -> Any:
            if isinstance(params, (list, tuple)):
                state = list(state) if isinstance(state, (list, tuple)) else []
                known = len(state)
                return [complete(p, state[i] if i < known else {}) for i, p in enumerate(params)] + state[len(params) :]
            if isinstance(params, dict):
                state = state if isinstance(state, dict) else {}
                for key, child in params.items():
                    state[key] = complete(child, state.get(key, {}))
                return state
            return state

        def fill(parameter: mx.array, state: dict) -> None:
            if not state:
                self.init_single(parameter, state)

        complete(parameters, self._state)
        tree_map(fill, parameters, self._state)
        self._initialized = True

    def init_single(self, parameter: mx.array, state: dict) -> None:
        """Fill ``state``, the dict of one parameter; NotImplementedError here."""
        raise NotImplementedError()

    def apply_gradients(self, gradients: dict, parameters: dict) -> dict:
        """The updated parameters, a tree of the structure of ``gradients``.

        Args:
            gradients: a tree of arrays.
            parameters: the parameters at the same places; it may hold more.

        Raises:
            KeyError, IndexError: a gradient has no parameter.
            TypeError, ValueError: a gradient is not an array, or not of its parameter's shape.
        """
        try:
            if not self._initialized:
                self.init(gradients)
            for name, schedule in self._schedulers.items():
                self.state[name] = schedule(self.step)
            self.state["step"] = self.step + 1
            return tree_map(self.apply_single, gradients, parameters, self.state)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            # Looked for only now: a check before every update would cost each of them.
            mismatch = _mismatch(gradients, parameters)
            if mismatch:
                raise type(error)(f"[{type(self).__name__}] {mismatch}") from error
            raise

    def apply_single(self, gradient: mx.array, parameter: mx.array, state: dict) -> mx.array:
        """The updated parameter; changes its ``state``. NotImplementedError here."""
        raise NotImplementedError()

    @property
    def state(self) -> dict:
        """The live state; entries missing in a new one are created at the next update."""
        return self._state

    @state.setter
    def state(self, state: dict) -> None:
        self._initialized = False
        self._state = state

    @property
    def step(self) -> mx.array:
        """The number of updates so far, a uint64 array."""
        return self.state["step"]

    @property
    def learning_rate(self) -> mx.array:
        """The learning rate, an array; it can be set to a number or an array."""
        return self.state["learning_rate"]

    @learning_rate.setter
    def learning_rate(self, learning_rate: Union[float, mx.array]) -> None:
        self.state["learning_rate"] = mx.array(learning_rate)

    def _maybe_schedule(self, name: str, value: Union[float, Schedule]) -> None:
        """Put ``value`` into the state under ``name``, or what it says for the current step."""
        if isinstance(value, Callable):
            self._schedulers[name] = value
            value = value(self.step)
        self.state[name] = mx.array(value)


def _mismatch(gradients: Any, parameters: Any, place: str = "gradients") -> Optional[str]:
    """Say where ``gradients`` do not fit ``parameters``; None where they do."""
    if isinstance(gradients, (list, tuple, dict)):
        for key, child in gradients.items() if isinstance(gradients, dict) else enumerate(gradients):
            try:
                parameter = parameters[key]
            except (IndexError, KeyError, TypeError, ValueError):
                return f"{place} has an entry {key!r} that the parameters lack."
            found = _mismatch(child, parameter, f"{place}[{key!r}]")
            if found:
                return found
        return None
    if not isinstance(gradients, mx.array):
        return f"{place} is of type {type(gradients).__name__}, not an array."
    if not isinstance(parameters, mx.array):
        return f"{place} is an array where the parameters hold a {type(parameters).__name__}."
    if gradients.shape != parameters.shape:
        return f"{place} has shape {gradients.shape}, its parameter {parameters.shape}."
    return None


class MultiOptimizer(Optimizer):
    """Gives every gradient to one of several optimizers.

    Args:
        optimizers: the members.
        filters: one function of path and gradient for each member but the last; a gradient goes to
            the first member whose filter is true, else to the last.

    Raises:
        ValueError: there is not one filter less than optimizers.
    """

    def __init__(self, optimizers: List[Optimizer], filters: list = []):
        super().__init__({})
        self._state = {}
        if len(filters) != len(optimizers) - 1:
            raise ValueError(f"[MultiOptimizer] {len(optimizers)} optimizers do not go with {len(filters)} filters.")
        self.optimizers = optimizers
        self.filters = [*filters, lambda path, gradient: True]

    def _distribute(self, gradients: dict) -> List[dict]:
        """One tree for each member."""
        shares = [[] for _ in self.optimizers]
        for path, gradient in tree_flatten(gradients):
            member = next(i for i, accepts in enumerate(self.filters) if accepts(path, gradient))
            shares[member].append((path, gradient))
        return [tree_unflatten(share) if share else {} for share in shares]

    def init(self, parameters: dict) -> None:
        """Initialize every member with its parameters."""
        for optimizer, share in zip(self.optimizers, self._distribute(parameters)):
            optimizer.init(share)

    def apply_gradients(self, gradients: dict, parameters: dict) -> dict:
        """The updated parameters, a tree of the structure of ``gradients``."""
        tree = {}
        for optimizer, share in zip(self.optimizers, self._distribute(gradients)):
            if share:
                tree = tree_merge(tree, optimizer.apply_gradients(share, parameters))
        return tree

    @property
    def state(self) -> dict:
        """``{"states": [...]}`` with the state of every member."""
        return {"states": [optimizer.state for optimizer in self.optimizers]}

    @state.setter
    def state(self, state: dict) -> None:
        if "states" not in state or len(state["states"]) != len(self.optimizers):
            raise ValueError("[MultiOptimizer] The state does not hold one state per optimizer.")
        for optimizer, own in zip(self.optimizers, state["states"]):
            optimizer.state = own

    @property
    def learning_rate(self) -> mx.array:
        """The learning rate of the first member; setting it sets all."""
        return self.optimizers[0].learning_rate

    @learning_rate.setter
    def learning_rate(self, learning_rate: Union[float, mx.array]) -> None:
        for optimizer in self.optimizers:
            optimizer.learning_rate = learning_rate
