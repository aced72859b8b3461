// The lazy array of C++: a value handle on a node of the graph inside the library.
#pragma once

#include <complex>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <type_traits>
#include <vector>

#include "mlx/base/small_vector.h"
#include "mlx/dtype.h"
#include "mlx/export_macro.h"
#include "mlx/stream.h"

namespace mlx {
struct Node;
}

namespace mlx::core {

using ShapeElem = int32_t;
using StrideElem = int64_t;
using Shape = mlx::SmallVector<int32_t, 6>;
using Strides = mlx::SmallVector<int64_t, 6>;  ///< in elements

class Primitive;

/// Copies share the node. Operations make nodes; `eval`, `item` and `data` compute them.
class MLX_API array {
 public:
  /// A 0-d array.
  template <typename T>
    requires(std::is_arithmetic_v<T> || std::is_same_v<T, float16_t> ||
             std::is_same_v<T, bfloat16_t>)
  explicit array(T val, Dtype dtype = TypeToDtype<T>())
      : array(&val, Shape{}, dtype, stored_dtype<T>()) {}
  explicit array(const std::complex<float>& val, Dtype dtype = complex64)
      : array(&val, Shape{}, dtype, complex64) {}
  /// A copy of `size(shape)` values from an iterator on.
  template <typename It>
    requires requires { typename std::iterator_traits<It>::value_type; }
  explicit array(It data, Shape shape,
                 Dtype dtype = TypeToDtype<typename std::iterator_traits<It>::value_type>())
      : array(0) {
    using T = typename std::iterator_traits<It>::value_type;
    if constexpr (std::is_pointer_v<It>) {
      *this = array(static_cast<const void*>(data), shape, dtype, stored_dtype<T>());
    } else {
      size_t count = 1;
      for (const ShapeElem dim : shape) count *= size_t(dim);
      const std::unique_ptr<T[]> values(new T[count]);
      for (size_t i = 0; i < count; ++i, ++data) values[i] = *data;
      *this = array(values.get(), shape, dtype, stored_dtype<T>());
    }
  }
  template <typename T>
  explicit array(std::initializer_list<T> data, Dtype dtype = TypeToDtype<T>())
      : array(data.begin(), Shape{ShapeElem(data.size())}, dtype, stored_dtype<T>()) {}
  explicit array(std::initializer_list<float> data) : array(data, float32) {}
  explicit array(std::initializer_list<int> data, Dtype dtype)
      : array(data.begin(), Shape{ShapeElem(data.size())}, dtype, int32) {}
  /// Throws std::invalid_argument unless there is a value for each element of `shape`.
  template <typename T>
  explicit array(std::initializer_list<T> data, Shape shape, Dtype dtype = TypeToDtype<T>())
      : array(checked(data.begin(), data.size(), shape), shape, dtype, stored_dtype<T>()) {}
  /// The bytes at `data`: used where they are if the default device shares the host's memory, else
  /// copied. `deleter` is called with `data` once nothing uses them, on any thread; it may not call
  /// this library. Without one they are copied.
  explicit array(void* data, Shape shape, Dtype dtype, const std::function<void(void*)>& deleter);
  /// The output of a primitive, not yet computed.
  explicit array(Shape shape, Dtype dtype, std::shared_ptr<Primitive> primitive,
                 std::vector<array> inputs);
  /// The outputs of a primitive with several.
  static std::vector<array> make_arrays(std::vector<Shape> shapes, const std::vector<Dtype>& dtypes,
                                        const std::shared_ptr<Primitive>& primitive,
                                        const std::vector<array>& inputs);

  array(const array& other);
  array(array&& other) noexcept;
  array& operator=(const array& other) &;
  array& operator=(array&& other) & noexcept;
  array& operator=(const array& other) && = delete;
  array& operator=(array&& other) && = delete;
  ~array();

  size_t itemsize() const { return size_t(dtype().size()); }
  size_t size() const;  ///< number of elements
  size_t nbytes() const { return size() * itemsize(); }
  size_t ndim() const { return shape().size(); }
  const Shape& shape() const;
  /// Counts a negative axis from the end; throws std::out_of_range.
  ShapeElem shape(int dim) const;
  const Strides& strides() const;  ///< evaluates
  StrideElem strides(int dim) const;
  Dtype dtype() const;

  void eval();
  /// The value of an array of size 1. Throws std::invalid_argument for another size.
  template <typename T>
  T item() {
    T value;
    read_item(&value, stored_dtype<T>());
    return value;
  }
  template <typename T>
  T item() const {
    return array(*this).item<T>();
  }
  /// Evaluates, waits, and gives the first element in host memory; `strides()` says where the
  /// others are. T must be the type of the dtype.
  template <typename T>
  T* data() {
    return static_cast<T*>(const_cast<void*>(host()));
  }
  template <typename T>
  const T* data() const {
    return static_cast<const T*>(host());
  }

  enum Status { unscheduled, evaluated, available };
  Status status() const;
  bool is_available() const { return status() == available; }
  void wait();
  bool is_tracer() const;
  std::uintptr_t id() const { return reinterpret_cast<std::uintptr_t>(node_); }

  struct Flags {
    bool contiguous : 1;
    bool row_contiguous : 1;
    bool col_contiguous : 1;
  };
  Flags flags() const;  ///< of an evaluated array
  bool has_primitive() const;
  std::vector<array> inputs() const;

  /// The slices along the first axis.
  struct ArrayIterator {
    using iterator_category = std::random_access_iterator_tag;
    using difference_type = size_t;
    using value_type = const array;
    using reference = value_type;

    explicit ArrayIterator(const array& arr, int idx = 0);
    reference operator*() const;
    ArrayIterator& operator+(difference_type diff) {
      idx += int(diff);
      return *this;
    }
    ArrayIterator& operator++() {
      ++idx;
      return *this;
    }
    friend bool operator==(const ArrayIterator& a, const ArrayIterator& b) {
      return a.arr.id() == b.arr.id() && a.idx == b.idx;
    }

   private:
    const array& arr;
    int idx;
  };
  ArrayIterator begin() const { return ArrayIterator(*this); }
  ArrayIterator end() const { return ArrayIterator(*this, shape(0)); }

 private:
  friend struct Access;
  struct Adopt {};
  array(Adopt, mlx::Node* node) : node_(node) {}
  /// Values of type `from`, converted to `dtype`.
  array(const void* data, const Shape& shape, Dtype dtype, Dtype from);
  static const void* checked(const void* data, size_t count, const Shape& shape);
  void read_item(void* to, Dtype dtype);
  const void* host() const;

  mlx::Node* node_;  ///< counted
};

}  // namespace mlx::core
