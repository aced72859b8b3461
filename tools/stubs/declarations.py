"""The Python types of operations, read from the C++ declarations behind the rows of csrc/ops/*.def.

The binder converts arguments and results by exactly these C++ types (csrc/bind/arguments.h, results.h), so they are the
one place where the types of a row are stated.
"""

import re
from pathlib import Path

CSRC = Path(__file__).resolve().parents[2] / "csrc"
ROW = re.compile(r'^(OP|METHOD|CREATION|OVERLOADED)\((\w+),\s*([\w:]+),\s*"([^"]*)"', re.MULTILINE)
PARENTHESES = r"(?:[^()]|\((?:[^()]|\([^()]*\))*\))*"
ITEM = re.compile(
    r"^namespace (?P<enter>[\w:]+) \{|^(?P<leave>\})  // namespace|^\s*using (?P<alias>\w+) = (?P<meaning>[^;]+);"
    rf"|^(?!\s*(?:using|return)\b)(?P<result>[\w:<>, ]+?)\s+(?P<name>\w+)\((?P<parameters>{PARENTHESES})\);",
    re.MULTILINE,
)
# What a parameter takes and what a result gives, where the two differ as a pair.
TYPES = {
    "array": "array",
    "bool": "bool",
    "int": "int",
    "int64_t": "int",
    "uint64_t": "int",
    "float": "float",
    "double": "float",
    "void": "None",
    "std::string": "str",
    "Dtype": "Dtype",
    "DeviceType": "Device | DeviceType",
    "StreamOrDevice": "StreamOrDevice",
    "Scalar": "scalar",
    "Operand": "Operand",
    "IntOrInts": "int | Sequence[int]",
    "Shape": ("Sequence[int]", "tuple[int, ...]"),
    "IntOrShape": "int | Sequence[int]",
    "IntSequence": "Sequence[int]",
    "Condition": "Operand",
    "Axes": ("int | Sequence[int]", "list[int]"),
    "ArrayTuple": "tuple[array, ...]",
    "Group": "Group",
}


def split_at_commas(text):
    """The parts of `text` between the commas outside brackets."""
    parts, depth = [""], 0
    for character in text:
        depth += (character in "<([{") - (character in ">)]}")
        if character == "," and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts if part.strip()]


class Declarations:
    """All functions of the headers by their full name, and the names that `using` gives to types."""

    def __init__(self):
        self.functions, self.aliases = {}, {}
        for header in sorted(CSRC.glob("ops/*.h")) + [CSRC / "graph/array.h"]:
            self._read(re.sub(r"//(?! namespace).*", "", header.read_text()))

    def _read(self, text):
        namespaces = []
        for item in ITEM.finditer(text):
            if item["enter"]:
                namespaces.append(item["enter"])
            elif item["leave"]:
                namespaces.pop()
            elif item["alias"]:
                self.aliases.setdefault(item["alias"], item["meaning"])
            else:
                name = "::".join([*namespaces, item["name"]]).removeprefix("mlx::")
                self.functions.setdefault(name, (item["result"], item["parameters"]))

    def python_type(self, cpp, is_result=False):
        cpp = re.sub(r"\bconst\b|&|\bstd::(?=optional|variant|vector|pair|tuple|unordered_map)", "", cpp).strip()
        cpp = cpp.removeprefix("linalg::")
        if cpp in TYPES:
            known = TYPES[cpp]
            return known if isinstance(known, str) else known[is_result]
        if cpp in self.aliases:
            return self.python_type(self.aliases[cpp], is_result)
        template, _, rest = cpp.partition("<")
        inner = [self.python_type(part, is_result) for part in split_at_commas(rest[:-1])]
        if template == "optional":
            return f"{inner[0]} | None"
        if template == "variant":
            return " | ".join(dict.fromkeys(inner))
        if template == "vector":
            return f"{'list' if is_result else 'Sequence'}[{inner[0]}]"
        if template in ("pair", "tuple"):
            return f"tuple[{', '.join(inner)}]"
        if template == "unordered_map":
            return f"{'dict' if is_result else 'Mapping'}[{', '.join(inner)}]"
        raise ValueError(f"no Python type is known for the C++ type {cpp!r}")

    def types_of(self, function, submodule):
        """Types of the parameters, in order, and of the result."""
        plain = function.removeprefix(f"{submodule}::")
        found = self.functions.get(f"{submodule}::{plain}") or self.functions[function]
        parameters = []
        for parameter in split_at_commas(found[1]):
            parameters.append(self.python_type(re.sub(r"\s*\b\w+$", "", parameter.split("=")[0].strip())))
        return parameters, self.python_type(found[0], is_result=True)


def adapt_to_signature(parameters, signature):
    """Adds what only the row says: `second=None for first` is one parameter more, and `= None` may be given as None."""
    texts = [text for text in split_at_commas(signature) if text not in ("/", "*")]
    names = [text.split("=")[0] for text in texts]
    for position, text in enumerate(texts):
        if " for " in text:
            parameters.insert(position, parameters[names.index(text.split(" for ")[1])])
        is_none = text.partition("=")[2].startswith("None") and position < len(parameters)
        if is_none and not re.search("None|StreamOrDevice", parameters[position]):
            parameters[position] += " | None"


def operation_types(submodules):
    """{(submodule or "", name): (types of the parameters, type of the result)}; methods as "array.name"."""
    declarations, types = Declarations(), {}
    for table in sorted((CSRC / "ops").glob("*.def")):
        text = table.read_text()
        submodule = table.stem if table.stem in submodules else ""
        for kind, name, function, signature in ROW.findall(text):
            key = f"array.{name}" if kind == "METHOD" else name
            if kind == "OVERLOADED":  # the C++ function of that name has the most parameters
                function = name
            parameters, result = declarations.types_of(function, submodule)
            if kind in ("CREATION", "OVERLOADED"):  # the binder puts the device before the stream
                parameters.insert(-1, "Device | DeviceType | None")
            adapt_to_signature(parameters, signature)
            types[submodule, key] = parameters, result
        for kind, name in re.findall(r"^(UNARY|BINARY)\((\w+)", text, re.MULTILINE):
            types[submodule, name] = (["Operand"] * (1 + (kind == "BINARY")) + ["StreamOrDevice"], "array")
    aliases = (CSRC / "bind/aliases.def").read_text()
    for name in re.findall(r"^METHOD\((\w+)\)", aliases, re.MULTILINE):
        types.setdefault(("", f"array.{name}"), types["", name])
    for method, name in re.findall(r"^METHOD_ALIAS\((\w+), (\w+)\)", aliases, re.MULTILINE):
        types["", f"array.{method}"] = types["", name]
    return types
