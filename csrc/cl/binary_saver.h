// Puts the binaries of freshly built programs into the disk cache without holding anybody up.
#pragma once

#include <string>

#include "cl/opencl.h"

namespace mlx {

/// Stores the program's binary under `key`: at once, or, when asking for it is `slow`, in a quiet moment. PoCL
/// compiles every kernel of the program for that (0.1 s each), so there it is left to a background thread that
/// waits until nothing has been built for a while; what a short process leaves over, PoCL's own cache covers and
/// later processes store.
void save_binary_of(cl_program program, const std::string& key, bool slow);
/// Ends the background thread after a moment's patience; what is not stored by then is dropped.
void stop_saving();

}  // namespace mlx
