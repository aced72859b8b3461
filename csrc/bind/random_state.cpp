// mx.random.state: the object that stands for the calling thread's random key.
#include "bind/random_state.h"

#include "bind/array_type.h"

namespace mlx {
namespace {

struct RandomState {};

py::object state_item(const RandomState&, Py_ssize_t index) {
  if (index != 0 && index != -1)
    throw py::index_error("[random.state] there is one key, at index 0.");
  // One object for each thread, never freed: the generator looks into it.
  thread_local PyObject* const key = [] {
    PyObject* const made = wrap(random_state());
    random::show_random_state(&array_of(made));
    return made;
  }();
  return py::reinterpret_borrow<py::object>(key);
}

}  // namespace

bool is_random_state(py::handle object) {
  return py::isinstance<RandomState>(object);
}

void bind_random_state(py::module_& random) {
  py::class_<RandomState>(random, "_RandomState",
                          "Stands for the calling thread's random key; a sequence of length 1.")
      .def("__len__", [](const RandomState&) { return 1; })
      .def("__getitem__", &state_item)
      .def("__iter__", [](const RandomState& self) {
        py::list items;
        items.append(state_item(self, 0));
        return items.attr("__iter__")();
      });
  random.attr("state") = RandomState{};
}

}  // namespace mlx
