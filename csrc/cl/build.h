// Building programs: from the stored binary of an earlier build, else from source.
#pragma once

#include <string>

#include "cl/device.h"

namespace mlx {

/// A program before it is built.
struct ProgramText {
  std::string source, options;
  /// The kernels need no built-in functions beyond those of kernels/builtins.clh. Only what this
  /// library writes itself says so: where it is wrong, the program is built twice.
  bool declared;
};

/// Builds for the device's wide or small lane, and sees to it that the binary is stored. `built`
/// holds what has been built for either lane; the other one may be filled on the way. Throws
/// std::runtime_error with the log, options and numbered source.
void build_program(const Device& device, bool small, const ProgramText& text,
                   Handle<cl_program> (&built)[2]);
/// The text of a kernel that is generated, behind the prelude.
ProgramText generated_text(const Capabilities& device, const std::string& source,
                           bool declared = true);
/// True when a binary for the wide lane is in the disk cache.
bool is_stored(const Device& device, const ProgramText& text);
/// How many programs have been built from source in this process.
int programs_built();
/// How many programs were `declared` and yet needed a function that kernels/builtins.clh lacks.
int programs_built_twice();

}  // namespace mlx
