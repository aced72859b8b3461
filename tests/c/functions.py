"""Checks that every function of the C headers is in the library, and that a test calls it.

``functions.py LIBRARY HEADERS GENERATED_HEADERS TESTS``
"""

import re
import subprocess
import sys
from pathlib import Path


def main():
    library, *headers, tests = map(Path, sys.argv[1:])
    text = "\n".join(path.read_text() for folder in headers for path in folder.glob("*.h"))
    text = re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.DOTALL)
    declared = set(re.findall(r"\b(_?mlx_\w+)\s*\([^;{]*\)\s*;", text))
    listed = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True, check=True).stdout
    exported = {line.split()[-1] for line in listed.splitlines() if " T " in line}
    called = " ".join(path.read_text() for path in tests.glob("*.c"))
    # Rows that paste names: the suffix stands in a row of its own.
    for prefix in ("mlx_array_item_", "mlx_array_data_"):
        called += " " + " ".join(prefix + suffix for suffix in re.findall(r"\b(?:TYPED|HALF)\((\w+)", called))
    words = set(re.findall(r"\w+", called))
    problems = [f"declared but not in the library: {name}" for name in sorted(declared - exported)]
    problems += [f"in the library but not declared: {name}" for name in sorted(exported - declared)]
    problems += [f"called by no test: {name}" for name in sorted(declared - words)]
    print(*problems, f"{len(declared)} functions declared, {len(exported)} in the library", sep="\n")
    sys.exit(bool(problems) or len(declared) < 620)


if __name__ == "__main__":
    main()
