"""Writes C headers and definitions from the rows of csrc/c/*.def; CMake calls it when the library is built.

A row is ``result name(kind parameter, …)``: the C function ``mlx_<module>_<name>`` calls the C++ function of that name
(or of the one after `` = ``) with the parameters in that order. A parameter in braces stands in the C++ call only. Lines
that start with ``//`` are comments of the header, and ``#`` lines go into it as they are.
"""

import re
import sys
from pathlib import Path
from string import Template

# kind: (C declaration, expression of the C++ argument)
KINDS = {
    "array": ("const mlx_array $n", "get($n)"),
    "array?": ("const mlx_array $n /* may be null */", "get_optional($n)"),
    "arrays": ("const mlx_vector_array $n", "get($n)"),
    "ints": ("const int* $n, size_t ${n}_num", "ints($n, ${n}_num)"),
    "ints?": ("const int* $n /* may be null */, size_t ${n}_num", "optional_ints($n, ${n}_num)"),
    "shape": ("const int* $n, size_t ${n}_num", "shape_of($n, ${n}_num)"),
    "strides": ("const int64_t* $n, size_t ${n}_num", "strides_of($n, ${n}_num)"),
    "pair": ("int ${n}_0, int ${n}_1", "std::make_pair(${n}_0, ${n}_1)"),
    "triple": ("int ${n}_0, int ${n}_1, int ${n}_2", "std::make_tuple(${n}_0, ${n}_1, ${n}_2)"),
    "dtype": ("mlx_dtype $n", "dtype_of($n)"),
    "text": ("const char* $n", "text_of($n)"),
    "int?": ("mlx_optional_int $n", "optional_of($n)"),
    "float?": ("mlx_optional_float $n", "optional_of($n)"),
    "dtype?": ("mlx_optional_dtype $n", "optional_of($n)"),
    "fft_norm": ("mlx_fft_norm $n", "core::fft::FFTNorm($n)"),
    "group?": ("const mlx_distributed_group $n /* may be null */", "get_optional($n)"),
    "stream": ("const mlx_stream $n", "get($n)"),
} | {t: (f"{t} $n", "$n") for t in ("int", "bool", "float", "double", "size_t", "uint64_t")}

# result: (C parameters, statement around the call)
RESULTS = {
    "none": ([], "$call;"),
    "array": (["mlx_array* res"], "put(res, $call);"),
    "array2": (["mlx_array* res_0", "mlx_array* res_1"], "put(res_0, res_1, $call);"),
    "arrays": (["mlx_vector_array* res"], "put(res, $call);"),
    "size": (["size_t* res"], "*res = $call;"),
}

INCLUDES = ("array", "distributed_group", "half", "optional", "stream", "string", "vector")
# A definition file holds about as many functions as compile in a few seconds.
FUNCTIONS_A_FILE = 60

ROW = re.compile(r"(\w+) (\w+)(?: = (\w+))?\((.*)\)$")


def function(line, module):
    """The declaration and the definition of a row."""
    match = ROW.match(line)
    if not match:
        sys.exit(f"no row: {line}")
    result, name, callee, listed = match.groups()
    callee = "core::" + (f"{module}::" if module else "") + (callee or name)
    parameters, around = RESULTS[result]
    parameters, arguments = list(parameters), []
    for item in filter(None, listed.split(", ")):
        if item.startswith("{"):
            arguments.append(item.strip("{}"))
            continue
        kind, _, parameter = item.partition(" ")
        declaration, expression = KINDS[kind]
        parameters.append(Template(declaration).substitute(n=parameter))
        arguments.append(Template(expression).substitute(n=parameter))
    head = f"int mlx_{module + '_' if module else ''}{name}({', '.join(parameters) or 'void'})"
    statement = Template(around).substitute(call=f"{callee}({', '.join(arguments)})")
    declared = f"/** Calls mlx::{callee}. */\n{head};\n"
    defined = f'extern "C" {head} {{\n  return guarded(__func__, [&] {{ {statement} }});\n}}\n'
    return declared, defined.replace(" /* may be null */", "")


def generate(table, headers, sources, parts):
    lines = table.read_text().splitlines()
    stem = table.stem
    module = "" if stem in ("ops", "memory") else stem
    comments = [line for line in lines if line.startswith("//")]
    verbatim = [line for line in lines if line.startswith("#")]
    rows = [function(line, module) for line in lines if line and line[0] not in "/#"]
    header = comments + ["#pragma once", "", "#include <stdbool.h>", "#include <stddef.h>", "#include <stdint.h>", ""]
    header += [f'#include "mlx/c/{name}.h"' for name in INCLUDES] + verbatim
    header += ["", "#ifdef __cplusplus", 'extern "C" {', "#endif", "", "\n".join(declared for declared, _ in rows)]
    header += ["#ifdef __cplusplus", "}", "#endif", ""]
    (headers / f"{stem}.h").write_text("\n".join(header))
    for part in range(parts):
        chosen = rows[part * FUNCTIONS_A_FILE : (part + 1) * FUNCTIONS_A_FILE]
        text = [f"// Definitions {part + 1} of {parts} of mlx/c/{stem}.h.", f'#include "mlx/c/{stem}.h"', ""]
        text += [
            '#include "c/convert.h"',
            '#include "mlx/mlx.h"',
            "",
            "using namespace mlx::c;",
            "namespace core = mlx::core;",
            "",
        ]
        (sources / f"{stem}_{part}.cpp").write_text("\n".join(text + [defined for _, defined in chosen]))


def parts_of(table):
    """How many definition files a table needs."""
    rows = sum(bool(ROW.match(line)) for line in table.read_text().splitlines())
    return max(1, -(-rows // FUNCTIONS_A_FILE))


def main():
    """``generate.py --list TABLE…`` names the definition files, ``generate.py HEADERS SOURCES TABLE…`` writes all."""
    if sys.argv[1] == "--list":
        names = [f"{t.stem}_{part}.cpp" for t in map(Path, sys.argv[2:]) for part in range(parts_of(t))]
        print(";".join(names), end="")
        return
    headers, sources = Path(sys.argv[1]), Path(sys.argv[2])
    headers.mkdir(parents=True, exist_ok=True)
    sources.mkdir(parents=True, exist_ok=True)
    for table in map(Path, sys.argv[3:]):
        generate(table, headers, sources, parts_of(table))


if __name__ == "__main__":
    main()
