#!/usr/bin/env bash
# Runs the core tests on every OpenCL runtime for CPUs that is here or can be had without root: PoCL and Mesa's rusticl
# where they are installed, Intel's from PyPI (in a folder that is made once), oclgrind where it is installed. Each
# serves as mx.cpu and as mx.gpu. Prints a table; arguments go to pytest.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
python=.venv/bin/python
folder="${MLX_RUNTIMES:-${TMPDIR:-/tmp}/mlx-runtimes}"
mkdir -p "$folder"

# A folder of one vendor: what the ICD loader then sees.
vendor() {
  mkdir -p "$folder/$1"
  echo "$2" > "$folder/$1/$1.icd"
}

names=()
for entry in pocl rusticl; do
  for place in /etc/OpenCL/vendors /usr/share/OpenCL/vendors; do
    [ -f "$place/$entry.icd" ] && vendor $entry "$(cat "$place/$entry.icd")" && names+=($entry)
  done
done
if [ ! -e "$folder/intel-rt/lib/libintelocl.so" ]; then
  $python -m venv "$folder/intel-rt" && "$folder/intel-rt/bin/pip" install -q intel-opencl-rt intel-cmplr-lib-rt ||
    echo "Intel's runtime cannot be installed from PyPI here"
fi
[ -e "$folder/intel-rt/lib/libintelocl.so" ] && vendor intel "$folder/intel-rt/lib/libintelocl.so" && names+=(intel)
oclgrind=/usr/lib/oclgrind/liboclgrind-rt-icd.so
[ -e $oclgrind ] && vendor oclgrind $oclgrind && names+=(oclgrind)

status=0
table="runtime    role    self-check  tests"
for name in ${names[@]+"${names[@]}"}; do
  for role in cpu gpu; do
    export OCL_ICD_VENDORS="$folder/$name" MLX_CL_CACHE="$folder/cache-$name" RUSTICL_ENABLE=llvmpipe MLX_CL_DEVICE=
    [ $role = gpu ] && export MLX_CL_DEVICE=0:0
    check=passed
    $python -m mlx > "$folder/$name-$role.log" 2>&1 || check=failed
    $python -m pytest tests/python -m core -q -n "${JOBS:-2}" --dist worksteal "$@" >> "$folder/$name-$role.log" 2>&1 || status=1
    table+=$'\n'"$(printf '%-10s %-7s %-11s %s' $name $role $check "$(tail -1 "$folder/$name-$role.log")")"
    echo "${table##*$'\n'}"
  done
done
echo
echo "$table"
exit $status
