// mx.random.state: the object that stands for the calling thread's random key.
#pragma once

#include "bind/errors.h"
#include "ops/random.h"

namespace mlx {

bool is_random_state(py::handle object);
using random::random_state;
using random::set_random_state;

/// Adds `state` and its type to the module mx.random.
void bind_random_state(py::module_& random);

}  // namespace mlx
