// Copies of foreign memory: strided elements of any layout, byte order and width become rows of
// ours.
#include "bind/host_data.h"

#include <algorithm>
#include <complex>
#include <cstring>

#include "base/error.h"
#include "bind/convert.h"
#include "ops/elementwise.h"

namespace mlx {
namespace {

void swap_bytes(char* bytes, int64_t count, int size) {
  for (int64_t i = 0; i < count; ++i) std::reverse(bytes + i * size, bytes + (i + 1) * size);
}

/// Packs the elements row after row.
void gather(const HostData& source, int itemsize, char* out) {
  const int ndim = int(source.shape.size());
  const char* const data = static_cast<const char*>(source.data);
  if (ndim == 0) {
    std::memcpy(out, data, itemsize);
    return;
  }
  const int64_t columns = source.shape.back(), step = source.strides.back();
  const int64_t rows = columns ? size_of(source.shape) / columns : 0;
  Shape index(ndim, 0);
  int64_t offset = 0;
  for (int64_t row = 0; row < rows; ++row) {
    if (step == itemsize) {
      std::memcpy(out, data + offset, columns * itemsize);
    } else {
      for (int64_t i = 0; i < columns; ++i)
        std::memcpy(out + i * itemsize, data + offset + i * step, itemsize);
    }
    out += columns * itemsize;
    for (int axis = ndim - 2; axis >= 0; --axis) {
      offset += source.strides[axis];
      if (++index[axis] < source.shape[axis]) break;
      offset -= source.strides[axis] * source.shape[axis];
      index[axis] = 0;
    }
  }
}

bool is_dense(const HostData& source, int itemsize) {
  int64_t expected = itemsize;
  for (int i = int(source.shape.size()) - 1; i >= 0; --i) {
    if (source.shape[i] != 1 && source.strides[i] != expected) return false;
    expected *= source.shape[i];
  }
  return true;
}

/// How many elements lie between the first and the last, those left out included.
int64_t extent_of(const HostData& source, int itemsize) {
  int64_t extent = 1;
  for (size_t i = 0; i < source.shape.size(); ++i)
    extent += (source.shape[i] - 1) * (source.strides[i] / itemsize);
  return extent;
}

/// Whether the memory as it lies makes an array.
bool can_lie_as_it_is(const HostData& source, int itemsize) {
  const int64_t extent = extent_of(source, itemsize);
  return (extent == size_of(source.shape) || extent == int32_t(extent)) &&
         std::all_of(source.strides.begin(), source.strides.end(),
                     [&](int64_t s) { return s % itemsize == 0; });
}

/// The memory as it lies, seen through the source's strides.
array copy_as_it_lies(const HostData& source) {
  const int itemsize = source.dtype.size();
  const int64_t extent = extent_of(source, itemsize);
  const Shape flat = extent == size_of(source.shape) ? source.shape : Shape{int32_t(extent)};
  array copy = host_array(flat, source.dtype,
                          [&](void* out) { std::memcpy(out, source.data, extent * itemsize); });
  Node& node = copy.node();
  node.shape = source.shape;
  node.strides = source.strides;
  for (int64_t& stride : node.strides) stride /= itemsize;
  node.row_contiguous = is_row_major(node.shape, node.strides);
  return copy;
}

template <typename From>
array narrowed(const From* from, const Shape& shape, Dtype dtype) {
  const int64_t size = size_of(shape);
  return host_array(shape, dtype, [&](void* out) {
    visit(dtype, [&](auto zero) {
      using T = decltype(zero);
      T* const to = static_cast<T*>(out);
      for (int64_t i = 0; i < size; ++i) {
        if constexpr (std::is_same_v<From, std::complex<double>>)
          to[i] = T(float(from[i].real()));
        else if constexpr (std::is_class_v<T>)
          to[i] = T(float(from[i]));
        else
          to[i] = T(from[i]);
      }
    });
  });
}

array narrowed_complex(const std::complex<double>* from, const Shape& shape) {
  return host_array(shape, complex64, [&](void* out) {
    std::copy(from, from + size_of(shape), static_cast<std::complex<float>*>(out));
  });
}

}  // namespace

array copy_host_data(const HostData& source, std::optional<Dtype> dtype) {
  for (size_t i = 0; i < source.shape.size(); ++i)
    if (source.strides[i] < 0 && source.shape[i] > 1)
      fail("array", "negative strides are not supported.");
  const int itemsize = source.wide ? 16 : source.dtype.size();
  const int64_t size = size_of(source.shape);
  const bool narrow = source.wide || (source.dtype == float64 && dtype != float64);
  if (!narrow && !source.swapped && !source.shape.empty() && size &&
      can_lie_as_it_is(source, itemsize)) {
    const array copy = copy_as_it_lies(source);
    return dtype ? astype(copy, *dtype) : copy;
  }
  if (!narrow) {
    const array copy = host_array(source.shape, source.dtype, [&](void* out) {
      gather(source, itemsize, static_cast<char*>(out));
      const bool complex = source.dtype.is_complex();
      if (source.swapped)
        swap_bytes(static_cast<char*>(out), complex ? 2 * size : size, complex ? 4 : itemsize);
    });
    return dtype ? astype(copy, *dtype) : copy;
  }
  // Through host memory of the source's width: devices may lack float64.
  std::vector<char> packed;
  const void* from = source.data;
  if (size &&
      (source.swapped || !is_dense(source, itemsize) || reinterpret_cast<uintptr_t>(from) % 8)) {
    packed.resize(size * itemsize);
    gather(source, itemsize, packed.data());
    if (source.swapped) swap_bytes(packed.data(), size * (itemsize / 8), 8);
    from = packed.data();
  }
  if (!source.wide)
    return narrowed(static_cast<const double*>(from), source.shape, dtype.value_or(float32));
  const auto* const values = static_cast<const std::complex<double>*>(from);
  if (!dtype || dtype->is_complex()) return narrowed_complex(values, source.shape);
  return narrowed(values, source.shape, *dtype);
}

namespace {

struct Element {
  Dtype dtype;
  bool wide = false, swapped = false;
};

/// The meaning of a struct-module format of one element.
std::optional<Element> element_of(const char* format, int64_t itemsize) {
  bool swapped = false;
  if (!format) return Element{uint8};
  if (*format == '>' || *format == '!') swapped = true;
  if (std::strchr("@=<>!|", *format)) ++format;
  const bool complex = *format == 'Z';
  if (complex) ++format;
  if (!*format || format[1]) return {};
  if (complex && itemsize == 16) return Element{complex64, true, swapped};
  if (complex && *format == 'f' && itemsize == 8) return Element{complex64, false, swapped};
  if (complex) return {};
  Kind kind;
  if (*format == '?')
    kind = Kind::boolean;
  else if (std::strchr("bhilqn", *format))
    kind = Kind::signed_integer;
  else if (std::strchr("BHILQNc", *format))
    kind = Kind::unsigned_integer;
  else if (std::strchr("efd", *format))
    kind = Kind::floating;
  else
    return {};
  for (int id = 0; id < Dtype::count; ++id) {
    const Dtype dtype{Dtype::Id(id)};
    if (dtype.kind() == kind && dtype.size() == itemsize && dtype != bfloat16)
      return Element{dtype, false, swapped};
  }
  return {};
}

/// ml_dtypes' bfloat16 has no buffer, but its bits do.
std::optional<array> array_from_named_dtype(PyObject* object, std::optional<Dtype> dtype) {
  const py::object source = py::reinterpret_borrow<py::object>(object);
  if (!py::hasattr(source, "dtype") || !py::hasattr(source, "view")) return {};
  if (py::str(py::getattr(source.attr("dtype"), "name", py::none())).cast<std::string>() !=
      "bfloat16")
    return {};
  const std::optional<array> bits = array_from_buffer(source.attr("view")("uint16").ptr(), {});
  if (!bits) return {};
  array copy = *bits;
  copy.node().dtype = bfloat16;
  return dtype ? astype(copy, *dtype) : copy;
}

struct View {
  Py_buffer buffer{};
  ~View() { PyBuffer_Release(&buffer); }
};

}  // namespace

std::optional<array> array_from_buffer(PyObject* object, std::optional<Dtype> dtype) {
  if (!PyObject_CheckBuffer(object)) return {};
  View view;
  if (PyObject_GetBuffer(object, &view.buffer, PyBUF_FULL_RO) != 0) {
    PyErr_Clear();
    return array_from_named_dtype(object, dtype);
  }
  const Py_buffer& b = view.buffer;
  const std::optional<Element> element = element_of(b.format, b.itemsize);
  // NumPy's dates export bytes without strides, though strides were asked for.
  if (!element || b.suboffsets || (b.ndim > 0 && !b.strides))
    throw std::runtime_error(std::string("[array] a buffer with elements of format '") +
                             (b.format ? b.format : "B") + "' cannot become an array.");
  HostData source{b.buf, {}, {}, element->dtype, element->wide, element->swapped};
  for (int i = 0; i < b.ndim; ++i) {
    source.shape.push_back(dimension(b.shape[i], "array"));
    source.strides.push_back(b.strides[i]);
  }
  return copy_host_data(source, dtype);
}

}  // namespace mlx
