// Closures: functions of the caller's as C++ functions, and the other way.
//
// A call hands the caller's function handles that live for its duration; the results it puts are
// taken over. A status other than 0 becomes an exception, which the outermost C function reports.
#include "mlx/c/closure.h"

#include "c/convert.h"

using namespace mlx::c;
namespace core = mlx::core;

namespace {

/// A handle that is released at the end of its scope.
template <typename Handle>
struct Scoped {
  Handle handle{};
  Scoped() = default;
  explicit Scoped(typename Held<Handle>::type value) : handle(make<Handle>(std::move(value))) {}
  Scoped(const Scoped&) = delete;
  ~Scoped() { release(handle); }
  typename Held<Handle>::type take() { return std::move(get(handle)); }
};
using ArraysHandle = Scoped<mlx_vector_array>;

void check(int status) {
  if (status) throw std::runtime_error("the closure returned " + std::to_string(status) + ".");
}

/// A payload with its destructor, shared by the copies of a function.
std::shared_ptr<void> owned(void* payload, void (*dtor)(void*)) {
  return dtor ? std::shared_ptr<void>(payload, dtor) : std::shared_ptr<void>(payload, [](void*) {});
}

}  // namespace

// Each kind of closure is built from a function that calls the caller's with handles and, last, the
// payload where there is one: `extra...` is that argument or nothing.
namespace {

template <typename Function, typename... Extra>
Closure closure_of(Function fun, Extra... extra) {
  return [=](const Arrays& inputs) {
    ArraysHandle result{Arrays()}, given(inputs);
    check(fun(&result.handle, given.handle, extra.get()...));
    return result.take();
  };
}
template <typename Function, typename... Extra>
ClosureKwargs kwargs_of(Function fun, Extra... extra) {
  return [=](const Arrays& inputs, const ArrayMap& named) {
    ArraysHandle result{Arrays()}, given(inputs);
    const Scoped<mlx_map_string_to_array> map(named);
    check(fun(&result.handle, given.handle, map.handle, extra.get()...));
    return result.take();
  };
}
template <typename Function, typename... Extra>
ClosureValueAndGrad value_and_grad_of(Function fun, Extra... extra) {
  return [=](const Arrays& inputs) {
    ArraysHandle values{Arrays()}, gradients{Arrays()}, given(inputs);
    check(fun(&values.handle, &gradients.handle, given.handle, extra.get()...));
    return std::make_pair(values.take(), gradients.take());
  };
}
template <typename Function, typename... Extra>
ClosureCustom custom_of(Function fun, Extra... extra) {
  return [=](const Arrays& primals, const Arrays& cotangents, const Arrays& outputs) {
    ArraysHandle result{Arrays()}, a(primals), b(cotangents), c(outputs);
    check(fun(&result.handle, a.handle, b.handle, c.handle, extra.get()...));
    return result.take();
  };
}
template <typename Function, typename... Extra>
ClosureCustomJvp custom_jvp_of(Function fun, Extra... extra) {
  return [=](const Arrays& primals, const Arrays& tangents, const std::vector<int>& argnums) {
    ArraysHandle result{Arrays()}, a(primals), b(tangents);
    check(fun(&result.handle, a.handle, b.handle, argnums.data(), argnums.size(), extra.get()...));
    return result.take();
  };
}
template <typename Function, typename... Extra>
ClosureCustomVmap custom_vmap_of(Function fun, Extra... extra) {
  return [=](const Arrays& inputs, const std::vector<int>& axes) {
    ArraysHandle result{Arrays()}, given(inputs);
    Scoped<mlx_vector_int> result_axes{std::vector<int>()};
    check(fun(&result.handle, &result_axes.handle, given.handle, axes.data(), axes.size(),
              extra.get()...));
    return std::make_pair(result.take(), result_axes.take());
  };
}

}  // namespace

extern "C" {

// What all kinds have: `new`, `free`, `set`, and construction from a function. `function` and
// `with_payload` are the parameter lists of the caller's.
#define CLOSURE(name, build, function, with_payload)                                         \
  name name##_new(void) {                                                                    \
    return {nullptr};                                                                        \
  }                                                                                          \
  int name##_free(name cls) {                                                                \
    return guarded(__func__, [&] { release(cls); });                                         \
  }                                                                                          \
  int name##_set(name* cls, const name src) {                                                \
    return guarded(__func__, [&] { assign(cls, src); });                                     \
  }                                                                                          \
  name name##_new_func(int(*fun) function) {                                                 \
    return made<name>(__func__, [&] { return build(fun); });                                 \
  }                                                                                          \
  name name##_new_func_payload(int(*fun) with_payload, void* payload, void (*dtor)(void*)) { \
    return made<name>(__func__, [&] { return build(fun, owned(payload, dtor)); });           \
  }
CLOSURE(mlx_closure, closure_of, (mlx_vector_array*, const mlx_vector_array),
        (mlx_vector_array*, const mlx_vector_array, void*))
CLOSURE(mlx_closure_kwargs, kwargs_of,
        (mlx_vector_array*, const mlx_vector_array, const mlx_map_string_to_array),
        (mlx_vector_array*, const mlx_vector_array, const mlx_map_string_to_array, void*))
CLOSURE(mlx_closure_value_and_grad, value_and_grad_of,
        (mlx_vector_array*, mlx_vector_array*, const mlx_vector_array),
        (mlx_vector_array*, mlx_vector_array*, const mlx_vector_array, void*))
CLOSURE(mlx_closure_custom, custom_of,
        (mlx_vector_array*, const mlx_vector_array, const mlx_vector_array, const mlx_vector_array),
        (mlx_vector_array*, const mlx_vector_array, const mlx_vector_array, const mlx_vector_array,
         void*))
CLOSURE(mlx_closure_custom_jvp, custom_jvp_of,
        (mlx_vector_array*, const mlx_vector_array, const mlx_vector_array, const int*, size_t),
        (mlx_vector_array*, const mlx_vector_array, const mlx_vector_array, const int*, size_t,
         void*))
CLOSURE(mlx_closure_custom_vmap, custom_vmap_of,
        (mlx_vector_array*, mlx_vector_int*, const mlx_vector_array, const int*, size_t),
        (mlx_vector_array*, mlx_vector_int*, const mlx_vector_array, const int*, size_t, void*))
#undef CLOSURE

mlx_closure mlx_closure_new_unary(int (*fun)(mlx_array*, const mlx_array)) {
  return made<mlx_closure>(__func__, [&]() -> Closure {
    return [fun](const Arrays& inputs) {
      if (inputs.size() != 1)
        throw std::invalid_argument("a unary closure was called with " +
                                    std::to_string(inputs.size()) + " arrays.");
      Scoped<mlx_array> result, given(inputs[0]);
      check(fun(&result.handle, given.handle));
      return Arrays{get(result.handle)};
    };
  });
}

int mlx_closure_apply(mlx_vector_array* res, mlx_closure cls, const mlx_vector_array input) {
  return guarded(__func__, [&] { put(res, get(cls)(get(input))); });
}
int mlx_closure_kwargs_apply(mlx_vector_array* res, mlx_closure_kwargs cls,
                             const mlx_vector_array input_0,
                             const mlx_map_string_to_array input_1) {
  return guarded(__func__, [&] { put(res, get(cls)(get(input_0), get(input_1))); });
}
int mlx_closure_value_and_grad_apply(mlx_vector_array* res_0, mlx_vector_array* res_1,
                                     mlx_closure_value_and_grad cls, const mlx_vector_array input) {
  return guarded(__func__, [&] { put(res_0, res_1, get(cls)(get(input))); });
}
int mlx_closure_custom_apply(mlx_vector_array* res, mlx_closure_custom cls,
                             const mlx_vector_array input_0, const mlx_vector_array input_1,
                             const mlx_vector_array input_2) {
  return guarded(__func__, [&] { put(res, get(cls)(get(input_0), get(input_1), get(input_2))); });
}
int mlx_closure_custom_jvp_apply(mlx_vector_array* res, mlx_closure_custom_jvp cls,
                                 const mlx_vector_array input_0, const mlx_vector_array input_1,
                                 const int* input_2, size_t input_2_num) {
  return guarded(__func__, [&] {
    put(res, get(cls)(get(input_0), get(input_1), ints(input_2, input_2_num)));
  });
}
int mlx_closure_custom_vmap_apply(mlx_vector_array* res_0, mlx_vector_int* res_1,
                                  mlx_closure_custom_vmap cls, const mlx_vector_array input_0,
                                  const int* input_1, size_t input_1_num) {
  return guarded(__func__, [&] {
    auto [arrays, axes] = get(cls)(get(input_0), ints(input_1, input_1_num));
    put(res_0, std::move(arrays));
    put(res_1, std::move(axes));
  });
}

}  // extern "C"
