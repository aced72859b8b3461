#!/usr/bin/env bash
# Sets up what is missing, then trains examples/digits.py and says where its picture is.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

bash tools/setup.sh
echo "== training examples/digits.py"
.venv/bin/python examples/digits.py --out examples/out "$@"
echo "== the training curve is at $PWD/examples/out/digits.png"
