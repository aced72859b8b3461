// The functions of MLX's C++ interface, each with its exact type and the number of arguments that
// it needs at least: a row of declarations.def that does not hold stops the compiler.
#include <utility>

#include "mlx/mlx.h"

namespace mlx::core {

template <typename T>
struct Call;
template <typename R, typename... A>
struct Call<R(A...)> {
  using Arguments = std::tuple<A...>;
};

/// Whether `f` takes the first arguments of a function type alone.
template <typename F, typename Type, size_t... I>
constexpr bool takes(std::index_sequence<I...>) {
  return std::is_invocable_v<F, std::tuple_element_t<I, typename Call<Type>::Arguments>...>;
}

#define HAS(name, required, ...)                                                           \
  static_assert(requires { static_cast<std::add_pointer_t<__VA_ARGS__>>(&name); }, #name); \
  static_assert(                                                                           \
      takes<decltype([](auto&&... a) -> decltype(name(std::forward<decltype(a)>(a)...)) {  \
              return name(std::forward<decltype(a)>(a)...);                                \
            }),                                                                            \
            __VA_ARGS__>(std::make_index_sequence<required>()),                            \
      #name " needs more than " #required " arguments");
#include "declarations.def"
#include "declarations_ops.def"
#undef HAS

}  // namespace mlx::core
