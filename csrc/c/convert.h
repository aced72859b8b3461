// Between C handles and C++ values, and from exceptions to status codes.
//
// A handle owns the C++ value that its `ctx` points to; an empty one owns nothing. `get` looks at
// the value, `put` assigns a result through a pointer to a handle, `make` gives a new handle.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "c/callbacks.h"
#include "mlx/c/mlx.h"
#include "mlx/mlx.h"

namespace mlx::c {

template <typename Handle>
struct Held;
#define HANDLE(name, cpp_type)                        \
  template <>                                         \
  struct Held<mlx_##name> {                           \
    using type = cpp_type;                            \
    static constexpr const char* text = "mlx_" #name; \
  };
#include "c/handles.def"
#undef HANDLE

/// Tells the handler of the failure of `function`.
void report(const char* function, const char* message) noexcept;

/// Runs `body`; 0, or 1 after reporting the exception it threw.
template <typename Body>
int guarded(const char* function, Body&& body) noexcept {
  try {
    body();
    return 0;
  } catch (const std::exception& error) {
    report(function, error.what());
  } catch (...) {
    report(function, "an exception of an unknown type.");
  }
  return 1;
}

/// Runs `body` for its value; `otherwise` after reporting the exception it threw.
template <typename T, typename Body>
T guarded_value(const char* function, T otherwise, Body&& body) noexcept {
  guarded(function, [&] { otherwise = body(); });
  return otherwise;
}

template <typename Handle>
typename Held<Handle>::type& get(Handle handle) {
  if (!handle.ctx)
    throw std::invalid_argument(std::string("an argument is an empty ") + Held<Handle>::text + ".");
  return *static_cast<typename Held<Handle>::type*>(handle.ctx);
}

template <typename Handle>
std::optional<typename Held<Handle>::type> get_optional(Handle handle) {
  return handle.ctx ? std::optional(get(handle)) : std::nullopt;
}

template <typename Handle>
Handle make(typename Held<Handle>::type value) {
  Handle handle{};
  handle.ctx = new typename Held<Handle>::type(std::move(value));
  return handle;
}

/// A new handle, or an empty one after reporting the exception that `body` threw.
template <typename Handle, typename Body>
Handle made(const char* function, Body&& body) noexcept {
  return guarded_value(function, Handle{}, [&] { return make<Handle>(body()); });
}

template <typename Handle>
void put(Handle* to, typename Held<Handle>::type value) {
  if (!to)
    throw std::invalid_argument(std::string("the pointer for the result, a ") + Held<Handle>::text +
                                ", is null.");
  if (to->ctx)
    get(*to) = std::move(value);
  else
    *to = make<Handle>(std::move(value));
}

template <typename Pair>
void put(mlx_array* first, mlx_array* second, Pair&& both) {
  put(first, std::get<0>(both));
  put(second, std::get<1>(both));
}
inline void put(mlx_vector_array* first, mlx_vector_array* second,
                std::pair<std::vector<core::array>, std::vector<core::array>> both) {
  put(first, std::move(both.first));
  put(second, std::move(both.second));
}

template <typename Handle>
void release(Handle handle) {
  delete static_cast<typename Held<Handle>::type*>(handle.ctx);
}

/// Assigns the value of `from`; an empty one empties `to`.
template <typename Handle>
void assign(Handle* to, Handle from) {
  if (from.ctx) return put(to, get(from));
  release(*to);
  to->ctx = nullptr;
}

inline std::string text_of(const char* text) {
  if (!text) throw std::invalid_argument("an argument is a null string.");
  return text;
}
inline const int* checked(const int* values, size_t count) {
  if (!values && count) throw std::invalid_argument("an argument is a null list of integers.");
  return values;
}
inline std::vector<int> ints(const int* values, size_t count) {
  checked(values, count);
  return {values, values + count};
}
inline std::optional<std::vector<int>> optional_ints(const int* values, size_t count) {
  return values ? std::optional(ints(values, count)) : std::nullopt;
}
inline core::Shape shape_of(const int* values, size_t count) {
  checked(values, count);
  return {values, values + count};
}
inline core::Strides strides_of(const int64_t* values, size_t count) {
  if (!values && count) throw std::invalid_argument("an argument is a null list of strides.");
  return {values, values + count};
}
/// Throws std::invalid_argument for a number that is no mlx_dtype.
core::Dtype dtype_of(mlx_dtype dtype);
inline std::optional<int> optional_of(mlx_optional_int v) {
  return v.has_value ? std::optional(v.value) : std::nullopt;
}
inline std::optional<float> optional_of(mlx_optional_float v) {
  return v.has_value ? std::optional(v.value) : std::nullopt;
}
inline std::optional<core::Dtype> optional_of(mlx_optional_dtype v) {
  return v.has_value ? std::optional(dtype_of(v.value)) : std::nullopt;
}

}  // namespace mlx::c
