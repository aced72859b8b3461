// The host's view of arrays: the buffer protocol, Python numbers and nested lists.
#include "bind/host_view.h"

#include <cstring>
#include <memory>
#include <vector>

#include "base/error.h"
#include "graph/evaluate.h"

namespace mlx {

void* share_with_host(array value) {
  static char nothing[16];
  eval({value});
  Node& node = value.node();  // the view holds it, so that its memory is not donated for as long as
                              // somebody looks
  if (value.size() == 0) {
    if (node.strides.size() != node.shape.size()) node.strides = row_major(node.shape);
    return nothing;
  }
  Buffer& buffer = value.buffer();
  node.immediate = false;  // the buffer is the truth once others may write it
  const Submission submission;
  return static_cast<char*>(buffer.share()) + node.offset * value.itemsize();
}

const void* read_on_host(array value) {
  eval({value});
  return value.host();
}

namespace {
/// What a Py_buffer points to. It keeps the value, since the Python array may be rebound meanwhile.
struct Exported {
  array value;
  std::vector<Py_ssize_t> shape, strides;
};
}  // namespace

int get_buffer(PyObject* self, Py_buffer* view, int flags) {
  view->obj = nullptr;
  return guarded(
      [&] {
        auto exported = std::make_unique<Exported>(Exported{array_of(self), {}, {}});
        const array& value = exported->value;
        void* const data = share_with_host(value);
        for (int i = 0; i < value.ndim(); ++i) {
          exported->shape.push_back(value.shape(i));
          exported->strides.push_back(value.strides()[i] * value.itemsize());
        }
        if ((flags & PyBUF_STRIDES) != PyBUF_STRIDES &&
            !is_row_major(value.shape(), value.strides()))
          throw py::buffer_error("the array is not contiguous.");
        view->buf = data;
        view->len = value.nbytes();
        view->itemsize = value.itemsize();
        view->readonly = 0;
        view->ndim = value.ndim();
        view->format = flags & PyBUF_FORMAT ? const_cast<char*>(value.dtype().format()) : nullptr;
        view->shape = flags & PyBUF_ND ? exported->shape.data() : nullptr;
        view->strides =
            (flags & PyBUF_STRIDES) == PyBUF_STRIDES ? exported->strides.data() : nullptr;
        view->suboffsets = nullptr;
        view->internal = exported.release();
        view->obj = Py_NewRef(self);
        return 0;
      },
      -1);
}

void release_buffer(PyObject*, Py_buffer* view) {
  delete static_cast<Exported*>(view->internal);
}

namespace {

template <typename T>
PyObject* to_python(T value) {
  if constexpr (std::is_same_v<T, bool>)
    return PyBool_FromLong(value);
  else if constexpr (std::is_same_v<T, complex64_t>)
    return PyComplex_FromDoubles(value.real(), value.imag());
  else if constexpr (std::is_integral_v<T> && std::is_signed_v<T>)
    return PyLong_FromLongLong(value);
  else if constexpr (std::is_integral_v<T>)
    return PyLong_FromUnsignedLongLong(value);
  else
    return PyFloat_FromDouble(double(float(value)));
}
template <>
PyObject* to_python(double value) {
  return PyFloat_FromDouble(value);
}

template <typename T>
py::object nested(const T* data, const Shape& shape, const Strides& strides, int axis) {
  if (axis == int(shape.size())) return owned(to_python(*data));
  py::object list = owned(PyList_New(shape[axis]));
  for (int i = 0; i < shape[axis]; ++i)
    PyList_SET_ITEM(list.ptr(), i,
                    nested(data + i * strides[axis], shape, strides, axis + 1).release().ptr());
  return list;
}

}  // namespace

py::object to_scalar(array value) {
  if (value.size() != 1)
    fail("convert", "Only length-1 arrays can be converted to Python scalars.");
  const void* const data = read_on_host(value);
  return visit(value.dtype(), [&](auto zero) {
    std::memcpy(static_cast<void*>(&zero), data, sizeof zero);
    return owned(to_python(zero));
  });
}

py::object to_list(array value) {
  const void* const data = read_on_host(value);
  const Strides strides = value.size() && value.ndim() ? value.strides() : row_major(value.shape());
  return visit(value.dtype(), [&](auto zero) {
    return nested(static_cast<const decltype(zero)*>(data), value.shape(), strides, 0);
  });
}

}  // namespace mlx
