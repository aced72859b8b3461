#!/usr/bin/env bash
# Installs the mlx wheel and programs from PyPI that use it into a virtual environment of their own; tests them there.
# Arguments go to pytest. MLX_WHEEL names a wheel to test; without it one is packed from this checkout's build.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

VENV=.venv-clients
REQUIREMENTS=tests/clients/requirements.txt
APART=tests/clients/requirements-apart.txt

say() { printf '== %s\n' "$*"; }

# The build folder that tools/setup.sh left is used again, so that this only packs.
pack_wheel() {
  [ -x .venv/bin/python ] || bash tools/setup.sh
  rm -rf "$VENV/wheel"
  .venv/bin/python -m pip wheel -q --disable-pip-version-check --no-build-isolation --no-deps -w "$VENV/wheel" .
}

make_venv() {
  if ! "$VENV/bin/python" -c '' 2>/dev/null; then
    local python=.venv/bin/python
    [ -x "$python" ] || python=python3
    say "making $VENV with $("$python" --version)"
    "$python" -m venv --clear "$VENV"
  fi
}

# The wheel goes first: the requirement of mlx that the others state is then met, and pip looks for no other one.
install() {
  local pip=("$VENV/bin/python" -m pip install -q --disable-pip-version-check --retries 5)
  say "installing $1"
  "${pip[@]}" --force-reinstall --no-deps "$1"
  say "installing what $REQUIREMENTS lists"
  "${pip[@]}" -r "$REQUIREMENTS"
  say "installing what $APART lists"
  "${pip[@]}" --no-deps -r "$APART"
  check_requirements
}

# Of the packages of $APART it is known that they lack something.
check_requirements() {
  local broken
  broken=$("$VENV/bin/python" -m pip check --disable-pip-version-check | grep -vE '^(mlx-whisper|mflux|No broken) ' || true)
  [ -z "$broken" ] || { echo "$broken" >&2; exit 1; }
}

make_venv
[ -n "${MLX_WHEEL:-}" ] || pack_wheel
install "${MLX_WHEEL:-$(echo "$VENV"/wheel/mlx-*.whl)}"
say "pytest, clients"
# An empty PYTHONPATH, so that what is imported is what was installed.
PYTHONPATH= "$VENV/bin/python" -m pytest -c pyproject.toml --rootdir . tests/clients "$@"
