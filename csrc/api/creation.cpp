// Arrays from nothing, in the public interface.
#include "ops/creation.h"

#include "api/convert.h"
#include "mlx/ops/creation.h"
#include "ops/elementwise.h"

namespace mlx::core {

array arange(double start, double stop, double step, Dtype dtype, StreamOrDevice s) {
  return out(mlx::arange(start, stop, mlx::Scalar(step), in(dtype), in(s)));
}
array arange(double start, double stop, double step, StreamOrDevice s) {
  return arange(start, stop, step, float32, s);
}
array arange(double start, double stop, Dtype dtype, StreamOrDevice s) {
  return arange(start, stop, 1.0, dtype, s);
}
array arange(double start, double stop, StreamOrDevice s) {
  return arange(start, stop, 1.0, float32, s);
}
array arange(double stop, Dtype dtype, StreamOrDevice s) {
  return arange(0.0, stop, 1.0, dtype, s);
}
array arange(double stop, StreamOrDevice s) {
  return arange(0.0, stop, 1.0, float32, s);
}
array arange(int start, int stop, int step, StreamOrDevice s) {
  return arange(double(start), double(stop), double(step), int32, s);
}
array arange(int start, int stop, StreamOrDevice s) {
  return arange(start, stop, 1, s);
}
array arange(int stop, StreamOrDevice s) {
  return arange(0, stop, 1, s);
}
array linspace(double start, double stop, int num, bool endpoint, Dtype dtype, StreamOrDevice s) {
  return out(mlx::linspace(start, stop, num, endpoint, in(dtype), in(s)));
}
array linspace(double start, double stop, int num, Dtype dtype, StreamOrDevice s) {
  return linspace(start, stop, num, true, dtype, s);
}

array full(Shape shape, array vals, Dtype dtype, StreamOrDevice s) {
  return out(mlx::full(std::move(shape), mlx::astype(in(vals), in(dtype), in(s)), {}, in(s)));
}
array full(Shape shape, array vals, StreamOrDevice s) {
  const Dtype dtype = vals.dtype();
  return full(std::move(shape), std::move(vals), dtype, s);
}
array full_like(const array& a, array vals, Dtype dtype, StreamOrDevice s) {
  return full(a.shape(), std::move(vals), dtype, s);
}
array full_like(const array& a, array vals, StreamOrDevice s) {
  return full_like(a, std::move(vals), a.dtype(), s);
}
array zeros(const Shape& shape, Dtype dtype, StreamOrDevice s) {
  return out(mlx::zeros(shape, in(dtype), in(s)));
}
array zeros(const Shape& shape, StreamOrDevice s) {
  return zeros(shape, float32, s);
}
array zeros_like(const array& a, StreamOrDevice s) {
  return zeros_like(a, a.dtype(), s);
}
array zeros_like(const array& a, Dtype dtype, StreamOrDevice s) {
  return out(mlx::zeros_like(in(a), in(dtype), in(s)));
}
array ones(const Shape& shape, Dtype dtype, StreamOrDevice s) {
  return out(mlx::ones(shape, in(dtype), in(s)));
}
array ones(const Shape& shape, StreamOrDevice s) {
  return ones(shape, float32, s);
}
array ones_like(const array& a, StreamOrDevice s) {
  return ones_like(a, a.dtype(), s);
}
array ones_like(const array& a, Dtype dtype, StreamOrDevice s) {
  return out(mlx::ones_like(in(a), in(dtype), in(s)));
}
array eye(int n, int m, int k, Dtype dtype, StreamOrDevice s) {
  return out(mlx::eye(n, m, k, in(dtype), in(s)));
}
array eye(int n, Dtype dtype, StreamOrDevice s) {
  return eye(n, n, 0, dtype, s);
}
array eye(int n, int m, StreamOrDevice s) {
  return eye(n, m, 0, float32, s);
}
array eye(int n, int m, int k, StreamOrDevice s) {
  return eye(n, m, k, float32, s);
}
array eye(int n, StreamOrDevice s) {
  return eye(n, n, 0, float32, s);
}
array identity(int n, Dtype dtype, StreamOrDevice s) {
  return out(mlx::identity(n, in(dtype), in(s)));
}
array identity(int n, StreamOrDevice s) {
  return identity(n, float32, s);
}
array tri(int n, int m, int k, Dtype type, StreamOrDevice s) {
  return out(mlx::tri(n, m, k, in(type), in(s)));
}
array tri(int n, Dtype type, StreamOrDevice s) {
  return tri(n, n, 0, type, s);
}

#define WINDOW(name)                    \
  array name(int M, StreamOrDevice s) { \
    return out(mlx::name(M, in(s)));    \
  }
WINDOW(hanning)
WINDOW(hamming)
WINDOW(bartlett)
WINDOW(blackman)
#undef WINDOW

}  // namespace mlx::core
