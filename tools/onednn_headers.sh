#!/usr/bin/env bash
# Fetches the headers of other versions of oneDNN than the system's into build/onednn, from PyPI: tests/python/test_build.py
# compiles against each. A second run skips those that are there.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PACKAGES=(
  onednn-devel-cpu-gomp==2023.1.0  # 3.1
  onednn-devel-cpu-gomp==2023.2.0  # 3.2
  onednn-devel==2026.1.0           # 3.13
)
folder=build/onednn
mkdir -p "$folder"
status=0
for package in "${PACKAGES[@]}"; do
  [ -d "$folder/$package" ] && continue
  if .venv/bin/python -m pip download -q --disable-pip-version-check --no-deps -d "$folder/wheels" "$package" &&
    .venv/bin/python -m zipfile -e "$folder"/wheels/*.whl "$folder/unpacked"; then
    mv "$folder"/unpacked/*/data "$folder/$package"
  else
    echo "the headers of $package cannot be had here" >&2
    status=1
  fi
  rm -rf "$folder/wheels" "$folder/unpacked"
done
exit $status
