#!/usr/bin/env bash
# Fetches from PyPI into build/checkers what some tests check the sources with: headers of other versions of oneDNN than
# the system's (tests/python/test_build.py), and NVIDIA's assembler, ptxas (tests/python/test_gpu_programs.py). A second run
# skips what is there.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PACKAGES=(
  onednn-devel-cpu-gomp==2023.1.0   # 3.1
  onednn-devel-cpu-gomp==2023.2.0   # 3.2
  onednn-devel==2026.1.0            # 3.13
  nvidia-cuda-nvcc-cu12==12.9.86
)
folder=build/checkers
mkdir -p "$folder"
status=0
for package in "${PACKAGES[@]}"; do
  [ -d "$folder/$package" ] && continue
  if .venv/bin/python -m pip download -q --disable-pip-version-check --no-deps -d "$folder/wheels" "$package" &&
    .venv/bin/python -m zipfile -e "$folder"/wheels/*.whl "$folder/unpacked"; then
    find "$folder/unpacked" -path '*/bin/*' -type f -exec chmod +x {} +
    mv "$folder/unpacked" "$folder/$package"
  else
    echo "$package cannot be had here" >&2
    status=1
  fi
  rm -rf "$folder/wheels" "$folder/unpacked"
done
exit $status
