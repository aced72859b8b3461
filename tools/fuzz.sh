#!/usr/bin/env bash
# Reads forged files of every format, 100000 a format or as many as the first argument says, and tells which ended the
# process, stopped it, or took much memory. Further arguments go to tests/python/forgery.py (--first, --format).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
inputs="${1:-100000}"
shift $(($# > 0 ? 1 : 0))
exec .venv/bin/python tests/python/forgery.py --inputs "$inputs" "$@"
