// The library in Metal: index arithmetic over shapes and strides, limits, complex numbers.
#include "metal/library.h"

namespace mlx::metal {

const char* const library_text = R"metal(
typedef uint64_t vote_t;

template <typename U>
struct Limits {
  static constexpr U max = numeric_limits<U>::max();
  static constexpr U min = numeric_limits<U>::lowest();
  static constexpr U finite_max = numeric_limits<U>::max();
  static constexpr U finite_min = numeric_limits<U>::lowest();
};
template <>
struct Limits<float> {
  static constexpr float max = numeric_limits<float>::infinity();
  static constexpr float min = -numeric_limits<float>::infinity();
  static constexpr float finite_max = numeric_limits<float>::max();
  static constexpr float finite_min = -numeric_limits<float>::max();
};
template <>
struct Limits<half> {
  static constexpr half max = numeric_limits<half>::infinity();
  static constexpr half min = -numeric_limits<half>::infinity();
  static constexpr half finite_max = numeric_limits<half>::max();
  static constexpr half finite_min = -numeric_limits<half>::max();
};
template <>
struct Limits<bfloat> {
  static constexpr bfloat max = numeric_limits<bfloat>::infinity();
  static constexpr bfloat min = -numeric_limits<bfloat>::infinity();
  static constexpr bfloat finite_max = numeric_limits<bfloat>::max();
  static constexpr bfloat finite_min = -numeric_limits<bfloat>::max();
};

template <typename T, typename U>
T ceildiv(T n, U m) {
  return (n + m - 1) / m;
}

// The place in memory of an element counted in row-major order.
template <typename IdxT = int64_t>
IdxT elem_to_loc(IdxT elem, const constant int* shape, const constant int64_t* strides, int ndim) {
  IdxT loc = 0;
  for (int i = ndim - 1; i >= 0 && elem > 0; --i) {
    loc += (elem % shape[i]) * IdxT(strides[i]);
    elem /= shape[i];
  }
  return loc;
}
template <typename IdxT = int64_t>
IdxT elem_to_loc(uint3 elem, const constant int* shape, const constant int64_t* strides, int ndim) {
  IdxT loc = IdxT(elem.x) * IdxT(strides[ndim - 1]) + IdxT(elem.y) * IdxT(strides[ndim - 2]);
  for (int d = ndim - 3; d >= 0; --d) {
    loc += (elem.z % shape[d]) * IdxT(strides[d]);
    elem.z /= shape[d];
  }
  return loc;
}
template <typename IdxT = int64_t>
IdxT elem_to_loc_1(uint elem, const constant int64_t& stride) {
  return elem * IdxT(stride);
}
template <typename IdxT = int64_t>
IdxT elem_to_loc_2(uint2 elem, const constant int64_t* strides) {
  return elem.x * IdxT(strides[1]) + elem.y * IdxT(strides[0]);
}
template <typename IdxT = int64_t>
IdxT elem_to_loc_3(uint3 elem, const constant int64_t* strides) {
  return elem.x * IdxT(strides[2]) + elem.y * IdxT(strides[1]) + elem.z * IdxT(strides[0]);
}

struct complex64_t {
  float real;
  float imag;
};
complex64_t operator+(complex64_t a, complex64_t b) { return {a.real + b.real, a.imag + b.imag}; }
complex64_t operator-(complex64_t a, complex64_t b) { return {a.real - b.real, a.imag - b.imag}; }
complex64_t operator-(complex64_t a) { return {-a.real, -a.imag}; }
complex64_t operator*(complex64_t a, complex64_t b) {
  return {a.real * b.real - a.imag * b.imag, a.real * b.imag + a.imag * b.real};
}
complex64_t operator*(complex64_t a, float b) { return {a.real * b, a.imag * b}; }
complex64_t operator*(float a, complex64_t b) { return {a * b.real, a * b.imag}; }
complex64_t operator/(complex64_t a, complex64_t b) {
  float d = b.real * b.real + b.imag * b.imag;
  return {(a.real * b.real + a.imag * b.imag) / d, (a.imag * b.real - a.real * b.imag) / d};
}
bool operator==(complex64_t a, complex64_t b) { return a.real == b.real && a.imag == b.imag; }
)metal";

}  // namespace mlx::metal
