"""Maps, folds and dotted-path conversions over trees of lists, tuples and dicts."""

from itertools import zip_longest
from typing import Any, Callable, Collection, Dict, List, Optional, Tuple, Union, overload

_Destination = Union[List[Tuple[str, Any]], Dict[str, Any]]


def _rebuild(tree: Union[list, tuple], items: List[Any]) -> Union[list, tuple]:
    """A sequence of the type of ``tree`` that holds ``items``."""
    if hasattr(tree, "_fields"):
        return type(tree)(*items)
    return type(tree)(items)


def tree_map(fn: Callable, tree: Any, *rest: Any, is_leaf: Optional[Callable] = None) -> Any:
    """Apply ``fn`` to every leaf of ``tree``.

    Args:
        fn: called as ``fn(leaf, *others)``, its value becomes the new leaf.
        tree: lists, tuples (named ones too) and dicts, nested; anything else is a leaf.
        rest: further trees; they are indexed by the structure of ``tree``.
        is_leaf: ``is_leaf(node)`` true stops the descent at that node.

    Returns:
        A tree of the same structure; dict subclasses become plain dicts.
    """
    if is_leaf is not None and is_leaf(tree):
        return fn(tree, *rest)
    if isinstance(tree, (list, tuple)):
        return _rebuild(
            tree,
            [tree_map(fn, child, *(r[i] for r in rest), is_leaf=is_leaf) for i, child in enumerate(tree)],
        )
    if isinstance(tree, dict):
        return {k: tree_map(fn, child, *(r[k] for r in rest), is_leaf=is_leaf) for k, child in tree.items()}
    return fn(tree, *rest)


def tree_map_with_path(
    fn: Callable,
    tree: Any,
    *rest: Any,
    is_leaf: Optional[Callable] = None,
    path: Optional[Any] = None,
) -> Any:
    """Apply ``fn(path, leaf, *others)`` to every leaf, with paths such as ``"layers.0.weight"``.

    Args:
        fn: called with the dotted path first.
        tree, rest, is_leaf: as in :func:`tree_map`.
        path: prefix of all paths.

    Returns:
        A tree of the same structure as ``tree``.
    """
    if is_leaf is not None and is_leaf(tree):
        return fn(path, tree, *rest)

    def visit(key: Any, child: Any) -> Any:
        below = f"{path}.{key}" if path else str(key)
        return tree_map_with_path(fn, child, *(r[key] for r in rest), is_leaf=is_leaf, path=below)

    if isinstance(tree, (list, tuple)):
        return _rebuild(tree, [visit(i, child) for i, child in enumerate(tree)])
    if isinstance(tree, dict):
        return {k: visit(k, child) for k, child in tree.items()}
    return fn(path, tree, *rest)


@overload
def tree_flatten(
    tree: Any,
    prefix: str = "",
    is_leaf: Optional[Callable] = None,
    destination: Optional[List[Tuple[str, Any]]] = None,
) -> List[Tuple[str, Any]]: ...
@overload
def tree_flatten(
    tree: Any, prefix: str = "", is_leaf: Optional[Callable] = None, *, destination: Dict[str, Any]
) -> Dict[str, Any]: ...
def tree_flatten(
    tree: Any,
    prefix: str = "",
    is_leaf: Optional[Callable] = None,
    destination: Optional[_Destination] = None,
) -> _Destination:
    """List the leaves of ``tree`` with their dotted keys.

    Args:
        tree: lists, tuples and dicts, nested. Empty containers yield nothing.
        prefix: put before every key; its first character is dropped.
        is_leaf: ``is_leaf(node)`` true makes that node a leaf.
        destination: a list (of pairs) or dict to fill; a new list when absent.

    Returns:
        ``destination``. A bare leaf has the key ``""``.

    Raises:
        ValueError: ``destination`` is neither a list nor a dict.
    """
    if destination is None:
        destination = []
    if not isinstance(destination, (list, dict)):
        raise ValueError(f"[tree_flatten] destination must be a list or a dict, not {type(destination).__name__}.")

    def visit(node: Any, key: str) -> None:
        stop = is_leaf is not None and is_leaf(node)
        if not stop and isinstance(node, (list, tuple)):
            for i, child in enumerate(node):
                visit(child, f"{key}.{i}")
        elif not stop and isinstance(node, dict):
            for k, child in node.items():
                visit(child, f"{key}.{k}")
        elif isinstance(destination, dict):
            destination[key[1:]] = node
        else:
            destination.append((key[1:], node))

    visit(tree, prefix)
    return destination


def tree_unflatten(tree: Union[List[Tuple[str, Any]], Dict[str, Any]]) -> Any:
    """Build the tree whose :func:`tree_flatten` gives ``tree``.

    Where all keys of a level spell different integers a list is made (missing indices hold ``{}``), else a dict.
    The single key ``""`` stands for a bare leaf.
    """
    items = list(tree.items()) if isinstance(tree, dict) else list(tree)
    if len(items) == 1 and items[0][0] == "":
        return items[0][1]

    branches: Dict[str, List[Tuple[str, Any]]] = {}
    for key, value in items:
        head, _, tail = key.partition(".")
        branches.setdefault(head, []).append((tail, value))

    places = _places(branches)
    if places is None:
        return {head: tree_unflatten(below) for head, below in branches.items()}

    result: List[Any] = []
    for index in sorted(places):
        result.extend({} for _ in range(index - len(result)))
        result.append(tree_unflatten(branches[places[index]]))
    return result


def _places(keys: Collection[str]) -> Optional[Dict[int, str]]:
    """The keys by the integers they spell; None where one spells none, or two the same."""
    try:
        places = {int(key): key for key in keys}
    except ValueError:
        return None
    return places if len(places) == len(keys) else None


def tree_reduce(
    fn: Callable,
    tree: Any,
    initializer: Any = None,
    is_leaf: Optional[Callable] = None,
) -> Any:
    """Fold ``fn(accumulator, leaf)`` over the leaves, left to right.

    With ``initializer=None`` the first leaf starts the fold; an empty tree then gives ``None``.
    """
    result = initializer
    for _, leaf in tree_flatten(tree, is_leaf=is_leaf):
        result = leaf if result is None else fn(result, leaf)
    return result


def tree_merge(tree_a: Any, tree_b: Any, merge_fn: Optional[Callable] = None) -> Any:
    """Unite two trees deeply; an empty container or ``None`` counts as missing.

    Args:
        tree_a, tree_b: trees; at one place both may hold lists, tuples or dicts.
        merge_fn: ``merge_fn(a, b)`` decides where both trees have a leaf.

    Raises:
        ValueError: two leaves meet and there is no ``merge_fn``, or two empty containers
            of different types meet.
    """
    a, b = _none_if_empty(tree_a), _none_if_empty(tree_b)
    if a is None and b is None and tree_a is not None and tree_b is not None:
        if type(tree_a) is not type(tree_b):
            raise ValueError(f"[tree_merge] An empty {type(tree_a).__name__} meets an empty {type(tree_b).__name__}.")
        return tree_a
    if (a is None) != (b is None):
        return tree_b if a is None else tree_a

    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return _rebuild(a, [tree_merge(x, y, merge_fn) for x, y in zip_longest(a, b)])
    if isinstance(a, dict) and isinstance(b, dict):
        return {k: tree_merge(a.get(k), b.get(k), merge_fn) for k in {**a, **b}}

    if merge_fn is None:
        raise ValueError("[tree_merge] Two leaves meet and no merge_fn was given.")
    return merge_fn(a, b)


def _none_if_empty(tree: Any) -> Any:
    return None if isinstance(tree, (dict, list, tuple)) and len(tree) == 0 else tree
