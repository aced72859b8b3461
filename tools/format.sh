#!/usr/bin/env bash
# Formats the C++ sources (.clang-format) and the Python files (pyproject.toml). With --check it changes nothing, names
# what differs, and fails if anything does.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
bin=.venv/bin

mapfile -t sources < <(find csrc include tests examples -name '*.c' -o -name '*.cpp' -o -name '*.h')
if [ "${1:-}" = --check ]; then
  status=0
  "$bin/clang-format" --dry-run --Werror "${sources[@]}" || status=1
  "$bin/ruff" format --quiet --check . || status=1
  "$bin/ruff" check --quiet . || status=1
  exit $status
fi
"$bin/clang-format" -i "${sources[@]}"
"$bin/ruff" check --quiet --fix .
"$bin/ruff" format --quiet .
