// Stream, ThreadLocalStream, StreamContext and their functions.
#include "base/error.h"
#include "bind/devices.h"

namespace mlx {
namespace {

/// The argument of a function that wants a stream or device and takes no None.
StreamOrDevice required(py::handle object, const char* function) {
  if (const auto where = where_from(object.ptr())) return *where;
  throw type_error(
      std::string(function) +
      "(): the argument must be Stream, ThreadLocalStream, Device or DeviceType, not " +
      Py_TYPE(object.ptr())->tp_name + ".");
}

DeviceType required_device(py::handle object, const char* function) {
  const auto device = device_from(object);
  if (!device)
    throw type_error(std::string(function) +
                     "(): argument 'device' must be Device or DeviceType, not " +
                     Py_TYPE(object.ptr())->tp_name + ".");
  if (!Device::exists(*device)) fail(function, "there is no ", to_string(*device), " device.");
  return *device;
}

/// The default stream and device within a `with` block.
class StreamContext {
 public:
  explicit StreamContext(StreamOrDevice where) : where_(std::move(where)) {}
  void enter() {
    const Stream stream = to_stream(where_);
    previous_.push_back({default_device(), default_stream(stream.device)});
    set_default_device(stream.device);
    set_default_stream(stream);
  }
  void exit() {
    if (previous_.empty()) return;
    const auto [device, stream] = previous_.back();
    previous_.pop_back();
    set_default_device(device);
    set_default_stream(stream);
  }

 private:
  StreamOrDevice where_;
  std::vector<std::pair<DeviceType, Stream>> previous_;
};

template <typename S>
bool equals(const S& a, const py::object& other) {
  if (other.is_none()) throw type_error("a stream cannot be compared with None.");
  return py::isinstance<S>(other) && a == other.cast<const S&>();
}

template <typename S>
void bind_stream_class(py::module_& m, const char* name, const char* doc) {
  py::class_<S>(m, name, doc)
      .def_property_readonly(
          "device",
          [](const S& s) {
            return py::module_::import("mlx.core")
                .attr("Device")(py::module_::import("mlx.core").attr(to_string(s.device)));
          },
          "The device that the stream is on.")
      .def("__repr__",
           [name](const S& s) {
             return std::string(name) + "(Device(" + to_string(s.device) + ", 0), " +
                    std::to_string(s.index) + ")";
           })
      .def("__eq__", &equals<S>)
      .def("__hash__", [](const S& s) { return 2 * s.index + int(s.device); });
}

}  // namespace

std::optional<StreamOrDevice> where_from(PyObject* object) {
  const py::handle handle(object);
  if (py::isinstance<Stream>(handle)) return handle.cast<Stream>();
  if (py::isinstance<ThreadLocalStream>(handle)) return handle.cast<ThreadLocalStream>();
  const auto device = device_from(handle);
  if (!device) return {};
  if (!Device::exists(*device))
    fail("default_stream", "there is no ", to_string(*device), " device.");
  return StreamOrDevice(*device);
}

void bind_streams(py::module_& m) {
  bind_stream_class<Stream>(m, "Stream", "An order of execution on a device.");
  bind_stream_class<ThreadLocalStream>(m, "ThreadLocalStream",
                                       "Stands for a stream of its own on each thread.");
  py::class_<StreamContext>(m, "StreamContext",
                            "Makes a stream and its device the defaults within a `with` block.")
      .def(
          py::init([](const py::object& s) { return StreamContext(required(s, "StreamContext")); }),
          py::arg("s"))
      .def("__enter__", &StreamContext::enter)
      .def("__exit__", [](StreamContext& c, const py::args&) { c.exit(); });
  m.def(
      "stream", [](const py::object& s) { return StreamContext(required(s, "stream")); },
      py::arg("s"),
      "A context manager that makes a stream, or a device's default stream, the default.");
  m.def(
      "default_stream",
      [](const py::object& d) { return default_stream(required_device(d, "default_stream")); },
      py::arg("device"), "The calling thread's default stream of a device.");
  m.def(
      "set_default_stream", [](const Stream& s) { set_default_stream(s); }, py::arg("stream"),
      "Makes a stream the calling thread's default for its device.");
  m.def(
      "new_stream",
      [](const py::object& d) { return new_stream(required_device(d, "new_stream")); },
      py::arg("device"), "A stream for use on the calling thread.");
  m.def(
      "new_thread_unsafe_stream",
      [](const py::object& d) {
        return new_thread_unsafe_stream(required_device(d, "new_thread_unsafe_stream"));
      },
      py::arg("device"),
      "A stream for use on any thread; the order among threads is the caller's duty.");
  m.def(
      "new_thread_local_stream",
      [](const py::object& d) {
        return new_thread_local_stream(required_device(d, "new_thread_local_stream"));
      },
      py::arg("device"), "A token that stands for a stream of its own on each thread.");
  m.def("clear_streams", [] { clear_streams(); }, "Ends the calling thread's streams.");
  m.def(
      "synchronize",
      [](const py::object& s) {
        const Stream stream =
            to_stream(s.is_none() ? StreamOrDevice{} : required(s, "synchronize"));
        synchronize(stream);
      },
      py::arg("stream") = py::none(),
      "Waits for everything on a stream; raises what failed there.");
}

}  // namespace mlx
