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
    Arrays outputs = arrays_in(result);
    if (!tree) tree = std::move(result);
    return outputs;
  }
  py::object structured(const Arrays& outputs) const {
    size_t next = 0;
    return with_arrays(tree, outputs, next);
  }
};

py::object bare(const py::tuple& items) { return items.size() == 1 ? py::object(items[0]) : py::object(items); }

Arrays checked(const py::object& result, size_t count, const char* rule) {
  Arrays values = arrays_in(result);
  if (values.size() != count)
    fail("custom_function", "the ", rule, " returned ", values.size(), " arrays where ", count, " were due.");
  return values;
}

struct CustomFunction {
  py::object fun, vjp, jvp, vmap;

  py::object operator()(const py::args& args, const py::kwargs& kwargs) const {
    if (!vjp && !jvp && !vmap) return fun(*args, **kwargs);
    if (!kwargs.empty() && (jvp || vmap)) fail("custom_function", "keyword arguments cannot be used with jvp or vmap.");
    const auto call = std::make_shared<Call>(Call{fun, args, kwargs, {}});
    return call->structured(
        mlx::custom_function([call](const Arrays& xs) { return (*call)(xs); }, call->inputs(), rules(call)));
  }

  CustomRules rules(const std::shared_ptr<Call>& call) const {
    CustomRules rules;
    if (vjp)
      rules.vjp = [call, rule = vjp](const Arrays& primals, const Arrays& cotangents, const Arrays& outputs) {
        const Arrays named = arrays_in(call->kwargs);
        const py::object result = rule(bare(call->positional(primals)), call->structured(cotangents),
                                       call->structured(outputs), **call->kwargs);
        Arrays gradients = checked(result, primals.size() - named.size(), "vjp");
        for (const array& x : named) gradients.push_back(x * 0);
        return gradients;
      };
    if (jvp)
      rules.jvp = [call, rule = jvp](const Arrays& primals, const std::vector<std::optional<array>>& tangents) {
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
        const py::object result = rule(bare(call->positional(inputs)), bare(tree.cast<py::tuple>()));
        if (!PyTuple_Check(result.ptr()) || PyTuple_GET_SIZE(result.ptr()) != 2)
          fail("custom_function", "the vmap must return a tuple (outputs, axes).");
        std::vector<int> out_axes;
        for_each_leaf(result.cast<py::tuple>()[1], [&](py::handle leaf) { out_axes.push_back(leaf.is_none() ? -1 : leaf.cast<int>()); });
        Arrays outputs = arrays_in(result.cast<py::tuple>()[0]);
        if (out_axes.size() != outputs.size()) fail("custom_function", "the vmap returned ", outputs.size(), " outputs but ", out_axes.size(), " axes.");
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
  return transformed(fun, [](const py::object& f, const py::object&, const py::args& args, const py::kwargs& kwargs) {
    const auto call = std::make_shared<Call>(Call{f, args, kwargs, {}});
    return call->structured(checkpoint([call](const Arrays& xs) { return (*call)(xs); }, call->inputs()));
  });
}

}  // namespace

void bind_custom(py::module_& m) {
  py::class_<CustomFunction>(m, "custom_function", py::dynamic_attr(), py::custom_type_setup(&collect_cycles),
                             R"(A function with transformations of its own; use it as a decorator.

The decorators `.vjp`, `.jvp` and `.vmap` register f(primals, cotangents, outputs), f(primals, tangents) and
f(inputs, axes) -> (outputs, axes). Several positional arguments arrive as a tuple, a single one bare. What is not
registered falls back to transforming the function itself.)")
      .def(py::init([](py::object f) { return CustomFunction{std::move(f), {}, {}, {}}; }), "f"_a)
      .def("__call__", &CustomFunction::operator())
      .def("vjp", [](py::object self, py::object f) { self.cast<CustomFunction&>().vjp = std::move(f); return self; },
           "f"_a, "Registers f(primals, cotangents, outputs), the vector-Jacobian product.")
      .def("jvp", [](py::object self, py::object f) { self.cast<CustomFunction&>().jvp = std::move(f); return self; },
           "f"_a, "Registers f(primals, tangents), the Jacobian-vector product.")
      .def("vmap", [](py::object self, py::object f) { self.cast<CustomFunction&>().vmap = std::move(f); return self; },
           "f"_a, "Registers f(inputs, axes) -> (outputs, axes), the function over a batch.");
  m.def("checkpoint", &make_checkpoint, "fun"_a,
        "A function like `fun` whose backward pass recomputes the intermediate values instead of keeping them.");
}

}  // namespace mlx
