#!/usr/bin/env bash
# Kills processes while they save or export, 80 a format or as many as the first argument says, and tells what was lost
# or left behind. Further arguments go to tests/python/kills.py (--format).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
kills="${1:-80}"
shift $(($# > 0 ? 1 : 0))
exec .venv/bin/python tests/python/kills.py --kills "$kills" "$@"
