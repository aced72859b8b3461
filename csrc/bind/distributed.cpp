// mx.distributed: groups of processes, and one function for each row of ops/distributed.def.
#include "bind/distributed.h"

#include <pybind11/stl.h>

#include "base/error.h"
#include "bind/call.h"
#include "ops/distributed.h"

namespace mlx {

template <>
struct Argument<distributed::Group> {
  static std::string takes() { return "Group"; }
  static distributed::Group from(PyObject* object, const CallArguments&) {
    if (!py::isinstance<distributed::Group>(object)) throw Mismatch{};
    return py::cast<distributed::Group>(py::handle(object));
  }
};

namespace distributed {
namespace {

using namespace py::literals;

Group init_any(bool strict, const std::string& backend, const py::object& all_gather_factory) {
  if (!all_gather_factory.is_none() && backend != "jaccl")
    fail("distributed.init", "all_gather_factory goes with the backend jaccl only.");
  return init(strict, backend);
}

/// When Python ends: messages under way arrive first, unless it ends with an exception, which the
/// others should not wait for.
void leave_at_exit() {
  const bool failing = py::hasattr(py::module_::import("sys"), "last_type");
  const py::gil_scoped_release released;
  leave(failing);
}

void bind_group(py::module_& m) {
  py::class_<Group>(m, "Group", "The processes that take part in a communication.")
      .def("rank", &Group::rank, "Number of this process.")
      .def("size", &Group::size, "How many processes there are.")
      .def("split", &Group::split, "color"_a, "key"_a = -1,
           "The group of the processes that give the same color, ordered by key (by default the "
           "rank). All processes of this group call it. RuntimeError for a group of size 1.")
      .def("__eq__", [](const Group& a, const Group& b) { return a == b; })
      .def("__hash__",
           [](const Group& group) { return std::hash<const void*>()(group.communicator().get()); });
}

}  // namespace
}  // namespace distributed

void bind_distributed(py::module_& module) {
  using namespace distributed;
  py::module_ m = module.def_submodule("distributed", "Communication between processes.");
  bind_group(m);
  m.def("is_available", &is_available, "backend"_a = "any",
        "Whether a backend is there: 'mpi' when a library of Open MPI or MPICH can be loaded, "
        "'ring' when Gloo is built in, 'any' for either.");
  m.def("init", &init_any, "strict"_a = false, "backend"_a = "any", py::kw_only(),
        "all_gather_factory"_a = py::none(),
        "The group of all processes that a launcher started, connected at the first call; of this "
        "process alone when there was no launcher. RuntimeError when nothing can connect it with "
        "the others and, if `strict`, when there are none; ValueError for an unknown backend.");
#define OP(name, function, signature, doc) add_function<&function>(m, #name, signature, doc);
#include "ops/distributed.def"
#undef OP
  py::module_::import("atexit").attr("register")(py::cpp_function(leave_at_exit));
}

}  // namespace mlx
