// The calling thread's random key, as mx.random.state stands for it.
#pragma once

#include "bind/errors.h"
#include "ops/random.h"

namespace mlx {

bool is_random_state(py::handle object);
using random::random_state;
using random::set_random_state;

}  // namespace mlx
