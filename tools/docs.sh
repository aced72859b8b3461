#!/usr/bin/env bash
# Builds the documentation into build/docs: sets up what is missing, then runs Sphinx with warnings as errors, and
# Doxygen over the C++ and C headers where it is installed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
DOCS_PACKAGES=(sphinx furo myst-parser)

bash tools/setup.sh

wanted=.venv/.docs-packages
if [ "$(cat "$wanted" 2>/dev/null)" != "${DOCS_PACKAGES[*]}" ]; then
  echo "== installing Python packages for the documentation: ${DOCS_PACKAGES[*]}"
  .venv/bin/python -m pip install -q --disable-pip-version-check --retries 5 "${DOCS_PACKAGES[@]}"
  echo "${DOCS_PACKAGES[*]}" >"$wanted"
else
  echo "== Python packages for the documentation: all there"
fi

echo "== building the pages"
.venv/bin/python -m sphinx -W --keep-going -q -b html -d build/doctrees docs build/docs "$@"
if command -v doxygen >/dev/null; then
  echo "== building the reference of the headers"
  PYTHON=.venv/bin/python bash tools/headers.sh build/docs/headers
else
  echo "== no reference of the headers without Doxygen (Debian: doxygen)"
fi
echo "== the documentation is at $PWD/build/docs/index.html"
