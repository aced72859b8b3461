"""Module: a dict of arrays and submodules that can be walked, updated, frozen, saved and loaded."""

from __future__ import annotations

import textwrap
from typing import Any, Callable, List, Optional, Tuple, Union

import mlx.core as mx
from mlx.utils import tree_flatten, tree_unflatten


class Module(dict):
    """Base class of all layers and models.

    Arrays, modules, dicts, lists and tuples assigned as attributes become entries of the dict and
    may hold parameters; every other value is a plain attribute. Entries whose name starts with
    ``_`` are kept but are not parameters, and tuples are not searched for any.
    """

    __call__: Callable

    def __init__(self):
        self._no_grad = set()
        self._training = True

    @property
    def training(self) -> bool:
        """Whether the module is in training mode (the default)."""
        return self._training

    @property
    def state(self) -> Module:
        """The module itself, as the live dict that ``mx.compile`` can capture."""
        return self

    def _extra_repr(self) -> str:
        return ""

    def __repr__(self) -> str:
        children = tree_flatten(self.children(), is_leaf=self.is_module)
        lines = [f"\n({name}): {child!r}" for name, child in children if self.is_module(child)]
        body = textwrap.indent("".join(lines), prefix="  ")
        return f"{type(self).__name__}({self._extra_repr()}{body}" + ("\n)" if body else ")")

    def __getattr__(self, key: str) -> Any:
        try:
            return self[key]
        except KeyError:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {key!r}") from None

    def __setattr__(self, key: str, val: Any) -> None:
        if isinstance(val, (mx.array, dict, list, tuple)):
            self.__dict__.pop(key, None)
            self[key] = val
        else:
            super().__setattr__(key, val)
            self.pop(key, None)

    def __delattr__(self, name: str) -> None:
        if name in self:
            del self[name]
        else:
            super().__delattr__(name)

    # ---- weights on disk

    def load_weights(
        self,
        file_or_weights: Union[str, List[Tuple[str, mx.array]]],
        strict: bool = True,
    ) -> Module:
        """Replace parameters by those of a file or a list of ``(dotted name, array)`` pairs.

        Args:
            file_or_weights: a path that :func:`mlx.core.load` reads into a dict, or the pairs.
            strict: require exactly the names and shapes of :meth:`parameters`.

        Raises:
            ValueError: strict, and a name is missing or unknown, a value is not an array or its
                shape differs.
        """
        weights = file_or_weights
        if isinstance(weights, str):
            weights = list(mx.load(weights).items())
        elif isinstance(weights, dict):
            weights = list(weights.items())

        if strict:
            self._check_weights(dict(weights))
        if len(weights) != 0:
            self.update(tree_unflatten(weights), strict=False)
        return self

    def _check_weights(self, weights: dict) -> None:
        own = tree_flatten(self.parameters(), destination={})
        if unknown := sorted(weights.keys() - own.keys()):
            raise ValueError(f"Received {len(unknown)} parameters not in model: \n{_lines(unknown)}.")
        if missing := sorted(own.keys() - weights.keys()):
            raise ValueError(f"Missing {len(missing)} parameters: \n{_lines(missing)}.")
        for name, current in own.items():
            new = weights[name]
            if not isinstance(new, mx.array):
                raise ValueError(f"Expected mx.array but received {type(new)} for parameter {name}")
            if new.shape != current.shape:
                raise ValueError(f"Expected shape {current.shape} but received shape {new.shape} for parameter {name}")

    def save_weights(self, file: str) -> None:
        """Write the parameters to ``file``, a path that ends in ``.npz`` or ``.safetensors``."""
        weights = tree_flatten(self.parameters(), destination={})
        if file.endswith(".npz"):
            mx.savez(file, **weights)
        elif file.endswith(".safetensors"):
            mx.save_safetensors(file, weights)
        else:
            raise ValueError(f"[save_weights] {file} ends neither in .npz nor in .safetensors.")

    # ---- selections

    @staticmethod
    def is_module(value: Any) -> bool:
        """Whether ``value`` is a :class:`Module`."""
        return isinstance(value, Module)

    @staticmethod
    def valid_child_filter(module: Module, key: str, value: Any) -> bool:
        """Filter for dicts (modules among them) and lists."""
        return isinstance(value, (dict, list))

    @staticmethod
    def valid_parameter_filter(module: Module, key: str, value: Any) -> bool:
        """Filter for arrays and containers whose name does not start with ``_``."""
        return isinstance(value, (dict, list, mx.array)) and not key.startswith("_")

    @staticmethod
    def trainable_parameter_filter(module: Module, key: str, value: Any) -> bool:
        """Filter for valid parameters that are not frozen."""
        return Module.valid_parameter_filter(module, key, value) and key not in module._no_grad

    def filter_and_map(
        self,
        filter_fn: Callable[[Module, str, Any], bool],
        map_fn: Optional[Callable] = None,
        is_leaf_fn: Optional[Callable[[Module, str, Any], bool]] = None,
    ) -> dict:
        """Select entries, recursively, into plain dicts and lists.

        Args:
            filter_fn: ``filter_fn(module, key, value)`` keeps an entry; ``key`` is the path from
                ``module`` to the value, such as ``"layers.0"``.
            map_fn: applied to every leaf.
            is_leaf_fn: what is a leaf; by default all but modules, dicts and lists.

        Raises:
            RuntimeError: a leaf is a module.
        """
        map_fn = map_fn or (lambda leaf: leaf)
        is_leaf_fn = is_leaf_fn or (lambda module, key, value: not isinstance(value, (Module, dict, list)))
        return {k: _select(self, k, v, filter_fn, map_fn, is_leaf_fn) for k, v in self.items() if filter_fn(self, k, v)}

    def parameters(self) -> dict:
        """All arrays of the module and its submodules, frozen ones included."""
        return self.filter_and_map(self.valid_parameter_filter)

    def trainable_parameters(self) -> dict:
        """All arrays that are not frozen."""
        return self.filter_and_map(self.trainable_parameter_filter)

    def children(self) -> dict:
        """The direct submodules."""
        return self.filter_and_map(
            self.valid_child_filter,
            is_leaf_fn=lambda module, key, value: isinstance(value, Module),
        )

    def leaf_modules(self) -> dict:
        """The submodules, at any depth, that have none themselves."""

        def is_leaf(module: Module, key: str, value: Any) -> bool:
            return isinstance(value, Module) and len(tree_flatten(value.children())) == 0

        return self.filter_and_map(self.valid_child_filter, is_leaf_fn=is_leaf)

    def modules(self) -> List[Module]:
        """This module and all its descendants."""
        return [module for _, module in self.named_modules()]

    def named_modules(self) -> List[Tuple[str, Module]]:
        """``(dotted name, module)`` for this module (named ``""``) and all its descendants."""
        found = []
        self.apply_to_modules(lambda name, module: found.append((name, module)))
        return found

    # ---- changes in place

    def update(self, parameters: dict, strict: bool = True) -> Module:
        """Replace the arrays named in the tree ``parameters``, which may cover only some.

        Raises:
            ValueError: strict, and a name is unknown or a value is not an array.
        """
        _assign(self, parameters, strict, mx.array, "parameter")
        return self

    def apply(
        self,
        map_fn: Callable[[mx.array], mx.array],
        filter_fn: Optional[Callable[[Module, str, Any], bool]] = None,
    ) -> Module:
        """Replace every parameter (or those that ``filter_fn`` selects) by ``map_fn`` of it."""
        self.update(self.filter_and_map(filter_fn or Module.valid_parameter_filter, map_fn))
        return self

    def update_modules(self, modules: dict, strict: bool = True) -> Module:
        """Replace the submodules named in the tree ``modules``; ``{}`` leaves a place as it is.

        Raises:
            ValueError: strict, and a name is unknown or a value is no module.
        """
        _assign(self, modules, strict, Module, "sub-module")
        return self

    def apply_to_modules(self, apply_fn: Callable[[str, Module], Any]) -> Module:
        """Call ``apply_fn(dotted name, module)`` for this module and all its descendants."""
        stack = [("", self)]
        while stack:
            name, module = stack.pop()
            apply_fn(name, module)
            prefix = "." + name if name else ""
            stack.extend(tree_flatten(module.children(), prefix=prefix, is_leaf=self.is_module))
        return self

    # ---- training state

    def freeze(
        self,
        *,
        recurse: bool = True,
        keys: Optional[Union[str, List[str]]] = None,
        strict: bool = False,
    ) -> Module:
        """Take parameters out of :meth:`trainable_parameters`.

        Args:
            recurse: also in all submodules.
            keys: names to freeze; by default all parameters of each module.
            strict: KeyError when no visited module has one of the names.
        """
        keys = self._checked_keys(keys, recurse, strict)

        def freeze_one(_: str, module: Module) -> None:
            names = keys
            if names is None:
                own = module.filter_and_map(
                    lambda m, k, v: not isinstance(v, Module) and m.valid_parameter_filter(m, k, v)
                )
                names = [name for name, _ in tree_flatten(own)]
            module._no_grad.update(names)

        return self.apply_to_modules(freeze_one) if recurse else self._visit_alone(freeze_one)

    def unfreeze(
        self,
        *,
        recurse: bool = True,
        keys: Optional[Union[str, List[str]]] = None,
        strict: bool = False,
    ) -> Module:
        """Undo :meth:`freeze`; the arguments mean the same."""
        keys = self._checked_keys(keys, recurse, strict)

        def unfreeze_one(_: str, module: Module) -> None:
            if keys is None:
                module._no_grad.clear()
            else:
                module._no_grad.difference_update(keys)

        return self.apply_to_modules(unfreeze_one) if recurse else self._visit_alone(unfreeze_one)

    def _visit_alone(self, fn: Callable[[str, Module], Any]) -> Module:
        fn("", self)
        return self

    def _checked_keys(self, keys: Any, recurse: bool, strict: bool) -> Optional[list]:
        if keys is None:
            return None
        keys = keys if isinstance(keys, list) else [keys]
        if strict:
            visited = self.modules() if recurse else [self]
            for key in keys:
                if not any(key in module for module in visited):
                    raise KeyError(f"No module has an entry {key!r}.")
        return keys

    def train(self, mode: bool = True) -> Module:
        """Set the training mode here and in all submodules."""
        return self.apply_to_modules(lambda _, module: module._set_training_mode(mode))

    def _set_training_mode(self, mode: bool) -> None:
        self._training = mode

    def eval(self) -> Module:
        """Same as ``train(False)``."""
        return self.train(False)

    def set_dtype(
        self,
        dtype: mx.Dtype,
        predicate: Optional[Callable[[mx.Dtype], bool]] = lambda x: mx.issubdtype(x, mx.floating),
    ) -> None:
        """Cast the parameters whose dtype satisfies ``predicate`` (floating ones by default)."""
        predicate = predicate or (lambda _: True)
        self.apply(lambda x: x.astype(dtype) if predicate(x.dtype) else x)


def _lines(names: List[str]) -> str:
    """One name a line; at most ten of them."""
    more = [f"and {len(names) - 10} more"] if len(names) > 10 else []
    return ",\n".join(names[:10] + more)


def _select(module: Module, key: str, value: Any, filter_fn: Callable, map_fn: Callable, is_leaf_fn: Callable) -> Any:
    """The part of ``value`` (found in ``module`` under ``key``) that filter_and_map returns."""
    if is_leaf_fn(module, key, value):
        return map_fn(value)
    if isinstance(value, Module):
        return {
            k: _select(value, k, v, filter_fn, map_fn, is_leaf_fn) for k, v in value.items() if filter_fn(value, k, v)
        }
    if isinstance(value, dict):
        items = ((k, f"{key}.{k}", v) for k, v in value.items())
        return {
            k: _select(module, path, v, filter_fn, map_fn, is_leaf_fn) if filter_fn(module, path, v) else {}
            for k, path, v in items
        }
    if isinstance(value, list):
        items = ((f"{key}.{i}", v) for i, v in enumerate(value))
        return [
            _select(module, path, v, filter_fn, map_fn, is_leaf_fn) if filter_fn(module, path, v) else {}
            for path, v in items
        ]
    raise RuntimeError(f"[filter_and_map] The entry {key!r} of type {type(value).__name__} is no leaf.")


def _assign(target: Any, values: Any, strict: bool, kind: type, what: str) -> None:
    """Put the leaves of ``values`` (of type ``kind``) in their places inside ``target``."""
    if isinstance(values, dict):
        known = target if isinstance(target, dict) else {}
        places = [(k, v) for k, v in values.items() if k in known]
        if strict and len(places) != len(values):
            unknown = next(k for k in values if k not in known)
            raise ValueError(f'Module does not have {what} named "{unknown}".')
    elif isinstance(values, list):
        places = list(enumerate(values))
        if isinstance(target, (list, tuple)):
            places = places[: len(target)]
            if strict and len(places) != len(values):
                raise ValueError(f"[update] Index {len(target)} is outside a list of length {len(target)}.")
    elif strict:
        raise ValueError(f"[update] A {what} cannot be of type {type(values).__name__}.")
    else:
        return

    for key, new in places:
        current = target[key]
        if isinstance(current, kind) and (isinstance(new, kind) or (kind is mx.array and not strict)):
            target[key] = new
        elif strict and isinstance(current, mx.array) and kind is mx.array:
            raise ValueError(f"[update] The {what} {key!r} cannot be of type {type(new).__name__}.")
        else:
            _assign(current, new, strict, kind, what)
