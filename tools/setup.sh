#!/usr/bin/env bash
# Sets up this checkout: Debian packages, a .venv, the mlx wheel built and installed into it, and the usual kernels.
# Run it or call it from another script; a second run skips what is already there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

JOBS="${JOBS:-2}"
VENV=.venv
DEBIAN_PACKAGES=(
  g++ cmake ninja-build ccache pkg-config
  ocl-icd-opencl-dev opencl-headers pocl-opencl-icd libclblast-dev
  libdnnl-dev libopenblas-dev liblapacke-dev nlohmann-json3-dev zlib1g-dev libgtest-dev
  libgloo-dev openmpi-bin mpich
  python3 python3-dev python3-venv valgrind
)
PYTHON_PACKAGES=(
  numpy pytest pytest-xdist mypy scikit-build-core pybind11 ninja scikit-learn matplotlib tqdm
  clang-format==23.1.5 ruff==0.17.6
)

say() { printf '== %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

missing_debian_packages() {
  local package
  for package in "${DEBIAN_PACKAGES[@]}"; do
    dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || echo "$package"
  done
}

apt_as_root() {
  if [ "$(id -u)" = 0 ]; then
    env DEBIAN_FRONTEND=noninteractive apt-get "$@"
  else
    sudo -n env DEBIAN_FRONTEND=noninteractive apt-get "$@"
  fi
}

may_install() {
  command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }
}

update_package_lists() {
  local attempt
  for attempt in 1 2 3; do
    apt_as_root update -qq && return
    sleep $((attempt * 5))
  done
  say "apt-get update failed three times; going on with the lists that are there"
}

# Without apt or root nothing is installed: what the build needs may be there under other names.
install_debian_packages() {
  if ! command -v dpkg-query >/dev/null; then
    say "no dpkg here; the build needs what Debian calls: ${DEBIAN_PACKAGES[*]}"
    return
  fi
  local missing
  mapfile -t missing < <(missing_debian_packages)
  if [ ${#missing[@]} = 0 ]; then
    say "Debian packages: all there"
  elif may_install; then
    say "installing Debian packages: ${missing[*]}"
    update_package_lists
    apt_as_root install -y -qq --no-install-recommends -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 \
      "${missing[@]}" >/dev/null
  else
    say "no root here, so this is left to do: sudo apt-get install ${missing[*]}"
  fi
}

require_tools() {
  local tool
  for tool in c++ cmake ninja; do
    command -v "$tool" >/dev/null || fail "$tool is missing; install it and run this again"
  done
}

find_python() {
  local python
  for python in "${PYTHON:-}" python3 /usr/bin/python3; do
    [ -n "$python" ] || continue
    if "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
      echo "$python"
      return
    fi
  done
  fail "no Python of 3.10 or later with venv; install python3-venv, or set PYTHON"
}

make_venv() {
  if [ ! -x "$VENV/bin/python" ] || ! "$VENV/bin/python" -c '' 2>/dev/null; then
    local python
    python="$(find_python)"
    say "making $VENV with $("$python" --version 2>&1)"
    "$python" -m venv --clear "$VENV"
  fi
  local wanted="$VENV/.python-packages"
  if [ "$(cat "$wanted" 2>/dev/null)" != "${PYTHON_PACKAGES[*]}" ]; then
    say "installing Python packages: ${PYTHON_PACKAGES[*]}"
    "$VENV/bin/python" -m pip install -q --disable-pip-version-check --retries 5 "${PYTHON_PACKAGES[@]}"
    echo "${PYTHON_PACKAGES[*]}" >"$wanted"
  else
    say "Python packages: all there"
  fi
}

# Everything that the wheel is made of; where none of it is newer than the last build there is nothing to do.
wheel_is_current() {
  local stamp="$VENV/.wheel-installed"
  [ -f "$stamp" ] && [ -z "$(find CMakeLists.txt cmake pyproject.toml csrc include kernels python tools/c README.md LICENSE \
    -newer "$stamp" -not -name '*.pyc' -not -name __pycache__ -print -quit)" ]
}

install_wheel() {
  if wheel_is_current; then
    say "mlx wheel: up to date"
    return
  fi
  say "building and installing the mlx wheel ($JOBS jobs)"
  local started=$SECONDS
  touch "$VENV/.wheel-started"
  # By the name that CMake finds by itself, so that ccache serves the C++ tests what it compiled here.
  CC="${CC:-cc}" CXX="${CXX:-c++}" CMAKE_BUILD_PARALLEL_LEVEL="$JOBS" "$VENV/bin/python" -m pip install -q --disable-pip-version-check \
    --no-build-isolation --no-deps --force-reinstall .
  mv "$VENV/.wheel-started" "$VENV/.wheel-installed"
  say "mlx wheel: built in $((SECONDS - started)) s"
}

# Builds the usual kernels ahead; where they are stored already this takes seconds.
prepare_kernels() {
  say "building the usual kernels ($JOBS processes)"
  "$VENV/bin/python" -m mlx prepare --processes "$JOBS" || say "some kernels will be built when they are needed"
}

install_debian_packages
require_tools
make_venv
install_wheel
prepare_kernels
