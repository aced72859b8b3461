// Device and DeviceType, the default device and what devices say about themselves.
#include "bind/devices.h"

#include "base/error.h"
#include "bind/enums.h"
#include "bind/placement.h"
#include "cl/device.h"
#include "graph/facts.h"

namespace mlx {
namespace {

py::object* device_types;

struct PyDevice {
  DeviceType type;
  int index = 0;
  std::string text() const {
    return std::string("Device(") + to_string(type) + ", " + std::to_string(index) + ")";
  }
};

/// What default_device(d) returns: equal to that device, and the default within a `with` block.
struct DeviceScope final : PyDevice {
  std::optional<DeviceType> previous;
};

std::optional<DeviceType> type_from(py::handle object) {
  if (!py::isinstance(object, *device_types)) return {};
  return DeviceType(object.attr("value").cast<int>());
}

py::object type_object(DeviceType type) {
  return device_types->attr(to_string(type));
}

std::optional<PyDevice> any_device(py::handle object) {
  if (const auto type = type_from(object)) return PyDevice{*type};
  if (py::isinstance<PyDevice>(object)) return object.cast<PyDevice&>();
  return {};
}

PyDevice required(py::handle object, const char* function) {
  if (const auto device = any_device(object)) return *device;
  throw type_error(std::string(function) +
                   "(): argument 'device' must be Device or DeviceType, not " +
                   Py_TYPE(object.ptr())->tp_name + ".");
}

bool is_available(const PyDevice& device) {
  return device.index == 0 && Device::exists(device.type);
}

bool equals(const PyDevice& a, const py::object& other) {
  if (other.is_none()) throw type_error("a Device cannot be compared with None.");
  const auto b = any_device(other);
  return b && a.type == b->type && a.index == b->index;
}

py::dict facts(DeviceType type) {
  py::dict info;
  for (const auto& [name, value] : device_facts(type))
    info[py::str(name)] =
        std::visit([](const auto& v) -> py::object { return py::cast(v); }, value);
  return info;
}

void make_default(const PyDevice& device) {
  if (!is_available(device)) fail("set_default_device", "there is no ", device.text(), ".");
  set_default_device(device.type);
}

}  // namespace

std::optional<DeviceType> device_from(py::handle object) {
  const auto device = any_device(object);
  if (!device) return {};
  if (device->index != 0) fail<std::out_of_range>("Device", "there is no ", device->text(), ".");
  return device->type;
}

py::object device_object(DeviceType type) {
  return py::cast(PyDevice{type});
}

void bind_devices(py::module_& m) {
  device_types = new py::object(
      make_enum(m, "DeviceType", {"cpu", "gpu"}, "The kinds of devices, mx.cpu and mx.gpu."));
  // A DeviceType equals the Device of that type, too; defining __eq__ asks for __hash__.
  device_types->attr("__eq__") = py::cpp_function(
      [](const py::object& self, const py::object& other) {
        if (other.is_none()) throw type_error("a DeviceType cannot be compared with None.");
        return equals(PyDevice{*type_from(self)}, other);
      },
      py::is_method(*device_types));
  device_types->attr("__hash__") =
      py::cpp_function([](const py::object& self) { return self.attr("value").cast<int>() + 1; },
                       py::is_method(*device_types));

  py::class_<PyDevice>(m, "Device", "A device to run operations on.")
      .def(py::init([](const py::object& type, int index) {
             if (const auto known = type_from(type)) return PyDevice{*known, index};
             throw type_error("Device(): argument 'type' must be DeviceType.");
           }),
           py::arg("type"), py::arg("index") = 0)
      .def_property_readonly(
          "type", [](const PyDevice& d) { return type_object(d.type); }, "mx.cpu or mx.gpu.")
      .def("__repr__", &PyDevice::text)
      .def("__eq__", &equals)
      .def("__hash__", [](const PyDevice& d) { return 1 + int(d.type) + 2 * d.index; })
      .def("__reduce__", [](const PyDevice& d) {
        const py::object type = py::module_::import("mlx.core").attr("Device");
        return py::make_tuple(type, py::make_tuple(type_object(d.type), d.index));
      });
  py::class_<DeviceScope, PyDevice>(m, "_DeviceScope")
      .def("__enter__",
           [](py::object self) {
             auto& scope = self.cast<DeviceScope&>();
             scope.previous = default_device();
             make_default(scope);
             return self;
           })
      .def("__exit__",
           [](DeviceScope& scope, const py::args&) { set_default_device(*scope.previous); });

  m.def(
      "default_device",
      [](const py::object& device) {
        if (device.is_none()) return py::cast(PyDevice{default_device()});
        DeviceScope scope;
        static_cast<PyDevice&>(scope) = required(device, "default_device");
        return py::cast(scope);
      },
      py::arg("device") = py::none(),
      "The device that operations run on by default. With a device: a context manager that makes "
      "it the default.");
  m.def(
      "set_default_device",
      [](const py::object& device) { make_default(required(device, "set_default_device")); },
      py::arg("device"), "Makes a device the default of the process.");
  m.def(
      "is_available",
      [](const py::object& device) { return is_available(required(device, "is_available")); },
      py::arg("device"), "True when the device exists.");
  m.def(
      "device_count",
      [](const py::object& type) {
        if (const auto known = type_from(type)) return int(Device::exists(*known));
        throw type_error("device_count(): argument 'device_type' must be DeviceType.");
      },
      py::arg("device_type"), "How many devices of a type there are.");
  m.def(
      "device_info",
      [](const py::object& device) {
        return facts(device.is_none() ? default_device() : required(device, "device_info").type);
      },
      py::arg("d") = py::none(), "Facts of a device by name; empty when there is no such device.");
}

StreamOrDevice placed(const std::optional<DeviceType>& device, const StreamOrDevice& s) {
  if (!device) return s;
  if (!std::holds_alternative<std::monostate>(s))
    fail<std::domain_error>("device", "give either device or stream, not both.");
  return *device;
}

}  // namespace mlx
