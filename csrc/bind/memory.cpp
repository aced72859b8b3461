// Memory counters and limits, and the modules metal and cuda, which have nothing to say here.
#include <iostream>
#include <set>

#include "base/env.h"
#include "bind/devices.h"
#include "bind/trees.h"
#include "cl/buffer.h"
#include "graph/facts.h"

namespace mlx {
namespace {

Allocator& allocator() {
  return Device::get(default_device()).allocator();
}

/// A byte count; negative and fractional ones are no byte counts.
size_t bytes_from(const py::object& limit, const char* function) {
  const py::object number = py::reinterpret_steal<py::object>(PyNumber_Index(limit.ptr()));
  const size_t bytes = number ? PyLong_AsSize_t(number.ptr()) : size_t(-1);
  if (bytes == size_t(-1)) {
    PyErr_Clear();
    throw type_error(std::string(function) + "(): argument 'limit' must be an int of bytes.");
  }
  return bytes;
}

size_t set_memory_limit(const py::object& limit) {
  return allocator().set_limit(bytes_from(limit, "set_memory_limit"));
}
size_t set_cache_limit(const py::object& limit) {
  return allocator().set_cache_limit(bytes_from(limit, "set_cache_limit"));
}
size_t set_wired_limit(const py::object& limit) {
  bytes_from(limit, "set_wired_limit");
  return 0;
}

size_t array_buffer_size(const py::args& trees) {
  return buffer_bytes(arrays_in(trees));
}

void bind_metal(py::module_& m) {
  py::module_ metal =
      m.def_submodule("metal", "Apple's Metal, which is not there; its kernels run all the same.");
  metal.def(
      "is_available", [] { return env::metal() == "1"; },
      "Whether programs should use their Metal kernels: False, unless MLX_CL_METAL=1.");
  metal.def("start_capture", [](const std::string&) {}, py::arg("path"), "Has no effect here.");
  metal.def("stop_capture", [] {}, "Has no effect here.");
  for (const char* name :
       {"get_active_memory", "get_peak_memory", "reset_peak_memory", "get_cache_memory",
        "set_memory_limit", "set_cache_limit", "set_wired_limit", "clear_cache", "device_info"}) {
    const py::object target = m.attr(name);
    const std::string text = name;
    metal.def(
        name,
        [target, text](const py::args& args, const py::kwargs& kwargs) -> py::object {
          static std::set<std::string> told;
          if (told.insert(text).second)
            std::cerr << "mx.metal." << text
                      << " is deprecated and will be removed in a future version. Use mx." << text
                      << " instead.\n";
          return target(*args, **kwargs);
        },
        ("Deprecated: mx." + text + ".").c_str());
  }
  m.def_submodule("cuda", "NVIDIA's CUDA, which is not there.")
      .def("is_available", [] { return false; }, "Whether there is CUDA: False.");
}

}  // namespace

void bind_memory(py::module_& m) {
  m.def("get_active_memory", [] { return allocator().active(); }, "Bytes in use by arrays.");
  m.def(
      "get_peak_memory", [] { return allocator().peak(); },
      "The most bytes in use since the last reset.");
  m.def("reset_peak_memory", [] { allocator().reset_peak(); }, "Sets the peak to 0.");
  m.def("get_cache_memory", [] { return allocator().cached(); }, "Bytes kept for reuse.");
  m.def(
      "get_memory_limit", [] { return allocator().limit(); },
      "The bytes above which allocations wait for memory.");
  m.def("get_array_buffer_size", &array_buffer_size,
        "Bytes of the memory behind the arrays in the arguments (lists, tuples and dicts of them, "
        "too), each block "
        "counted once and as large as it was allocated. ValueError for arrays that are not "
        "evaluated.");
  m.def("set_memory_limit", &set_memory_limit, py::arg("limit"),
        "Sets the bytes above which allocations wait for memory to be freed; returns the previous "
        "limit.");
  m.def("set_cache_limit", &set_cache_limit, py::arg("limit"),
        "Sets how many bytes are kept for reuse; 0 keeps none. Returns the previous limit.");
  m.def("set_wired_limit", &set_wired_limit, py::arg("limit"), "Has no effect here; returns 0.");
  m.def("clear_cache", [] { allocator().clear_cache(); }, "Frees the memory kept for reuse.");
  bind_metal(m);
}

}  // namespace mlx
