// mx.distributed on a single process: a group of size 1, over which reductions are the identity.
#include "bind/distributed.h"

#include <pybind11/stl.h>

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "bind/array_type.h"
#include "bind/call.h"

namespace mlx {
namespace {

using namespace py::literals;

/// The group of this one process.
struct ProcessGroup {};

constexpr const char* backends[] = {"any", "mpi", "ring", "nccl", "jaccl"};

ProcessGroup init(bool strict, const std::string& backend, const py::object& all_gather_factory) {
  if (std::none_of(std::begin(backends), std::end(backends),
                   [&](const char* known) { return backend == known; }))
    fail("distributed.init", "there is no backend '", backend,
         "'; known are any, mpi, ring, nccl and jaccl.");
  if (!all_gather_factory.is_none() && backend != "jaccl")
    fail("distributed.init", "all_gather_factory goes with the backend jaccl only.");
  if (strict) fail<std::runtime_error>("distributed.init", "no communication backend is built in.");
  return {};
}

void check_group(const py::object& group) {
  if (group.is_none() || py::isinstance<ProcessGroup>(group)) return;
  throw type_error("argument 'group' must be None or a Group.");
}

[[noreturn]] void no_peer(const char* op) {
  fail(op, "there is no other process in a group of size 1.");
}

array same(Operand x, const py::object& group, const StreamOrDevice&) {
  check_group(group);
  return to_array(std::move(x));
}

array send(const Operand&, int64_t, const py::object& group, const StreamOrDevice&) {
  check_group(group);
  no_peer("send");
}

array recv(const Shape&, Dtype, int64_t, const py::object& group, const StreamOrDevice&) {
  check_group(group);
  no_peer("recv");
}

array recv_like(const Operand&, int64_t, const py::object& group, const StreamOrDevice&) {
  check_group(group);
  no_peer("recv_like");
}

}  // namespace

void bind_distributed(py::module_& m) {
  py::module_ distributed =
      m.def_submodule("distributed", "Communication between processes; here there is one.");
  py::class_<ProcessGroup>(distributed, "Group", "The processes that take part in a communication.")
      .def(
          "rank", [](const ProcessGroup&) { return 0; }, "Number of this process.")
      .def(
          "size", [](const ProcessGroup&) { return 1; }, "How many processes there are.")
      .def(
          "split",
          [](const ProcessGroup&, int, int) -> ProcessGroup {
            fail<std::runtime_error>("Group.split", "a group of size 1 cannot be split.");
          },
          "color"_a, "key"_a = -1, "RuntimeError: a group of size 1 cannot be split.");
  distributed.def(
      "is_available", [](const std::string&) { return false; }, "backend"_a = "any",
      "Whether a communication backend is built in: False.");
  distributed.def(
      "init", &init, "strict"_a = false, "backend"_a = "any", py::kw_only(),
      "all_gather_factory"_a = py::none(),
      "The group of size 1. RuntimeError when `strict`, ValueError for an unknown backend.");
  for (const char* name : {"all_sum", "all_max", "all_min", "all_gather", "sum_scatter"})
    add_function<&same>(
        distributed, name, "x, *, group=None, stream=None",
        "The input, an array or a number: a group of size 1 has nothing to combine.");
  add_function<&send>(distributed, "send", "x, dst, *, group=None, stream=None",
                      "ValueError: there is nobody to send to.");
  add_function<&recv>(distributed, "recv", "shape, dtype, src, *, group=None, stream=None",
                      "ValueError: there is nobody to receive from.");
  add_function<&recv_like>(distributed, "recv_like", "x, src, *, group=None, stream=None",
                           "ValueError: there is nobody to receive from.");
}

}  // namespace mlx
