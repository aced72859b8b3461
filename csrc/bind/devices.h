// Devices and streams in Python.
#pragma once

#include <optional>

#include "bind/errors.h"
#include "graph/stream.h"

namespace mlx {

/// The stream or device behind a Python object, if it is one. Throws std::invalid_argument for a
/// device that does not exist.
std::optional<StreamOrDevice> where_from(PyObject* object);
/// The device type behind a Device or DeviceType. Throws std::out_of_range for a Device whose index
/// is not 0.
std::optional<DeviceType> device_from(py::handle object);
/// The Device of a type.
py::object device_object(DeviceType type);

void bind_devices(py::module_& m);
void bind_streams(py::module_& m);
/// Memory functions and the modules metal and cuda.
void bind_memory(py::module_& m);
/// The function behind `python -m mlx`.
void bind_runtime_info(py::module_& m);

}  // namespace mlx
