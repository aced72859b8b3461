#!/usr/bin/env bash
# Installs a build into a fresh folder and uses the package from there as a stranger would: programs in C++ and C by
# CMake, by pkg-config, and one that knows the library only by name (dlopen). Usage: run.sh BUILD_FOLDER
set -euo pipefail
build="$(realpath "$1")"
sources="$(dirname "$(realpath "${BASH_SOURCE[0]}")")"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cp "$sources"/*.c "$sources"/*.cpp "$sources"/CMakeLists.txt "$work"
cd "$work"

cmake --install "$build" --prefix "$work/prefix" >install.log
lib="$(dirname "$(find "$work/prefix" -name libmlx.so)")"

# No header of a library underneath is needed, nor seen.
! grep -rlE 'CL/|dnnl|cblas|lapack|clblast' "$work/prefix/include"

cmake -S . -B with_cmake -DCMAKE_PREFIX_PATH="$work/prefix" -DCMAKE_BUILD_TYPE=Release >cmake.log
cmake --build with_cmake >>cmake.log
./with_cmake/arrays_cpp
./with_cmake/arrays_c

export PKG_CONFIG_PATH="$lib/pkgconfig"
# shellcheck disable=SC2046
c++ arrays.cpp -o arrays_cpp $(pkg-config --cflags --libs mlx)
./arrays_cpp
# shellcheck disable=SC2046
cc arrays.c -o arrays_c $(pkg-config --cflags --libs mlxc)
./arrays_c

cc by_name.c -o by_name -ldl
./by_name "$lib/libmlxc.so"
