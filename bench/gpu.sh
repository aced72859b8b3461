#!/usr/bin/env bash
# On a machine with a GPU, in one call of a few minutes: builds, tests the core there, and measures memory bandwidth,
# products, convolution, attention and token generation. Writes bench/results/<date>-<device>.json. With
# MLX_CL_DEVICE=pocl it runs where there is no GPU.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
JOBS="${JOBS:-$(nproc)}" bash tools/setup.sh
python=.venv/bin/python
device=$($python -c '
import re
import mlx.core as mx
if not mx.is_available(mx.gpu):
    raise SystemExit("there is no OpenCL GPU here; MLX_CL_DEVICE can name another device as mx.gpu")
print(re.sub(r"[^a-z0-9]+", "-", mx.device_info(mx.gpu)["device_name"].lower()).strip("-"))')

status=0
echo "== core tests on $device"
timeout 240 $python -m pytest tests/python -m core -q -n "${JOBS:-$(nproc)}" --dist worksteal "$@" || status=1

echo "== figures"
timeout 150 $python bench/run.py --rounds 3 --seconds 0.2 --json "bench/results/$(date +%F)-$device.json" --filter \
  '^(add 16M|exp 16M|sum 16M|transpose copy|matmul |conv2d |softmax 4096|attention |quantized_matmul 4 bits|Llama 120M)' ||
  status=1
exit $status
