// The Python face of differentiation: grad, value_and_grad, vjp and jvp.
#include "bind/transforms.h"

#include <pybind11/stl.h>

#include <set>

#include "base/error.h"
#include "bind/arguments.h"
#include "bind/array_type.h"
#include "bind/trees.h"
#include "transforms/autodiff.h"

namespace mlx {

using namespace py::literals;

py::object callable(py::object fun) {
  if (!PyCallable_Check(fun.ptr()))
    throw py::type_error("A function is expected, got " + std::string(Py_TYPE(fun.ptr())->tp_name) +
                         ".");
  return fun;
}

py::object array_object(const array& x) {
  return py::reinterpret_steal<py::object>(wrap(x));
}

namespace {

struct Transformed {
  TransformedCall call;
};

}  // namespace

py::object transformed(const py::object& fun, TransformedCall call) {
  callable(fun);
  const py::object self = py::cast(Transformed{std::move(call)});
  static const auto* const update_wrapper =
      new py::object(py::module_::import("functools").attr("update_wrapper"));
  (*update_wrapper)(self, fun);  // sets __wrapped__, which the calls use
  return self;
}

Arrays arrays_of_sequence(py::handle values, const char* op, const char* what) {
  Arrays result;
  if (is_array(values.ptr())) return {array_of(values.ptr())};
  if (!PyList_Check(values.ptr()) && !PyTuple_Check(values.ptr()))
    throw py::type_error(std::string("[") + op + "] the " + what + " must be a list of arrays.");
  for (const py::handle value : values) {
    if (!is_array(value.ptr()))
      throw py::type_error(std::string("[") + op + "] the " + what + " must be a list of arrays.");
    result.push_back(array_of(value.ptr()));
  }
  return result;
}

py::list list_of(const Arrays& values) {
  py::list result;
  for (const array& value : values) result.append(array_object(value));
  return result;
}

Arrays outputs_of(py::handle result, const char* op) {
  if (is_array(result.ptr())) return {array_of(result.ptr())};
  if (!PyList_Check(result.ptr()) && !PyTuple_Check(result.ptr()))
    fail(op, "the function must return an array or a list of arrays.");
  Arrays values;
  for (const py::handle value : result) {
    if (!is_array(value.ptr())) fail(op, "the function must return an array or a list of arrays.");
    values.push_back(array_of(value.ptr()));
  }
  return values;
}

namespace {

/// What a gradient is taken with regard to.
struct Wanted {
  std::vector<int> argnums;
  std::vector<std::string> argnames;
  bool single = false;  ///< one argnum: its tree, not a tuple
};

/// One item or a sequence of them; throws TypeError for any other type.
template <typename T, typename PyT>
std::vector<T> several(const py::object& items, const char* op, const char* what) {
  const auto item = [&](py::handle x) {
    if (!py::isinstance<PyT>(x))
      throw py::type_error(std::string("[") + op + "] " + what + ", not " +
                           Py_TYPE(x.ptr())->tp_name + ".");
    py::detail::make_caster<T> value;
    if (value.load(x, true)) return py::detail::cast_op<T>(std::move(value));
    PyErr_Clear();
    fail(op, what, ", which ", py::repr(x).cast<std::string>(), " is not.");
  };
  const bool iterable = !PyUnicode_Check(items.ptr()) &&
                        (PySequence_Check(items.ptr()) || PyAnySet_Check(items.ptr()));
  if (!iterable) return {item(items)};
  std::vector<T> result;
  for (const py::handle x : items) result.push_back(item(x));
  return result;
}

Wanted wanted_of(const py::object& argnums, const py::object& argnames, const char* op) {
  Wanted wanted;
  std::set<std::string> names;
  if (!argnames.is_none())
    for (std::string& name : several<std::string, py::str>(argnames, op, "argnames are strings"))
      names.insert(std::move(name));
  if (!argnums.is_none())
    wanted.argnums = several<int, py::int_>(argnums, op, "argnums are ints of 32 bits");
  else if (names.empty())
    wanted.argnums = {0};
  wanted.argnames.assign(names.begin(), names.end());
  if (wanted.argnums.empty() && names.empty())
    fail(op, "there is nothing to differentiate with regard to: argnums and argnames are empty.");
  for (const int n : wanted.argnums)
    if (n < 0) fail(op, "argnums must not be negative, got ", n, ".");
  if (std::set<int>(wanted.argnums.begin(), wanted.argnums.end()).size() != wanted.argnums.size())
    fail(op, "argnums hold a duplicate.");
  wanted.single = wanted.argnums.size() == 1;
  return wanted;
}

void check_passed(const Wanted& wanted, const py::args& args, const py::kwargs& kwargs,
                  const char* op) {
  for (const int n : wanted.argnums)
    if (size_t(n) >= args.size())
      fail(op, "argument ", n, " was not passed; got ", args.size(), " positional arguments.");
  for (const std::string& name : wanted.argnames)
    if (!kwargs.contains(name)) fail(op, "keyword argument '", name, "' was not passed.");
}

array scalar_output(const py::object& result, bool tuples, const char* op) {
  PyObject* first = result.ptr();
  if (tuples && PyTuple_Check(first) && PyTuple_GET_SIZE(first) > 0)
    first = PyTuple_GET_ITEM(first, 0);
  if (!is_array(first))
    fail(op,
         tuples ? "the function must return an array or a tuple whose first item is one, got "
                : "the function must return a scalar array, got ",
         Py_TYPE(first)->tp_name, ".");
  const array& value = array_of(first);
  if (value.ndim() != 0)
    fail(op, "the function must return a scalar array, got shape ", to_string(value.shape()), ".");
  return value;
}

/// Runs the function and gives (its result, gradients in the structure asked for).
std::pair<py::object, py::object> differentiate(const py::object& fun, const Wanted& wanted,
                                                const py::args& args, const py::kwargs& kwargs,
                                                bool tuples, const char* op) {
  check_passed(wanted, args, kwargs, op);
  // The arrays to differentiate, in the order in which their trees are walked.
  Arrays primals;
  const auto collect = [&](py::handle tree) {
    for_each_leaf(tree, [&](py::handle leaf) {
      if (!is_array(leaf.ptr()))
        fail(op, "a differentiated argument may hold arrays only, but it holds a ",
             Py_TYPE(leaf.ptr())->tp_name, ".");
      primals.push_back(array_of(leaf.ptr()));
    });
  };
  for (const int n : wanted.argnums) collect(args[n]);
  for (const std::string& name : wanted.argnames) collect(kwargs[name.c_str()]);
  if (primals.empty()) fail(op, "the differentiated arguments hold no arrays.");

  py::object result;
  const auto function = [&](const Arrays& tracers) -> Arrays {
    Substitution substitution;
    size_t next = 0;
    const auto replace = [&](py::handle) { return array_object(tracers[next++]); };
    const auto ignore = [](py::handle) {};
    py::list positional(args);
    py::dict named;
    for (const auto& [key, value] : kwargs) named[key] = value;
    for (const int n : wanted.argnums) positional[n] = substitution.apply(args[n], replace, ignore);
    for (const std::string& name : wanted.argnames)
      named[name.c_str()] = substitution.apply(kwargs[name.c_str()], replace, ignore);
    result = fun(*py::tuple(positional), **named);
    return {scalar_output(result, tuples, op)};
  };
  const Arrays gradients = value_and_gradient(function, primals).second;

  size_t next = 0;
  py::object positional = py::none(), named = py::none();
  if (wanted.single) {
    positional = with_arrays(args[wanted.argnums[0]], gradients, next);
  } else if (!wanted.argnums.empty()) {
    py::tuple several(wanted.argnums.size());
    for (size_t i = 0; i < wanted.argnums.size(); ++i)
      several[i] = with_arrays(args[wanted.argnums[i]], gradients, next);
    positional = several;
  }
  if (wanted.argnames.empty()) return {result, positional};
  py::dict by_name;
  for (const std::string& name : wanted.argnames)
    by_name[name.c_str()] = with_arrays(kwargs[name.c_str()], gradients, next);
  return {result, py::make_tuple(positional, by_name)};
}

py::object make_value_and_grad(const py::object& fun, const py::object& argnums,
                               const py::object& argnames) {
  const Wanted wanted = wanted_of(argnums, argnames, "value_and_grad");
  return transformed(fun, [wanted](const py::object& f, const py::object&, const py::args& args,
                                   const py::kwargs& kwargs) {
    auto [value, gradient] = differentiate(f, wanted, args, kwargs, true, "value_and_grad");
    return py::object(py::make_tuple(value, gradient));
  });
}

py::object make_grad(const py::object& fun, const py::object& argnums, const py::object& argnames) {
  const Wanted wanted = wanted_of(argnums, argnames, "grad");
  return transformed(fun, [wanted](const py::object& f, const py::object&, const py::args& args,
                                   const py::kwargs& kwargs) {
    return differentiate(f, wanted, args, kwargs, false, "grad").second;
  });
}

}  // namespace

void bind_differentiation(py::module_& m) {
  py::class_<Transformed>(m, "_Transformed", py::dynamic_attr())
      .def("__call__", [](const py::object& self, const py::args& args, const py::kwargs& kwargs) {
        return self.cast<Transformed&>().call(self.attr("__wrapped__"), self, args, kwargs);
      });
  m.def("grad", &make_grad, "fun"_a, "argnums"_a = py::none(), "argnames"_a = py::list(),
        R"(A function that returns the gradient of `fun`, whose result must be a scalar array.

The gradient is taken with regard to the positional arguments `argnums` (an int or several; 0 when neither is
given) and the keyword arguments `argnames`. One argnum gives that argument's tree, several a tuple, and with
names the result is (positional gradients or None, dict by name).

Raises ValueError for negative, duplicate or missing arguments and for a result that is not a scalar array.)");
  m.def("value_and_grad", &make_value_and_grad, "fun"_a, "argnums"_a = py::none(),
        "argnames"_a = py::list(),
        R"(Like grad, but the new function returns (value of `fun`, gradient).

`fun` may return a tuple whose first item is the scalar array; the rest is passed through untouched.)");
  m.def(
      "vjp",
      [](const py::object& fun, const py::object& primals, const py::object& cotangents) {
        const auto f = [&](const Arrays& xs) {
          return outputs_of(fun(*py::tuple(list_of(xs))), "vjp");
        };
        const auto [outputs, results] = vjp(f, arrays_of_sequence(primals, "vjp", "primals"),
                                            arrays_of_sequence(cotangents, "vjp", "cotangents"));
        return std::make_pair(list_of(outputs), list_of(results));
      },
      "fun"_a, "primals"_a, "cotangents"_a,
      R"(Vector-Jacobian products: (outputs of `fun` at `primals`, one product per primal), as lists.

`cotangents` hold one array per output, of its shape; outputs behind stop_gradient may be left out.)");
  m.def(
      "jvp",
      [](const py::object& fun, const py::object& primals, const py::object& tangents) {
        const auto f = [&](const Arrays& xs) {
          return outputs_of(fun(*py::tuple(list_of(xs))), "jvp");
        };
        const auto [outputs, results] = jvp(f, arrays_of_sequence(primals, "jvp", "primals"),
                                            arrays_of_sequence(tangents, "jvp", "tangents"));
        return std::make_pair(list_of(outputs), list_of(results));
      },
      "fun"_a, "primals"_a, "tangents"_a,
      R"(Jacobian-vector products: (outputs of `fun` at `primals`, one product per output), as lists.

`tangents` hold one array per primal, of its shape.)");
}

void bind_transforms(py::module_& m) {
  bind_differentiation(m);
  bind_vmap(m);
  bind_compile(m);
  bind_custom(m);
  bind_export(m);
}

}  // namespace mlx
