// What `python -m mlx` prints: platforms, devices, libraries, the cache of kernels and the
// variables in force.
#include "base/env.h"
#include "bind/devices.h"
#include "cl/blas.h"
#include "cl/build.h"
#include "cl/device.h"
#include "cl/disk_cache.h"
#include "cl/installed.h"
#include "graph/ahead.h"
#include "graph/kit.h"
#include "ops/elementwise.h"

namespace mlx {
namespace {

py::dict facts_of(DeviceType type) {
  const Capabilities& facts = Device::get(type).facts();
  py::dict d;
  d["name"] = facts.name;
  d["platform"] = facts.platform;
  d["version"] = facts.version;
  d["driver"] = facts.driver;
  d["compute_units"] = facts.compute_units;
  d["memory"] = facts.memory;
  d["is_cpu"] = facts.is_cpu;
  d["unified"] = facts.unified;
  d["native_kernels"] = facts.native_kernels;
  d["fp64"] = facts.fp64;
  d["fp16"] = facts.fp16;
  d["vector_width"] = facts.vector_width;
  d["small_lane"] = Device::get(type).small() != nullptr;
  return d;
}

py::dict runtime_info() {
  py::list found, libraries, variables, elementwise, kits;
  for (const Found& f : platforms()) {
    py::dict d;
    d["platform"] = f.platform;
    d["version"] = f.version;
    d["device"] = f.device;
    d["driver"] = f.driver;
    d["role"] = f.role;
    found.append(d);
  }
  py::dict devices;
  for (const DeviceType type : {DeviceType::cpu, DeviceType::gpu})
    if (Device::exists(type)) devices[to_string(type)] = facts_of(type);
  for (const auto& [name, version] : library_versions())
    libraries.append(py::make_tuple(name, version));
  for (const env::Variable& v : env::all())
    variables.append(py::make_tuple(v.name, v.value, v.fallback, v.meaning));
  for (const ElementwiseRow& row : elementwise_rows())
    elementwise.append(py::make_tuple(row.name, row.operands));
  for (const auto& kit : Kit::all()) kits.append(kit->name());
  const disk_cache::Usage usage = disk_cache::usage();
  py::dict cache;
  cache["folder"] = disk_cache::folder();
  cache["entries"] = usage.entries;
  cache["bytes"] = usage.bytes;
  cache["built_twice"] = programs_built_twice();
  py::dict info;
  info["platforms"] = found;
  info["cpu_runtimes"] = installed::cpu_runtimes;
  info["installed_runtime"] = installed::loaded_runtime();
  info["devices"] = devices;
  info["libraries"] = libraries;
  info["variables"] = variables;
  info["cache"] = cache;
  info["elementwise"] = elementwise;
  info["kits"] = kits;
  return info;
}

}  // namespace

void bind_runtime_info(py::module_& m) {
  // An application that carries its own interpreter names itself as the executable: it must not be
  // started again.
  const py::module_ sys = py::module_::import("sys");
  const std::string executable = py::isinstance<py::str>(sys.attr("executable"))
                                     ? sys.attr("executable").cast<std::string>()
                                     : "";
  if (executable.substr(executable.rfind('/') + 1).rfind("python", 0) == 0 &&
      !py::hasattr(sys, "frozen"))
    ahead::command = {executable, "-c", "import mlx.core as mx; mx._build_ahead()"};
  m.def("_build_ahead", &ahead::serve,
        "Builds the kernels that another process asks for on standard input.");
  m.def(
      "_build_kit",
      [](const std::string& name) {
        const Submission submission;
        const Device& device = Device::get(DeviceType::cpu);
        const ProgramText text = generated_text(device.facts(), Kit::named(name).text());
        Handle<cl_program> built[2];
        if (!is_stored(device, text)) build_program(device, false, text, built);
      },
      py::arg("name"), "Builds a kit for mx.cpu, unless it is stored.");
  m.def("_runtime_info", &runtime_info,
        "Platforms, devices, libraries, cache, variables and elementwise operations, for `python "
        "-m mlx`.");
}

}  // namespace mlx
