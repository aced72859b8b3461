#!/usr/bin/env bash
# Runs the core tests on every OpenCL runtime for CPUs that is here or can be had: PoCL; Mesa's rusticl and oclgrind, which
# apt installs where this is root; Intel's from PyPI (in a folder that is made once, without root). Each serves as mx.cpu
# and as mx.gpu, and is the only one that the test sees. Prints a table; arguments go to pytest. PYTHONPATH may name
# another build than the installed one.
#   RUNTIMES   those to run, of pocl, rusticl, intel and oclgrind; all by default
#   ROLES      cpu, gpu or both, which is the default
#   TESTS      files of tests; those of tests/python by default
#   LIMIT      minutes after which a run is ended, 120 by default: oclgrind interprets kernels
#   JOBS       test processes at once, 2 by default
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
python="$PWD/.venv/bin/python"
folder="${MLX_RUNTIMES:-${TMPDIR:-/tmp}/mlx-runtimes}"
mkdir -p "$folder"

# A folder of one vendor: what the ICD loader then sees.
names=()
vendor() {
  mkdir -p "$folder/$1"
  echo "$2" > "$folder/$1/$1.icd"
  names+=("$1")
}

install_intel() {
  [ -e "$folder/intel-rt/lib/libintelocl.so" ] && return
  "$python" -m venv "$folder/intel-rt" && "$folder/intel-rt/bin/pip" install -q intel-opencl-rt intel-cmplr-lib-rt
}

# install_package NAME: from Debian, by root only; the list of runtimes that other programs see stays as it was.
install_package() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return
  local list=/etc/OpenCL/vendors kept="$folder/vendors"
  mkdir -p "$list" && rm -rf "$kept" && cp -r "$list" "$kept" || return
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$1" >"$folder/apt.log" 2>&1
  local file
  for file in "$list"/*; do
    [ -e "$kept/${file##*/}" ] || rm -f "$file"
  done
}

# library NAME: the path of a shared library that the loader knows.
library() {
  ldconfig -p | awk -v name="$1" 'index($1, name) == 1 {print $NF; exit}' | grep .
}

for name in ${RUNTIMES:-pocl rusticl intel oclgrind}; do
  case $name in
    pocl) path="$(library libpocl.so)" && vendor pocl "$path" || echo "PoCL is not here (Debian: pocl-opencl-icd)" ;;
    rusticl)
      path="$(library libRusticlOpenCL.so)" || { install_package mesa-opencl-icd; path="$(library libRusticlOpenCL.so)"; } &&
        vendor rusticl "$path" || echo "rusticl is not here (Debian: mesa-opencl-icd)" ;;
    intel)
      install_intel && vendor intel "$folder/intel-rt/lib/libintelocl.so" ||
        echo "Intel's runtime cannot be installed from PyPI here" ;;
    oclgrind)
      icd=/usr/lib/oclgrind/liboclgrind-rt-icd.so
      [ -e $icd ] || install_package oclgrind
      [ -e $icd ] && vendor oclgrind $icd || echo "oclgrind is not here (Debian: oclgrind)" ;;
    *) echo "there is no runtime '$name': RUNTIMES takes pocl, rusticl, intel and oclgrind" >&2; exit 2 ;;
  esac
done
[ ${#names[@]} -gt 0 ] || exit 1

# marks LOG LETTERS: how many tests pytest has marked with one of these.
marks() {
  grep -E '^[.sFExX]+( *\[.*)?$' "$1" | sed 's/\[.*//' | tr -cd "$2" | wc -c
}

# tests NAME ROLE ARGUMENT...: one run; prints its line of the table.
tests() {
  local name=$1 role=$2 check=passed minutes=${LIMIT:-120} log="$folder/$1-$2.log" last started=$SECONDS
  shift 2
  export OCL_ICD_VENDORS="$folder/$name" MLX_CL_CACHE="$folder/cache-$name" RUSTICL_ENABLE=llvmpipe MLX_CL_DEVICE=
  [ $role = gpu ] && MLX_CL_DEVICE=0:0
  timeout -k 10 300 "$python" -m mlx >"$log" 2>&1
  case $? in 0) ;; 124) check=slow ;; *) check=failed ;; esac
  # Interrupted, pytest still says what passed and what failed.
  timeout -s INT -k 30 $((60 * minutes)) "$python" -m pytest ${TESTS:-tests/python} -m core -q -n "${JOBS:-2}" --dist worksteal "$@" >>"$log" 2>&1
  local code=$?
  last="$(tail -1 "$log" | sed 's/^=* *//; s/ *=*$//')"
  case $code in 124 | 137) last="$(marks "$log" .) passed, $(marks "$log" FE) failed, ended after $minutes minutes" ;; esac
  printf '%-10s %-7s %-11s %-6s %s\n' $name $role $check $(((SECONDS - started) / 60)) "$last"
  [ $code = 0 ] && [ $check != failed ]
}

status=0
table="runtime    role    self-check  min    tests"
for name in ${names[@]+"${names[@]}"}; do
  for role in ${ROLES:-cpu gpu}; do
    row="$(tests $name $role "$@")" || status=1
    table+=$'\n'"$row"
    echo "$row"
  done
done
echo
echo "$table"
exit $status
