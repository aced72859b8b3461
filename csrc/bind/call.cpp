// The types of the callables, `mlx.core.function` and `mlx.core.method`, made for vectorcall.
#include "bind/call.h"

#include <pybind11/eval.h>
#include <structmember.h>

#include <cstddef>
#include <deque>

#include "base/error.h"

namespace mlx {
namespace {

PyTypeObject* function_type;
PyTypeObject* method_type;

Operation* operation(PyObject* self) {
  return reinterpret_cast<Operation*>(self);
}

void dealloc(PyObject* self) {
  PyTypeObject* const type = Py_TYPE(self);
  if (operation(self)->weakrefs) PyObject_ClearWeakRefs(self);
  Py_XDECREF(operation(self)->module);
  type->tp_free(self);
  Py_DECREF(type);
}

PyObject* bind_self(PyObject* self, PyObject* instance, PyObject*) {
  return instance && instance != Py_None ? PyMethod_New(self, instance) : Py_NewRef(self);
}

PyObject* get_name(PyObject* self, void*) {
  return PyUnicode_FromString(operation(self)->signature->function().c_str());
}
PyObject* get_qualname(PyObject* self, void*) {
  const std::string& name = operation(self)->signature->function();
  return PyUnicode_FromString((Py_TYPE(self) == method_type ? "array." + name : name).c_str());
}
/// The function's module; as a getset it would hide the module of the type.
PyObject* get_attribute(PyObject* self, PyObject* name) {
  if (PyUnicode_CompareWithASCIIString(name, "__module__") == 0)
    return Py_NewRef(operation(self)->module);
  return PyObject_GenericGetAttr(self, name);
}

PyObject* get_doc(PyObject* self, void*) {
  const Signature& s = *operation(self)->signature;
  return PyUnicode_FromString(
      (s.function() + "(" + s.text() + ")\n\n" + operation(self)->doc).c_str());
}

/// inspect.Signature from the text itself: a function with these parameters is made and asked.
PyObject* get_signature(PyObject* self, void*) {
  return guarded([&] {
    const py::object lambda =
        py::eval("lambda " + operation(self)->signature->text() + ": None", default_names());
    return py::module_::import("inspect").attr("signature")(lambda).release().ptr();
  });
}

/// Pickled as the name it is found under.
PyObject* reduce(PyObject* self, PyObject*) {
  return get_qualname(self, nullptr);
}

PyObject* repr(PyObject* self) {
  const bool is_method = Py_TYPE(self) == method_type;
  return PyUnicode_FromFormat("<%s %s%s>", is_method ? "method" : "built-in function",
                              is_method ? "array." : "",
                              operation(self)->signature->function().c_str());
}

PyGetSetDef attributes[] = {{"__name__", get_name, nullptr, nullptr, nullptr},
                            {"__qualname__", get_qualname, nullptr, nullptr, nullptr},
                            {"__doc__", get_doc, nullptr, nullptr, nullptr},
                            {"__signature__", get_signature, nullptr, nullptr, nullptr},
                            {}};
PyMemberDef members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(Operation, vectorcall), READONLY, nullptr},
    {"__weaklistoffset__", T_PYSSIZET, offsetof(Operation, weakrefs), READONLY, nullptr},
    {}};
PyMethodDef methods[] = {{"__reduce__", reduce, METH_NOARGS, nullptr}, {}};

PyTypeObject* make_type(const char* name, bool binds) {
  PyType_Slot slots[] = {{Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
                         {Py_tp_call, reinterpret_cast<void*>(PyVectorcall_Call)},
                         {Py_tp_repr, reinterpret_cast<void*>(repr)},
                         {Py_tp_getattro, reinterpret_cast<void*>(get_attribute)},
                         {Py_tp_getset, attributes},
                         {Py_tp_members, members},
                         {Py_tp_methods, methods},
                         {binds ? Py_tp_descr_get : 0, reinterpret_cast<void*>(bind_self)},
                         {0, nullptr}};
  const unsigned flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL |
                         Py_TPFLAGS_DISALLOW_INSTANTIATION |
                         (binds ? Py_TPFLAGS_METHOD_DESCRIPTOR : 0);
  PyType_Spec spec{name, sizeof(Operation), 0, flags, slots};
  return reinterpret_cast<PyTypeObject*>(owned(PyType_FromSpec(&spec)).release().ptr());
}

py::object make(PyTypeObject* type, const char* name, vectorcallfunc call, size_t count,
                const char* signature, const char* doc, const py::object& module) {
  const Signature* const parsed = new Signature(name, signature);  // lives as long as the module
  if (parsed->size() != count)
    fail<std::logic_error>(name, "the signature (", signature, ") needs ", count, " parameters.");
  Operation* const made = PyObject_New(Operation, type);
  made->vectorcall = call;
  made->signature = parsed;
  made->doc = doc;
  made->module = module.inc_ref().ptr();
  made->weakrefs = nullptr;
  return py::reinterpret_steal<py::object>(reinterpret_cast<PyObject*>(made));
}

}  // namespace

void add_function(py::handle module, const char* name, vectorcallfunc call, size_t count,
                  const char* signature, const char* doc) {
  module.attr(name) =
      make(function_type, name, call, count, signature, doc, module.attr("__name__"));
}

void add_method(const char* name, vectorcallfunc call, size_t count, const char* signature,
                const char* doc) {
  const py::handle type(reinterpret_cast<PyObject*>(array_type));
  type.attr(name) = make(method_type, name, call, count, signature, doc, py::str("mlx.core"));
}

void add_method_of_function(py::handle module, const char* method, const char* function) {
  const py::object source = module.attr(function);
  const Operation& shared = *operation(source.ptr());
  std::string text = shared.signature->text();
  const size_t first = text.find(',');
  text = "self" + (first == std::string::npos ? "" : text.substr(first));
  if (text.starts_with("self, /")) text.erase(4, 3);
  static std::deque<std::string> docs;
  docs.push_back(std::string("mx.") + function + " of this array.");
  add_method(method, shared.vectorcall, shared.signature->size(), text.c_str(),
             docs.back().c_str());
}

void bind_operations(py::module_&) {
  function_type = make_type("mlx.core.function", false);
  method_type = make_type("mlx.core.method", true);
}

}  // namespace mlx
