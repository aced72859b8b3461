// mx.random: its functions, and `state`, the object that stands for the calling thread's key.
#include "bind/random_state.h"

#include "base/error.h"
#include "bind/array_type.h"
#include "bind/call.h"
#include "bind/ops.h"
#include "ops/random.h"

namespace mlx {
namespace {

/// There is one; it holds nothing, since every thread has a key of its own.
struct RandomState {};

array key_at(int index) {
  if (index != 0 && index != -1) fail<std::out_of_range>("random.state", "index ", index, " is out of range; there is one key.");
  return random_state();
}

}  // namespace

bool is_random_state(py::handle object) { return py::isinstance<RandomState>(object); }

namespace random {

void bind_functions(py::module_& m) {
#include "ops/random.def"
}

}  // namespace random

void bind_random(py::module_& m) {
  py::module_ random = m.def_submodule("random", "Random numbers from Threefry-2x32 keys.");
  random::bind_functions(random);
  py::class_<RandomState>(random, "_RandomState", "The calling thread's key.")
      .def("__len__", [](const RandomState&) { return 1; })
      .def("__getitem__", [](const RandomState&, int index) { return key_at(index); }, py::arg("index"))
      .def("__iter__", [](const RandomState&) {
        py::list keys;
        keys.append(key_at(0));
        return py::iter(keys);
      });
  random.attr("state") = RandomState{};
}

}  // namespace mlx
