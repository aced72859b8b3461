// Puts the binaries of freshly built programs into the disk cache without holding anybody up for long.
#pragma once

#include <string>

#include "cl/opencl.h"

namespace mlx {

/// Stores the program's binary under `key`: at once, or, when asking for it is `slow`, in passing. PoCL compiles every
/// kernel of the program for that (0.1 s each, and not safely beside launches), so there it waits for its turn.
void save_binary_of(cl_program program, const std::string& key, bool slow);
/// Stores one waiting program if nothing was built for a while, no queue is busy, and no more than a tenth of the
/// time goes into storing. Called when a queue has finished.
void save_in_passing();
/// Stores what waits, for a moment at most; what is left over, PoCL's own cache covers and later processes store.
void save_at_exit();
void forget_waiting_binaries();

}  // namespace mlx
