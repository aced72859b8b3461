// mx.random.state: the object that stands for the calling thread's random key.
#pragma once

#include "bind/errors.h"
#include "ops/random.h"

namespace mlx {

bool is_random_state(py::handle object);
using random::random_state;
using random::set_random_state;


}  // namespace mlx
