"""Writes the pages of the reference, docs/reference/*.rst, when Sphinx starts: every public name with its docstring.

The names are those of the modules. Signatures of mlx.core come from its stubs; functions and classes are grouped by the
table or the source file that makes them.
"""

import ast
import inspect
import re
from pathlib import Path

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
import mlx.utils

HERE = Path(__file__).parent
ROOT = HERE.parent
STUBS = ROOT / "python/mlx/core"
SUBMODULES = sorted(name for name, thing in vars(mx).items() if inspect.ismodule(thing))
# Each table of csrc/ops that is not a submodule's is a page, whose title is the table's first line. The other names of
# mlx.core: title of the page, file name, and the sources in csrc/bind that make them.
OTHERS = [
    ("Arrays and dtypes", "arrays", ["array_type", "array_methods", "indexing", "dtypes", "printing"]),
    ("Transformations", "transforms", ["evaluation", "transforms", "vmap", "compile", "custom"]),
    ("Saving, loading and exporting", "io", ["io", "gguf", "export"]),
    ("Devices, streams and memory", "devices", ["devices", "streams", "memory"]),
]
NOTATION = """In the signatures, ``scalar`` is a Python number; ``Operand`` a number, an array, or an object with
``__dlpack__`` such as a NumPy array; ``StreamOrDevice`` a stream, a device or its kind, or None for the default stream;
``File`` a path or a binary file object. `mx` is short for `mlx.core`."""


def families():
    """(title, file name, sources) of the pages of mlx.core."""
    tables = [path for path in sorted((ROOT / "csrc/ops").glob("*.def")) if path.stem not in SUBMODULES]
    titles = [re.match(r"// ([^:.]+)", path.read_text())[1] for path in tables]
    others = [(title, name, [ROOT / f"csrc/bind/{stem}.cpp" for stem in stems]) for title, name, stems in OTHERS]
    return others[:1] + [(title, path.stem, [path]) for title, path in zip(titles, tables)] + others[1:]


def names_of(paths):
    """Public names of mlx.core that tables or source files make."""
    names = set()
    for path in paths:
        text = path.read_text()
        names |= set(re.findall(r"^(?:OP|CREATION|OVERLOADED|UNARY|BINARY)\((\w+),", text, re.MULTILINE))
        names |= set(re.findall(r'\(\s*m,\s*"(\w+)"', text))
        names |= set(re.findall(r'\bm\.def\(\s*"(\w+)"', text))
        names |= set(re.findall(r'\bm\.attr\("(\w+)"\)\s*=', text))
        names |= set(re.findall(r'bind_stream_class<\w+>\(\s*m,\s*"(\w+)"', text))
    return names


def description(thing):
    """A docstring without the signature above it, as reStructuredText: core docstrings are plain text."""
    text = inspect.cleandoc(getattr(thing, "__doc__", None) or "")
    first, _, rest = text.partition("\n")
    text = rest.strip() if re.fullmatch(r"\w+\(.*\)( -> .+)?", first) else text
    paragraphs = []
    for paragraph in text.split("\n\n"):
        if paragraph.startswith("    "):
            paragraphs.append("::\n\n" + paragraph)
        else:
            paragraphs.append(re.sub(r"(`[^`]*`)|([*|\\])|(?<=\w)(_)(?!\w)", escaped, paragraph))
    return "\n\n".join(paragraphs)


def escaped(match):
    return match[1] or "\\" + (match[2] or match[3])


def entry(directive, signatures, body, indent=0):
    """A directive with one line for each signature."""
    head = f".. {directive}:: "
    lines = [(head if i == 0 else " " * len(head)) + signature for i, signature in enumerate(signatures)]
    lines += ["", *("   " + line if line else "" for line in body.splitlines()), ""]
    return "\n".join(" " * indent + line if line else "" for line in lines)


def signature(node, is_method=False):
    arguments = node.args
    if is_method:
        target = arguments.posonlyargs or arguments.args
        target.pop(0)
    result = "" if node.name == "__init__" else f" -> {ast.unparse(node.returns)}"
    return f"({ast.unparse(arguments)}){result}"


class StubReader:
    """Signatures of the names of one module."""

    def __init__(self, name):
        self.nodes = {}
        for node in ast.parse((STUBS / f"{name or '__init__'}.pyi").read_text()).body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                self.nodes.setdefault(node.name, []).append(node)

    def entry(self, name, thing):
        """The reStructuredText of a function or class."""
        nodes = self.nodes[name]
        if isinstance(thing, type):
            return self.cls(name, thing, nodes[0])
        return entry("py:function", [name + signature(node) for node in nodes], description(thing))

    def cls(self, name, thing, node):
        members = {}
        for member in node.body:
            if isinstance(member, ast.FunctionDef):
                members.setdefault(member.name, []).append(member)
        init = members.get("__init__", [])
        body = [description(thing), ""]
        if "__add__" in members:
            body += ["Python's operators, indexing, iteration, ``len``, formatting, copying and pickling work.", ""]
        for member, value in vars(thing).items():
            if member.startswith("_") and member != "__call__":
                continue
            if member in members and not is_property(members[member][0]):
                texts = [member + signature(m, is_method=True) for m in members[member]]
                body.append(entry("py:method", texts, description(value)))
            elif member in members or inspect.isgetsetdescriptor(value) or isinstance(value, property):
                body.append(entry("py:attribute", [member], description(value)))
        for member in getattr(thing, "__members__", {}):
            body.append(entry("py:attribute", [member], ""))
        return entry("py:class", [name + "".join(signature(m, is_method=True) for m in init)], "\n".join(body))


def is_property(node):
    return any(ast.unparse(d) == "property" for d in node.decorator_list)


def titled(title, text, module):
    return f"{title}\n{'=' * len(title)}\n\n.. py:currentmodule:: {module}\n\n{text}\n"


def public(module):
    return {n: t for n, t in vars(module).items() if not n.startswith("_") and not inspect.ismodule(t)}


def is_entry(thing):
    return isinstance(thing, type) or (callable(thing) and type(thing).__name__ not in ("Dtype", "DeviceType"))


def constants(things):
    rows = [f"   * - ``{name}``\n     - ``{thing!r}``" for name, thing in things.items() if not is_entry(thing)]
    return ".. list-table::\n   :widths: auto\n\n" + "\n".join(sorted(rows)) + "\n" if rows else ""


def core_pages():
    """{file name: text} for mlx.core and its submodules."""
    reader, things, pages = StubReader(""), public(mx), {}
    entries = {name: thing for name, thing in things.items() if is_entry(thing)}
    placed = set()
    for title, stem, sources in families():
        made = names_of(sources)
        mine = [n for n, t in entries.items() if n not in placed and (n in made or getattr(t, "__name__", "") in made)]
        placed |= set(mine)
        text = "\n".join(reader.entry(n, entries[n]) for n in sorted(mine, key=str.lower))
        if stem == "arrays":
            text += "\nDtypes and other constants\n--------------------------\n\n" + constants(things)
        pages[f"core_{stem}"] = titled(title, text, "mlx.core")
    rest = sorted(set(entries) - placed - {"matrix_norm"})
    if rest:
        raise RuntimeError(f"no page of docs/reference.py has {', '.join(rest)}")
    for name in SUBMODULES:
        module = getattr(mx, name)
        reader = StubReader(name)
        inside = {n: t for n, t in public(module).items() if is_entry(t)}
        text = inspect.cleandoc(module.__doc__) + "\n\n"
        text += "\n".join(reader.entry(n, inside[n]) for n in sorted(inside, key=str.lower))
        if name == "linalg":
            text += "\n``mx.matrix_norm`` is a second name of :func:`norm`.\n"
        if name == "random":
            text += entry("py:data", ["state"], description(type(mx.random.state)))
        pages[f"core_{name}"] = titled(f"mlx.core.{name}", text, f"mlx.core.{name}")
    listed = "\n".join(f"   {page}" for page in pages)
    pages["core"] = titled("mlx.core", f"{NOTATION}\n\n.. toctree::\n   :maxdepth: 1\n\n{listed}", "mlx.core")
    return pages


def python_entry(module, name, thing):
    options = ""
    if isinstance(thing, type):
        # Members of private bases are shown with the class; those of the named bases where these stand themselves.
        options = "   :members:\n   :inherited-members: Module, Optimizer, dict\n   :special-members: __call__\n"
    kind = "autoclass" if isinstance(thing, type) else "autofunction"
    return f".. {kind}:: {module}.{name}\n{options}"


def python_page(title, module, groups):
    """One page: a heading for each group, with the names of `module` in it."""
    text = inspect.cleandoc(module.__doc__) + "\n\n"
    for heading, names in groups.items():
        if len(groups) > 1:
            text += f"{heading}\n{'-' * len(heading)}\n\n"
        text += "\n".join(python_entry(module.__name__, n, getattr(module, n)) for n in names) + "\n"
    return titled(title, text, module.__name__)


def ours(module):
    """Public functions and classes of a Python module that the package itself defines."""
    is_ours = lambda thing: is_entry(thing) and str(getattr(thing, "__module__", "")).startswith("mlx")  # noqa: E731
    return {name: thing for name, thing in public(module).items() if is_ours(thing)}


def grouped(module, inside):
    """{heading: names}: by the file that defines them."""
    groups = {}
    for name, thing in sorted(inside.items(), key=lambda item: item[0].lower()):
        stem = str(thing.__module__).rsplit(".", 1)[-1]
        groups.setdefault(stem.replace("_", " ").capitalize(), []).append(name)
    return dict(sorted(groups.items()))


def python_pages():
    parts = {"nn_init": nn.init, "nn_losses": nn.losses, "nn_utils": nn.utils}
    pages = {stem: python_page(m.__name__, m, {"": sorted(own(m))}) for stem, m in parts.items()}
    layers = grouped(nn, ours(nn))
    pages["nn_layers"] = python_page("mlx.nn layers and functions", nn, layers)
    for module in (nn.layers.distributed, nn.layers.upsample):
        deeper = [name for name in own(module) if name not in vars(nn)]
        pages[module.__name__.removeprefix("mlx.").replace(".", "_")] = python_page(
            module.__name__, module, {"": deeper}
        )
    listed = "\n".join(f"   {page}" for page in sorted(pages))
    pages["nn"] = titled("mlx.nn", f".. toctree::\n   :maxdepth: 2\n\n{listed}", "mlx.nn")
    pages["optimizers"] = python_page("mlx.optimizers", optim, grouped(optim, ours(optim)))
    pages["utils"] = python_page("mlx.utils", mlx.utils, {"": sorted(own(mlx.utils))})
    return pages


def own(module):
    """Names that this module itself defines."""
    return [name for name, thing in ours(module).items() if thing.__module__ == module.__name__]


def pages():
    return {**core_pages(), **python_pages()}


def write(_app):
    folder = HERE / "reference"
    folder.mkdir(exist_ok=True)
    for name, text in pages().items():
        path = folder / f"{name}.rst"
        if not path.exists() or path.read_text() != text:  # what is unchanged need not be read again
            path.write_text(text)


def setup(app):
    app.connect("builder-inited", write)
    return {"parallel_read_safe": True}
