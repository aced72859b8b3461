// The Python face of custom_function and checkpoint.
#include "transforms/custom.h"

#include <array>
#include <memory>

#include "base/error.h"
#include "bind/array_type.h"
#include "bind/transforms.h"
#include "bind/trees.h"
#include "ops/elementwise.h"

namespace mlx {
namespace {

using namespace py::literals;

/// One call of a Python function, as a Function of the arrays among its arguments.
struct Call {
  py::object fun;
  py::tuple args;
  py::kwargs kwargs;
  py::object tree;  ///< the result; its structure serves cotangents and outputs

  Arrays inputs() const {
    Arrays result = arrays_in(args);
    for (const array& x : arrays_in(kwargs)) result.push_back(x);
    return result;
  }
  py::tuple positional(const Arrays& values) const {
    size_t next = 0;
    return with_arrays(args, values, next).cast<py::tuple>();
  }
  Arrays operator()(const Arrays& values) {
    size_t next = 0;
    const py::tuple all = with_arrays(args, values, next).cast<py::tuple>();
    const py::dict named = with_arrays(kwargs, values, next).cast<py::dict>();
    py::object result = fun(*all, **named);
    for_each_leaf(result, [](py::handle leaf) {
      if (!is_array(leaf.ptr()))
        fail("custom_function", "the function may return arrays only, got ",
             Py_TYPE(leaf.ptr())->tp_name, ".");
    });
    Arrays outputs = arrays_in(result);
    if (!tree) tree = std::move(result);
    return outputs;
  }
  py::object structured(const Arrays& outputs) const {
    size_t next = 0;
    return with_arrays(tree, outputs, next);
  }
};

py::object bare(const py::tuple& items) {
  return items.size() == 1 ? py::object(items[0]) : py::object(items);
}

/// The gradients that a vjp returned for the arrays in `args`: argument by argument where the
/// result has an entry for each (None for zeros), else the arrays in the order in which they come.
std::vector<std::optional<array>> gradients_of(const py::object& result, const py::tuple& args) {
  std::vector<std::optional<array>> gradients;
  bool by_argument =
      PyTuple_Check(result.ptr()) && PyTuple_GET_SIZE(result.ptr()) == PyTuple_GET_SIZE(args.ptr());
  for (size_t i = 0; i < args.size() && by_argument; ++i) {
    PyObject* const entry = PyTuple_GET_ITEM(result.ptr(), i);
    const size_t due = arrays_in(args[i]).size();
    const Arrays given = arrays_in(entry);
    gradients.insert(gradients.end(), given.begin(), given.end());
    if (entry == Py_None) gradients.resize(gradients.size() + due);
    by_argument = entry == Py_None || given.size() == due;
  }
  if (by_argument) return gradients;
  const Arrays given = arrays_in(result);
  return {given.begin(), given.end()};
}

struct CustomFunction {
  py::object fun, vjp, jvp, vmap;

  py::object operator()(const py::args& args, const py::kwargs& kwargs) const {
    if (!vjp && !jvp && !vmap) return fun(*args, **kwargs);
    if (!kwargs.empty() && (jvp || vmap))
      fail("custom_function", "keyword arguments cannot be used with jvp or vmap.");
    const auto call = std::make_shared<Call>(Call{fun, args, kwargs, {}});
    return call->structured(mlx::custom_function([call](const Arrays& xs) { return (*call)(xs); },
                                                 call->inputs(), rules(call)));
  }

  CustomRules rules(const std::shared_ptr<Call>& call) const {
    CustomRules rules;
    if (vjp)
      rules.vjp = [call, rule = vjp](const Arrays& primals, const Arrays& cotangents,
                                     const Arrays& outputs) {
        const py::object result =
            rule(bare(call->positional(primals)), call->structured(cotangents),
                 call->structured(outputs), **call->kwargs);
        auto gradients = gradients_of(result, call->args);
        gradients.resize(std::min(gradients.size(),
                                  arrays_in(call->args).size()));  // none for keyword arguments
        return gradients;
      };
    if (jvp)
      rules.jvp = [call, rule = jvp](const Arrays& primals,
                                     const std::vector<std::optional<array>>& tangents) {
        size_t next = 0;
        const py::object tree = map_leaves(call->args, [&](py::handle leaf) -> py::object {
          if (!is_array(leaf.ptr())) return py::none();
          const auto& tangent = tangents[next++];
          return tangent ? array_object(*tangent) : py::none();
        });
        return arrays_in(rule(bare(call->positional(primals)), bare(tree.cast<py::tuple>())));
      };
    if (vmap)
      rules.vmap = [call, rule = vmap](const Arrays& inputs, const std::vector<int>& axes) {
        size_t next = 0;
        const py::object tree = map_leaves(call->args, [&](py::handle leaf) -> py::object {
          if (!is_array(leaf.ptr())) return py::none();
          const int axis = axes[next++];
          return axis < 0 ? py::object(py::none()) : py::object(py::int_(axis));
        });
        const py::object result =
            rule(bare(call->positional(inputs)), bare(tree.cast<py::tuple>()));
        if (!PyTuple_Check(result.ptr()) || PyTuple_GET_SIZE(result.ptr()) != 2)
          fail("custom_function", "the vmap must return a tuple (outputs, axes).");
        Arrays outputs = arrays_in(result.cast<py::tuple>()[0]);
        std::vector<int> out_axes;
        if (const py::object axis = result.cast<py::tuple>()[1]; PyLong_Check(axis.ptr()))
          out_axes.assign(outputs.size(), axis.cast<int>());
        else
          for_each_leaf(axis, [&](py::handle leaf) {
            out_axes.push_back(leaf.is_none() ? -1 : leaf.cast<int>());
          });
        if (out_axes.size() != outputs.size())
          fail("custom_function", "the vmap returned ", outputs.size(), " outputs but ",
               out_axes.size(), " axes.");
        return std::make_pair(std::move(outputs), std::move(out_axes));
      };
    return rules;
  }
};

/// Lets the garbage collector see the functions of a custom_function, which may refer back to it.
void collect_cycles(PyHeapTypeObject* type) {
  static const traverseproc visit_dict = type->ht_type.tp_traverse;
  static const inquiry clear_dict = type->ht_type.tp_clear;
  static const auto members = [](PyObject* self) -> std::array<py::object*, 4> {
    const auto held = reinterpret_cast<py::detail::instance*>(self)->get_value_and_holder();
    if (!held.holder_constructed()) return {};
    auto& custom = *held.value_ptr<CustomFunction>();
    return {&custom.fun, &custom.vjp, &custom.jvp, &custom.vmap};
  };
  type->ht_type.tp_traverse = [](PyObject* self, visitproc visit, void* arg) {
    for (const py::object* member : members(self))
      if (member) Py_VISIT(member->ptr());
    return visit_dict(self, visit, arg);
  };
  type->ht_type.tp_clear = [](PyObject* self) {
    for (py::object* member : members(self))
      if (member) *member = {};
    return clear_dict(self);
  };
}

py::object make_checkpoint(const py::object& fun) {
  return transformed(fun, [](const py::object& f, const py::object&, const py::args& args,
                             const py::kwargs& kwargs) {
    const auto call = std::make_shared<Call>(Call{f, args, kwargs, {}});
    return call->structured(
        checkpoint([call](const Arrays& xs) { return (*call)(xs); }, call->inputs()));
  });
}

}  // namespace

void bind_custom(py::module_& m) {
  py::class_<CustomFunction>(m, "custom_function", py::dynamic_attr(),
                             py::custom_type_setup(&collect_cycles),
                             R"(A function with transformations of its own; use it as a decorator.

The decorators `.vjp`, `.jvp` and `.vmap` register f(primals, cotangents, outputs), f(primals, tangents) and
f(inputs, axes) -> (outputs, axes). Several positional arguments arrive as a tuple, a single one bare. What is not
registered falls back to transforming the function itself. A vjp returns an entry for each positional argument, None
for zeros; those left out at the end are zeros too. TypeError for what cannot be called.)")
      .def(
          py::init([](py::object f) { return CustomFunction{callable(std::move(f)), {}, {}, {}}; }),
          "f"_a)
      .def("__call__", &CustomFunction::operator())
      .def(
          "vjp",
          [](py::object self, py::object f) {
            self.cast<CustomFunction&>().vjp = callable(std::move(f));
            return self;
          },
          "f"_a, "Registers f(primals, cotangents, outputs), the vector-Jacobian product.")
      .def(
          "jvp",
          [](py::object self, py::object f) {
            self.cast<CustomFunction&>().jvp = callable(std::move(f));
            return self;
          },
          "f"_a, "Registers f(primals, tangents), the Jacobian-vector product.")
      .def(
          "vmap",
          [](py::object self, py::object f) {
            self.cast<CustomFunction&>().vmap = callable(std::move(f));
            return self;
          },
          "f"_a, "Registers f(inputs, axes) -> (outputs, axes), the function over a batch.");
  m.def("checkpoint", &make_checkpoint, "fun"_a,
        "A function like `fun` whose backward pass recomputes the intermediate values instead of "
        "keeping them.");
}

}  // namespace mlx
