// From a lazy graph to launches: order, fuse, allocate, launch, release.
#pragma once

#include "graph/array.h"

namespace mlx {

/// Enqueues everything that `outputs` need. Throws std::invalid_argument while a function is being
/// recorded.
void async_eval(const Arrays& outputs);
/// async_eval, then waits for the streams involved.
void eval(const Arrays& outputs);
/// Waits for the streams that still work on these evaluated arrays.
void wait(const Arrays& outputs);

}  // namespace mlx
