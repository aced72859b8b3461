"""Writes the types that editors and type checkers read, python/mlx/core/*.pyi, from the built module.

Names, order, defaults and docstrings come from the module, types from the C++ declarations behind the tables
(declarations.py) and from by_hand.pyi. `--check` only says which files are out of date.
"""

import argparse
import ast
import inspect
import re
import sys
import textwrap
from pathlib import Path

import mlx.core as mx
from declarations import operation_types

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "python/mlx/core"
SUBMODULES = sorted(name for name, thing in vars(mx).items() if inspect.ismodule(thing))
OPERATIONS = {"mlx.core.function", "mlx.core.method"}
WIDTH = 120
# Dunder names that every class has, or that say nothing to a type checker.
SILENT = set(dir(object)) - {"__init__", "__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__hash__"} | {
    "__dict__", "__module__", "__weakref__", "__delitem__", "__buffer__", "_pybind11_conduit_v1_"}  # fmt: skip


def is_operation(thing):
    return repr(type(thing)).split("'")[1] in OPERATIONS


def public(module):
    """Names of a module that belong into its stub."""
    shown = ("__version__", "__array_namespace_info__")
    return [n for n in sorted(vars(module), key=lambda n: (n.lower(), n)) if not n.startswith("__") or n in shown]


class Body(dict):
    """The statements of a stub, as lists of nodes by name: overloads share one."""

    def __init__(self, nodes):
        for node in nodes:
            target = node.target.id if isinstance(node, ast.AnnAssign) else getattr(node, "name", None)
            self.setdefault(target, []).append(node)


class ByHand:
    """by_hand.pyi: the names of each module, and the statements at its head that belong to no name."""

    def __init__(self, text):
        nodes = ast.parse(text).body
        is_module = lambda node: isinstance(node, ast.ClassDef) and node.name in SUBMODULES  # noqa: E731
        self.modules = {node.name: Body(node.body) for node in nodes if is_module(node)}
        first = next(node for node in nodes if getattr(node, "name", "") == "DeviceType")
        self.modules[""] = Body([node for node in nodes if node.lineno >= first.lineno and not is_module(node)])
        lines = text.splitlines()[: first.lineno - 1]
        start = next(i for i, line in enumerate(lines) if line.startswith("from "))
        self.head = "\n".join(lines[start:]).strip().splitlines()


def documentation(thing):
    """The first paragraph of a docstring, without the signature above it; nothing for Python's words on its slots."""
    if type(thing).__name__ == "wrapper_descriptor":
        return ""
    text = inspect.cleandoc(getattr(thing, "__doc__", None) or "")
    paragraphs = [p for p in text.split("\n\n") if not re.match(r"\w+\(.*\)( -> .+)?$", p)]
    return " ".join(paragraphs[0].split()) if paragraphs else ""


def quoted(text, indent):
    if not text:
        return []
    text = text.replace("\\", "\\\\")
    if len(indent) + len(text) + 6 <= WIDTH:
        return [f'{indent}"""{text}"""']
    lines = textwrap.wrap(text, WIDTH - len(indent) - 3)
    return [f'{indent}"""{lines[0]}', *(indent + line for line in lines[1:]), f'{indent}"""']


def folded(head, parameters, tail, indent):
    """`head(parameters)tail` in lines of at most WIDTH."""
    line = f"{indent}{head}({', '.join(parameters)}){tail}"
    if len(line) <= WIDTH:
        return [line]
    wrapped = textwrap.wrap(", ".join(parameters).replace(" ", "\0").replace(",\0", ", "), WIDTH - len(indent) - 4)
    return [f"{indent}{head}(", *(indent + "    " + w.replace("\0", " ") for w in wrapped), f"{indent}){tail}"]


def parameters_of(arguments):
    """(kind, name, annotation, default) of each parameter of an ast.arguments, in order."""
    plain = arguments.posonlyargs + arguments.args
    defaults = [None] * (len(plain) - len(arguments.defaults)) + arguments.defaults
    found = [("/" if i < len(arguments.posonlyargs) else "", a, d) for i, (a, d) in enumerate(zip(plain, defaults))]
    found += [("*args", arguments.vararg, None)] if arguments.vararg else []
    found += [("*", a, d) for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults)]
    found += [("**", arguments.kwarg, None)] if arguments.kwarg else []
    text = lambda node: ast.unparse(node) if node else None  # noqa: E731
    return [(kind, a.arg, text(a.annotation), text(d)) for kind, a, d in found]


def written(parameters):
    """The texts of a parameter list, with / and * where they belong."""
    texts, star = [], False
    for i, (kind, name, annotation, default) in enumerate(parameters):
        if kind == "*" and not star:
            texts.append("*")
        star = star or kind in ("*", "*args")
        typed = f"{name}: {annotation}" if annotation else name
        prefix = {"*args": "*", "**": "**"}.get(kind, "")
        texts.append(prefix + typed + (f" = {default}" if default is not None else ""))
        if kind == "/" and (i + 1 == len(parameters) or parameters[i + 1][0] != "/"):
            texts.append("/")
    return texts


def signature_text(thing):
    """The signature at the head of a docstring: `(a, b=1)`, with `-> type` where pybind11 wrote it."""
    first = (thing.__doc__ or "").split("\n")[0]
    match = re.match(r"\w+(\(.*\)(?: -> .+)?)$", first)
    return match[1] if match else None


def parsed(text):
    """The ast of a signature; the annotations of pybind11's depend on its version and are not looked at."""
    return ast.parse(f"def f{text}: ...").body[0]


class Stub:
    """The stub of one module."""

    def __init__(self, name, by_hand, types):
        self.name, self.types, self.lines = name, types, []
        self.module = getattr(mx, name) if name else mx
        self.by_hand, self.core_by_hand = by_hand.modules.get(name, {}), by_hand.modules[""]
        self.problems = []

    def function(self, name, thing, indent="", owner=""):
        """One function or method."""
        path = f"{owner}{name}"
        hand = self.hand_of(owner).get(name)
        if not hand and self.name == "metal":  # forwards to functions of mlx.core
            hand = self.core_by_hand.get(name)
        # An alias is the same object under another name.
        at_home = is_operation(thing) and (thing.__module__.removeprefix("mlx.core").strip("."), thing.__name__)
        key = ("", path) if owner else at_home
        if hand:
            self.compare(path, thing, hand[-1])
            for node in hand:
                if any(ast.unparse(d) == "overload" for d in node.decorator_list):
                    self.lines.append(f"{indent}@overload")
                self.write(name, written(parameters_of(node.args)), ast.unparse(node.returns), thing, indent)
        elif is_operation(thing) and key in self.types:
            annotations, result = self.types[key]
            parameters = parameters_of(parsed(signature_text(thing)).args)
            if len(annotations) != len(parameters):
                self.problems.append(f"{path}: {len(annotations)} types for {len(parameters)} parameters")
            typed = [self.typed(p, a, owner and i == 0) for i, (p, a) in enumerate(zip(parameters, annotations))]
            self.write(name, written(typed), result, thing, indent)
        else:
            self.problems.append(f"{path}: no types are known; by_hand.pyi must say them")

    def typed(self, parameter, annotation, is_self):
        kind, name, _, default = parameter
        if is_self:
            return ("", name, None, None)
        if kind == "*args":
            annotation = annotation.removeprefix("Sequence[").removesuffix("]")
        return (kind, name, annotation, default)

    def write(self, name, parameters, result, thing, indent):
        doc = quoted(documentation(thing), indent + "    ")
        tail = f" -> {result}:" + ("" if doc else " ...")
        if name in ("__eq__", "__ne__"):
            tail = f" -> {result}: ...  # type: ignore[override]"
            doc = []
        self.lines += folded(f"def {name}", parameters, tail, indent) + doc

    def compare(self, path, thing, node):
        """Notes where by_hand.pyi and the module name other parameters or defaults."""
        text = signature_text(thing)
        if not text or text.startswith("(*args, **kwargs)"):
            return
        module, hand = parameters_of(parsed(text).args), parameters_of(node.args)
        is_overload = bool(node.decorator_list)
        agree = len(module) == len(hand)
        for (kind, name, _, default), (hand_kind, hand_name, _, hand_default) in zip(module, hand):
            if name == "self" or (not kind and re.fullmatch(r"arg\d+", name)):  # pybind11 has no name for it
                continue
            same_default = (default or "").replace('"', "'") == (hand_default or "").replace('"', "'")
            agree = agree and (kind, name) == (hand_kind, hand_name) and (same_default or is_overload)
        if not agree:
            self.problems.append(f"{path}{text}: by_hand.pyi has ({ast.unparse(node.args)})")

    def hand_of(self, owner):
        if not owner:
            return self.by_hand
        nodes = self.by_hand.get(owner[:-1])
        return Body(nodes[0].body) if nodes else {}

    def cls(self, name, thing):
        hand = self.hand_of(name + ".")
        node = self.by_hand[name][0] if name in self.by_hand else None
        if node is None:
            self.problems.append(f"{name}: no class of this name in by_hand.pyi")
        bases = ", ".join(ast.unparse(base) for base in node.bases) if node else ""
        self.lines.append(f"class {name}({bases}):" if bases else f"class {name}:")
        start = len(self.lines)
        self.lines += quoted(documentation(thing), "    ")
        if "enum" in bases:
            self.lines += [f"    {member} = {value.value}" for member, value in thing.__members__.items()]
            return
        for member, value in vars(thing).items():
            if member in SILENT or member == "__init__" and member not in hand:
                continue
            if member in ("__eq__", "__hash__") and member not in hand:
                continue
            if isinstance(value, property) or inspect.isgetsetdescriptor(value):
                self.attribute(name, member, value, hand)
            else:
                self.function(member, value, "    ", name + ".")
        if len(self.lines) == start:
            self.lines[-1] += " ..."

    def attribute(self, owner, name, thing, hand):
        node = hand[name][0] if name in hand else None
        if node is None:
            self.problems.append(f"{owner}.{name}: no type in by_hand.pyi")
        elif isinstance(node, ast.AnnAssign):
            self.lines.append(f"    {name}: {ast.unparse(node.annotation)}")
            self.lines += quoted(documentation(thing), "    ")
        else:
            self.lines.append("    @property")
            self.write(name, ["self"], ast.unparse(node.returns), thing, "    ")

    def text(self, head):
        things = {name: getattr(self.module, name) for name in public(self.module)}
        classes = {n: t for n, t in things.items() if isinstance(t, type)}
        by_base = sorted(classes, key=lambda n: len(classes[n].__mro__))
        for name in by_base:
            self.lines.append("")
            self.cls(name, classes[name])
        self.lines.append("")
        for name, thing in things.items():
            if name in classes or inspect.ismodule(thing):
                continue
            if is_operation(thing) or inspect.isbuiltin(thing):
                self.function(name, thing)
            elif name in self.by_hand:
                self.lines.append(f"{name}: {ast.unparse(self.by_hand[name][0].annotation)}")
            else:
                self.lines.append(f"{name}: {type(thing).__name__}")
        unused = set(self.by_hand) - set(things)
        self.problems += [f"{name}: in by_hand.pyi, not in the module" for name in sorted(unused)]
        body = "\n".join(self.lines)
        module = f"mlx.core.{self.name}".strip(".")
        says = f"# Types of {module}, written by tools/stubs/generate.py: do not edit."
        return "\n".join([says, "", *head(body), body]).rstrip() + "\n"


def stubs():
    """{file name: text} of every stub."""
    by_hand = ByHand((Path(__file__).parent / "by_hand.pyi").read_text())
    types = operation_types(SUBMODULES)
    names_of_core = re.findall(r"^(?:class )?(\w+)(?:: TypeAlias|[:(])", "\n".join(by_hand.head), re.MULTILINE)
    names_of_core += [name for name in public(mx) if isinstance(getattr(mx, name), (mx.Dtype, type))]

    def head_of_core(_):
        return [*by_hand.head, "", *(f"from . import {name} as {name}" for name in SUBMODULES)]

    def head_of_submodule(body):
        code = re.sub(r'"""[\s\S]*?"""', "", body)
        used = lambda names: [n for n in names if re.search(rf"(?<![\w.]){n}\b", code)]  # noqa: E731
        lines = []
        for line in by_hand.head:
            if (match := re.match(r"from ([\w.]+) import (.+)", line)) and (names := used(match[2].split(", "))):
                lines.append(f"from {match[1]} import {', '.join(names)}")
        names = sorted(set(used(names_of_core)))
        return lines + ([f"from . import {', '.join(names)}"] if names else [])

    texts, problems = {}, []
    for name in ("", *SUBMODULES):
        stub = Stub(name, by_hand, types)
        texts[f"{name or '__init__'}.pyi"] = stub.text(head_of_submodule if name else head_of_core)
        problems += stub.problems
    if problems:
        sys.exit("\n".join(problems))
    return texts


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; status 1 when a file is out of date")
    arguments = parser.parse_args()
    current = {path.name: path.read_text() for path in TARGET.glob("*.pyi")}
    old = [name for name, text in stubs().items() if current.get(name) != text]
    if arguments.check:
        sys.exit(f"out of date: {', '.join(old)}" if old else 0)
    TARGET.mkdir(exist_ok=True)
    for name, text in stubs().items():
        (TARGET / name).write_text(text)
    print(f"{len(old)} files changed under {TARGET}")


if __name__ == "__main__":
    main()
