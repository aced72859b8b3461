#!/usr/bin/env bash
# Writes the reference of the C++ and C headers with Doxygen, whose warnings are errors: headers.sh FOLDER.
set -euo pipefail
folder="$(mkdir -p "$1" && cd "$1" && pwd)"
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tables=()
for table in csrc/c/*.def; do
  [ "$table" = csrc/c/handles.def ] || tables+=("$table")
done
mkdir -p "$folder"/.generated/mlx/{base,c} "$folder"/.generated/definitions
cp csrc/base/{half,small_vector}.h "$folder/.generated/mlx/base"  # as cmake/libraries.cmake does
"${PYTHON:-python3}" tools/c/generate.py "$folder/.generated/mlx/c" "$folder/.generated/definitions" "${tables[@]}"
MLX_HEADERS_OUTPUT="$folder" doxygen docs/Doxyfile
