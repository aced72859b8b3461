"""Tree functions of mlx.utils: maps, flattening and its inverse, folds, merges."""

from collections import namedtuple

import pytest
from mlx.utils import tree_flatten, tree_map, tree_map_with_path, tree_merge, tree_reduce, tree_unflatten

Pair = namedtuple("Pair", "a b")
TREE = {"a": [1, {"b": 2}], "c": (3, 4), "d": {}}
FLAT = [("a.0", 1), ("a.1.b", 2), ("c.0", 3), ("c.1", 4)]


@pytest.mark.parametrize(
    "tree, expected",
    [
        (TREE, {"a": [2, {"b": 3}], "c": (4, 5), "d": {}}),
        (Pair(1, [2]), Pair(2, [3])),
        (7, 8),
        ([], []),
    ],
)
def test_map_keeps_the_structure(tree, expected):
    got = tree_map(lambda x: x + 1, tree)
    assert got == expected
    assert type(got) is type(expected)


def test_map_indexes_further_trees_by_the_first():
    assert tree_map(lambda x, y: x + y, {"a": [1]}, {"a": [10, 20], "z": 3}) == {"a": [11]}


@pytest.mark.parametrize("other, error", [({"b": 1}, KeyError), ([], KeyError), (3, TypeError)])
def test_map_of_trees_that_do_not_match(other, error):
    with pytest.raises((error, TypeError, IndexError)):
        tree_map(lambda x, y: x, {"a": 1}, other)


def test_map_stops_at_leaves():
    assert tree_map(len, {"a": [1, 2], "b": [3]}, is_leaf=lambda x: isinstance(x, list)) == {"a": 2, "b": 1}


@pytest.mark.parametrize("path, first", [(None, "a.0"), ("q", "q.a.0"), ("", "a.0"), (5, "5.a.0")])
def test_map_with_path(path, first):
    assert tree_map_with_path(lambda p, x: p, TREE, path=path)["a"][0] == first


def test_map_with_path_of_a_leaf_has_no_path():
    assert tree_map_with_path(lambda p, x: p, 3) is None


@pytest.mark.parametrize(
    "tree, arguments, expected",
    [
        (TREE, {}, FLAT),
        (TREE, {"destination": {}}, dict(FLAT)),
        (TREE, {"prefix": ".m"}, [("m." + k, v) for k, v in FLAT]),
        (TREE, {"is_leaf": lambda x: isinstance(x, tuple)}, FLAT[:2] + [("c", (3, 4))]),
        (3, {}, [("", 3)]),
        (None, {}, [("", None)]),
        ({}, {}, []),
        ([1], {"destination": [("x", 0)]}, [("x", 0), ("0", 1)]),
    ],
)
def test_flatten(tree, arguments, expected):
    assert tree_flatten(tree, **arguments) == expected


@pytest.mark.parametrize("destination", [(), 3, "ab"])
def test_flatten_rejects_other_destinations(destination):
    with pytest.raises(ValueError):
        tree_flatten(TREE, destination=destination)


@pytest.mark.parametrize(
    "flat, expected",
    [
        (FLAT, {"a": [1, {"b": 2}], "c": [3, 4]}),
        (dict(FLAT), {"a": [1, {"b": 2}], "c": [3, 4]}),
        ([("", 3)], 3),
        ([], []),
        ([("2", 3), ("0", 1)], [1, {}, 3]),
        ([("10", 1), ("9", 0)], [{}] * 9 + [0, 1]),
        ([("0", 1), ("x", 2)], {"0": 1, "x": 2}),
        ([("w.02", 1), ("w.2", 2)], {"w": {"02": 1, "2": 2}}),  # two keys, one integer: no list holds both
        ([("0", 1), ("00", 2)], {"0": 1, "00": 2}),
        ([("01", 7), ("2", 8)], [{}, 7, 8]),
    ],
)
def test_unflatten(flat, expected):
    assert tree_unflatten(flat) == expected


@pytest.mark.parametrize(
    "tree, initializer, expected",
    [
        ([1, [2, {"k": 3}]], None, 6),
        ([1, [2, {"k": 3}]], 10, 16),
        ([], None, None),
        ([], 5, 5),
        (7, None, 7),
    ],
)
def test_reduce(tree, initializer, expected):
    assert tree_reduce(lambda total, x: total + x, tree, initializer) == expected


@pytest.mark.parametrize(
    "a, b, expected",
    [
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ({"a": {"x": 1}}, {"a": {"y": 2}}, {"a": {"x": 1, "y": 2}}),
        ({"a": {}}, {"a": [1]}, {"a": [1]}),
        ([None, 1], [2, None], [2, 1]),
        ([1], [None, 2], [1, 2]),
        ((), (), ()),
        (None, 1, 1),
    ],
)
def test_merge(a, b, expected):
    assert tree_merge(a, b) == expected


@pytest.mark.parametrize("a, b", [(1, 2), ({"a": 1}, {"a": 2}), ({}, []), ([1], {"a": 1}), ({"a": 1}, 3)])
def test_merge_refuses_conflicts(a, b):
    with pytest.raises(ValueError):
        tree_merge(a, b)


def test_merge_asks_for_leaves_that_meet():
    assert tree_merge({"a": [1, 2]}, {"a": [10, 20]}, lambda x, y: x + y) == {"a": [11, 22]}
