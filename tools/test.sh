#!/usr/bin/env bash
# Sets up what is missing, then runs CTest and pytest: all tests on the CPU device, the core ones
# once more with PoCL's CPU playing the GPU. With --clients also programs from PyPI that use mlx (tests/clients,
# which downloads them), with --runtimes the core ones on every OpenCL runtime that is here (runtimes.sh). Further
# arguments go to all pytest runs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
JOBS="${JOBS:-2}"

clients=no runtimes=no
arguments=()
for argument in "$@"; do
  case "$argument" in
    --clients) clients=yes ;;
    --runtimes) runtimes=yes ;;
    *) arguments+=("$argument") ;;
  esac
done
set -- ${arguments[@]+"${arguments[@]}"}

bash tools/setup.sh

echo "== building the C++ tests"
cmake -S . -B build/tests -G Ninja -DMLX_BUILD_TESTS=ON -DMLX_BUILD_PYTHON=OFF
ninja -C build/tests -j "$JOBS"

bash tools/fetch_checkers.sh || echo "== some sources go unchecked"

# Building kernels keeps one core busy per process.
processes=(-n "$JOBS" --dist worksteal)
# Every part runs even when an earlier one fails; the exit status tells of all of them.
status=0
echo "== formats (tools/format.sh mends them)"
bash tools/format.sh --check || status=1

echo "== CTest"
ctest --test-dir build/tests -j "$JOBS" --output-on-failure || status=1

echo "== pytest on the CPU device"
.venv/bin/python -m pytest tests/python "${processes[@]}" "$@" || status=1

echo "== pytest, core tests once more with PoCL as the GPU (discrete memory, CLBlast)"
MLX_CL_DEVICE=pocl .venv/bin/python -m pytest tests/python -m core "${processes[@]}" "$@" || status=1

if [ $clients = yes ]; then
  bash tests/clients/run.sh "$@" || status=1
fi
if [ $runtimes = yes ]; then
  bash tools/runtimes.sh "$@" || status=1
fi
exit $status
