// Arrays: construction, assignment, facts, values.
#include "mlx/c/array.h"

#include <cstring>
#include <sstream>

#include "c/convert.h"

namespace mlx::c {

core::Dtype dtype_of(mlx_dtype dtype) {
  static constexpr core::Dtype all[] = {
      core::bool_,   core::uint8,   core::uint16,   core::uint32,   core::uint64,
      core::int8,    core::int16,   core::int32,    core::int64,    core::float16,
      core::float32, core::float64, core::bfloat16, core::complex64};
  if (int(dtype) < 0 || size_t(dtype) >= std::size(all))
    throw std::invalid_argument(std::to_string(int(dtype)) + " is no mlx_dtype.");
  return all[dtype];
}

namespace {

/// A copy of the data where there is no `owner` to be told when they are not used any more.
core::array from_data(const void* data, const int* shape, int dim, mlx_dtype dtype,
                      const std::function<void(void*)>& owner = {}) {
  if (dim < 0) throw std::invalid_argument("the number of dimensions is negative.");
  const core::Shape dims = shape_of(shape, size_t(dim));
  const core::Dtype type = dtype_of(dtype);
  int64_t size = 1;
  for (const int extent : dims) size *= extent;
  if (!data && size > 0) throw std::invalid_argument("the data of an array are null.");
  return core::array(const_cast<void*>(data), dims, type, owner);
}

}  // namespace

}  // namespace mlx::c

using namespace mlx::c;
namespace core = mlx::core;

extern "C" {

size_t mlx_dtype_size(mlx_dtype dtype) {
  return guarded_value<size_t>(__func__, 0, [&] { return dtype_of(dtype).size(); });
}

int mlx_array_tostring(mlx_string* str, const mlx_array arr) {
  return guarded(__func__, [&] {
    std::ostringstream text;
    text << get(arr);
    put(str, text.str());
  });
}

mlx_array mlx_array_new(void) {
  return {nullptr};
}
int mlx_array_free(mlx_array arr) {
  return guarded(__func__, [&] { release(arr); });
}

mlx_array mlx_array_new_bool(bool val) {
  return made<mlx_array>(__func__, [&] { return core::array(val); });
}
mlx_array mlx_array_new_int(int val) {
  return made<mlx_array>(__func__, [&] { return core::array(val); });
}
mlx_array mlx_array_new_float32(float val) {
  return made<mlx_array>(__func__, [&] { return core::array(val); });
}
mlx_array mlx_array_new_float(float val) {
  return mlx_array_new_float32(val);
}
mlx_array mlx_array_new_float64(double val) {
  return made<mlx_array>(__func__, [&] { return core::array(val, core::float64); });
}
mlx_array mlx_array_new_double(double val) {
  return mlx_array_new_float64(val);
}
mlx_array mlx_array_new_complex(float real_val, float imag_val) {
  return made<mlx_array>(__func__,
                         [&] { return core::array(core::complex64_t(real_val, imag_val)); });
}
mlx_array mlx_array_new_data(const void* data, const int* shape, int dim, mlx_dtype dtype) {
  return made<mlx_array>(__func__, [&] { return from_data(data, shape, dim, dtype); });
}
mlx_array mlx_array_new_data_managed(void* data, const int* shape, int dim, mlx_dtype dtype,
                                     void (*dtor)(void*)) {
  return mlx_array_new_data_managed_payload(data, shape, dim, dtype, data, dtor);
}
mlx_array mlx_array_new_data_managed_payload(void* data, const int* shape, int dim, mlx_dtype dtype,
                                             void* payload, void (*dtor)(void*)) {
  if (!dtor) return mlx_array_new_data(data, shape, dim, dtype);
  const mlx_array result = made<mlx_array>(
      __func__, [&] { return from_data(data, shape, dim, dtype, [=](void*) { dtor(payload); }); });
  if (!result.ctx) dtor(payload);
  return result;
}

int mlx_array_set(mlx_array* arr, const mlx_array src) {
  return guarded(__func__, [&] { assign(arr, src); });
}
int mlx_array_set_bool(mlx_array* arr, bool val) {
  return guarded(__func__, [&] { put(arr, core::array(val)); });
}
int mlx_array_set_int(mlx_array* arr, int val) {
  return guarded(__func__, [&] { put(arr, core::array(val)); });
}
int mlx_array_set_float32(mlx_array* arr, float val) {
  return guarded(__func__, [&] { put(arr, core::array(val)); });
}
int mlx_array_set_float(mlx_array* arr, float val) {
  return mlx_array_set_float32(arr, val);
}
int mlx_array_set_float64(mlx_array* arr, double val) {
  return guarded(__func__, [&] { put(arr, core::array(val, core::float64)); });
}
int mlx_array_set_double(mlx_array* arr, double val) {
  return mlx_array_set_float64(arr, val);
}
int mlx_array_set_complex(mlx_array* arr, float real_val, float imag_val) {
  return guarded(__func__, [&] { put(arr, core::array(core::complex64_t(real_val, imag_val))); });
}
int mlx_array_set_data(mlx_array* arr, const void* data, const int* shape, int dim,
                       mlx_dtype dtype) {
  return guarded(__func__, [&] { put(arr, from_data(data, shape, dim, dtype)); });
}

size_t mlx_array_itemsize(const mlx_array arr) {
  return guarded_value<size_t>(__func__, 0, [&] { return get(arr).itemsize(); });
}
size_t mlx_array_size(const mlx_array arr) {
  return guarded_value<size_t>(__func__, 0, [&] { return get(arr).size(); });
}
size_t mlx_array_nbytes(const mlx_array arr) {
  return guarded_value<size_t>(__func__, 0, [&] { return get(arr).nbytes(); });
}
size_t mlx_array_ndim(const mlx_array arr) {
  return guarded_value<size_t>(__func__, 0, [&] { return get(arr).ndim(); });
}
const int* mlx_array_shape(const mlx_array arr) {
  return guarded_value<const int*>(__func__, nullptr, [&] { return get(arr).shape().data(); });
}
const size_t* mlx_array_strides(const mlx_array arr) {
  static_assert(sizeof(size_t) == sizeof(core::StrideElem));
  return guarded_value<const size_t*>(__func__, nullptr, [&] {
    return reinterpret_cast<const size_t*>(get(arr).strides().data());
  });
}
int mlx_array_dim(const mlx_array arr, int dim) {
  return guarded_value<int>(__func__, 0, [&] { return get(arr).shape(dim); });
}
mlx_dtype mlx_array_dtype(const mlx_array arr) {
  return guarded_value<mlx_dtype>(__func__, MLX_BOOL,
                                  [&] { return mlx_dtype(get(arr).dtype().val()); });
}
int mlx_array_eval(mlx_array arr) {
  return guarded(__func__, [&] { get(arr).eval(); });
}

// The value of one element, and the first of all elements in memory, in each C type.
#define ACCESS(suffix, c_type, cpp_type)                                 \
  int mlx_array_item_##suffix(c_type* res, const mlx_array arr) {        \
    return guarded(__func__, [&] {                                       \
      const auto value = get(arr).item<cpp_type>();                      \
      std::memcpy(static_cast<void*>(res), &value, sizeof value);        \
    });                                                                  \
  }                                                                      \
  const c_type* mlx_array_data_##suffix(const mlx_array arr) {           \
    return guarded_value<const c_type*>(__func__, nullptr, [&] {         \
      return reinterpret_cast<const c_type*>(get(arr).data<cpp_type>()); \
    });                                                                  \
  }
ACCESS(bool, bool, bool)
ACCESS(uint8, uint8_t, uint8_t)
ACCESS(uint16, uint16_t, uint16_t)
ACCESS(uint32, uint32_t, uint32_t)
ACCESS(uint64, uint64_t, uint64_t)
ACCESS(int8, int8_t, int8_t)
ACCESS(int16, int16_t, int16_t)
ACCESS(int32, int32_t, int32_t)
ACCESS(int64, int64_t, int64_t)
ACCESS(float32, float, float)
ACCESS(float64, double, double)
ACCESS(complex64, mlx_complex64_t, core::complex64_t)
ACCESS(float16, float16_t, core::float16_t)
ACCESS(bfloat16, bfloat16_t, core::bfloat16_t)
#undef ACCESS

int mlx_array_is_available(bool* res, const mlx_array arr) {
  return guarded(__func__, [&] { *res = get(arr).is_available(); });
}
int mlx_array_wait(const mlx_array arr) {
  return guarded(__func__, [&] { get(arr).wait(); });
}
int mlx_array_is_contiguous(bool* res, const mlx_array arr) {
  return guarded(__func__, [&] { *res = get(arr).flags().contiguous; });
}
int mlx_array_is_row_contiguous(bool* res, const mlx_array arr) {
  return guarded(__func__, [&] { *res = get(arr).flags().row_contiguous; });
}
int mlx_array_is_col_contiguous(bool* res, const mlx_array arr) {
  return guarded(__func__, [&] { *res = get(arr).flags().col_contiguous; });
}

// The same under the names with a leading underscore.
int _mlx_array_is_available(bool* res, const mlx_array arr) {
  return mlx_array_is_available(res, arr);
}
int _mlx_array_wait(const mlx_array arr) {
  return mlx_array_wait(arr);
}
int _mlx_array_is_contiguous(bool* res, const mlx_array arr) {
  return mlx_array_is_contiguous(res, arr);
}
int _mlx_array_is_row_contiguous(bool* res, const mlx_array arr) {
  return mlx_array_is_row_contiguous(res, arr);
}
int _mlx_array_is_col_contiguous(bool* res, const mlx_array arr) {
  return mlx_array_is_col_contiguous(res, arr);
}

}  // extern "C"
