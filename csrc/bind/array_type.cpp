// The type mlx.core.array: its life, construction, attributes and protocols.
#include "bind/array_type.h"

#include <structmember.h>

#include <cstddef>

#include "base/error.h"
#include "bind/array_methods.h"
#include "bind/call.h"
#include "bind/convert.h"
#include "bind/devices.h"
#include "bind/host_view.h"
#include "bind/indexing.h"
#include "bind/operators.h"
#include "bind/printing.h"
#include "ops/elementwise.h"
#include "ops/shape.h"

namespace mlx {

PyTypeObject* array_type = nullptr;

PyObject* wrap(array value) {
  PyArray* const object = PyObject_New(PyArray, array_type);
  if (!object) throw py::error_already_set();
  new (&object->value) array(std::move(value));
  object->weakrefs = nullptr;
  return reinterpret_cast<PyObject*>(object);
}

namespace {

const Signature* constructor;

/// A value for objects whose __init__ did not run yet.
const array& unset() {
  static const array* const value = new array(0.0f);
  return *value;
}

PyObject* make(PyTypeObject* type, PyObject*, PyObject*) {
  PyObject* const self = type->tp_alloc(type, 0);
  if (!self) return nullptr;
  new (&array_of(self)) array(unset());
  return self;
}

array construct(PyObject* const* args, size_t count, PyObject* names) {
  PyObject* slots[2];
  py::object rest;
  constructor->match(args, count, names, slots, rest);
  std::optional<Dtype> dtype;
  if (slots[1] != Py_None) {
    dtype = dtype_from(slots[1]);
    if (!dtype) constructor->wrong(1, slots, "None or Dtype");
  }
  if (slots[0] == Py_None) constructor->wrong(0, slots, "a number, list, tuple, array or buffer");
  return array_from(slots[0], dtype);
}

int initialize(PyObject* self, PyObject* args, PyObject* kwargs) {
  return guarded(
      [&] {
        std::vector<PyObject*> items(PySequence_Fast_ITEMS(args),
                                     PySequence_Fast_ITEMS(args) + PyTuple_GET_SIZE(args));
        const size_t count = items.size();
        py::list names;
        if (kwargs)
          for (const auto& [name, value] : py::reinterpret_borrow<py::dict>(kwargs)) {
            names.append(name);
            items.push_back(value.ptr());
          }
        array_of(self) = construct(items.data(), count, py::tuple(names).ptr());
        return 0;
      },
      -1);
}

/// array(...) itself, without the detour over a tuple of arguments.
PyObject* construct_fast(PyObject* type, PyObject* const* args, size_t count, PyObject* names) {
  (void)type;  // subclasses do not inherit this slot
  return guarded([&] { return wrap(construct(args, size_t(PyVectorcall_NARGS(count)), names)); });
}

void dealloc(PyObject* self) {
  PyTypeObject* const type = Py_TYPE(self);
  if (reinterpret_cast<PyArray*>(self)->weakrefs) PyObject_ClearWeakRefs(self);
  array_of(self).~array();
  type->tp_free(self);
  Py_DECREF(type);
}

PyObject* repr(PyObject* self) {
  return guarded([&] { return PyUnicode_FromString(format_array(array_of(self)).c_str()); });
}

Py_hash_t hash(PyObject* self) {
  const size_t address = reinterpret_cast<size_t>(self);
  return Py_hash_t((address >> 4) | (address << (8 * sizeof(size_t) - 4))) == -1
             ? -2
             : Py_hash_t((address >> 4) | (address << (8 * sizeof(size_t) - 4)));
}

Py_ssize_t length(PyObject* self) {
  const array& x = array_of(self);
  if (x.ndim() > 0) return x.shape(0);
  PyErr_SetString(PyExc_TypeError, "len() 0-dimensional array.");
  return -1;
}

PyObject* item_at(PyObject* self, Py_ssize_t i) {
  return guarded([&]() -> PyObject* {
    const array& x = array_of(self);
    if (x.ndim() && (i < 0 || i >= x.shape(0)))
      fail<std::out_of_range>("getitem", "index ", i, " is out of range.");
    return array_getitem(x, owned(PyLong_FromSsize_t(i)).ptr());
  });
}

PyObject* get_item(PyObject* self, PyObject* index) {
  return guarded([&] { return array_getitem(array_of(self), index); });
}

int set_item(PyObject* self, PyObject* index, PyObject* value) {
  return guarded(
      [&] {
        if (!value) throw type_error("items of an array cannot be deleted.");
        array_of(self) = array_setitem(array_of(self), index, value);
        return 0;
      },
      -1);
}

int is_true(PyObject* self) {
  return guarded([&] { return PyObject_IsTrue(to_scalar(array_of(self)).ptr()); }, -1);
}

PyObject* as_int(PyObject* self) {
  return guarded([&] { return PyNumber_Long(to_scalar(array_of(self)).ptr()); });
}
PyObject* as_index(PyObject* self) {
  return guarded([&]() -> PyObject* {
    const array& x = array_of(self);
    if (x.ndim() || !x.dtype().is_integer())
      throw type_error("Only 0-dimensional integer arrays can be converted to an index.");
    return to_scalar(x).release().ptr();
  });
}
PyObject* as_float(PyObject* self) {
  return guarded([&] { return PyNumber_Float(to_scalar(array_of(self)).ptr()); });
}

// Attributes.
PyObject* get_size(PyObject* self, void*) {
  return PyLong_FromLongLong(array_of(self).size());
}
PyObject* get_ndim(PyObject* self, void*) {
  return PyLong_FromLong(array_of(self).ndim());
}
PyObject* get_itemsize(PyObject* self, void*) {
  return PyLong_FromLong(array_of(self).itemsize());
}
PyObject* get_nbytes(PyObject* self, void*) {
  return PyLong_FromLongLong(array_of(self).nbytes());
}
PyObject* get_shape(PyObject* self, void*) {
  return guarded([&] { return to_python(array_of(self).shape()); });
}
PyObject* get_dtype(PyObject* self, void*) {
  return Py_NewRef(dtype_object_of(array_of(self).dtype()));
}
PyObject* get_device(PyObject* self, void*) {
  return guarded([&] { return device_object(array_of(self).device()).release().ptr(); });
}
PyObject* get_at(PyObject* self, void*) {
  return guarded([&] { return array_at(array_of(self)); });
}

template <auto function>
PyObject* get_part(PyObject* self, void*) {
  return guarded([&] { return wrap(function(array_of(self), {})); });
}
PyObject* get_transposed(PyObject* self, void*) {
  return guarded([&] { return wrap(transpose(array_of(self))); });
}

PyGetSetDef attributes[] = {
    {"T", get_transposed, nullptr, "The array with its axes reversed.", nullptr},
    {"mT", get_part<matrix_transpose>, nullptr, "The array with its last two axes exchanged.",
     nullptr},
    {"device", get_device, nullptr, "The device whose memory holds the array, or will.", nullptr},
    {"real", get_part<real>, nullptr, "The real part.", nullptr},
    {"imag", get_part<imag>, nullptr, "The imaginary part.", nullptr},
    {"size", get_size, nullptr, "Number of elements.", nullptr},
    {"ndim", get_ndim, nullptr, "Number of axes.", nullptr},
    {"itemsize", get_itemsize, nullptr, "Bytes an element.", nullptr},
    {"nbytes", get_nbytes, nullptr, "Bytes of all elements.", nullptr},
    {"shape", get_shape, nullptr, "The shape, a tuple of ints.", nullptr},
    {"dtype", get_dtype, nullptr, "The element type.", nullptr},
    {"at", get_at, nullptr, "Updates that apply every duplicate: a.at[i].add(v).", nullptr},
    {}};
PyMemberDef members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(PyArray, weakrefs), READONLY, nullptr}, {}};

/// Walks the first axis.
struct ArrayIterator {
  array value;
  int next = 0;
};

PyObject* iterate(PyObject* self) {
  return guarded([&] {
    if (array_of(self).ndim() == 0)
      throw py::type_error("[iter] a 0-dimensional array cannot be iterated over.");
    return py::cast(ArrayIterator{array_of(self)}).release().ptr();
  });
}

constexpr const char* doc =
    "array(val, dtype=None)\n\nAn N-dimensional array whose operations run when a result is "
    "needed.\n\n"
    "`val` may be a number, nested lists of numbers or arrays, an array, or anything with a "
    "buffer, __dlpack__ or "
    "__mlx_array__; its memory is copied. ValueError for ragged lists and objects that hold no "
    "numbers.";

}  // namespace

void bind_array(py::module_& m) {
  constructor = new Signature("array", "val, dtype=None");
  const auto slot = [](int id, auto* function) {
    return PyType_Slot{id, reinterpret_cast<void*>(function)};
  };
  std::vector<PyType_Slot> slots = operator_slots();
  slots.insert(slots.end(), {slot(Py_tp_new, make),
                             slot(Py_tp_init, initialize),
                             slot(Py_tp_dealloc, dealloc),
                             slot(Py_tp_repr, repr),
                             slot(Py_tp_hash, hash),
                             slot(Py_tp_iter, iterate),
                             slot(Py_mp_length, length),
                             slot(Py_mp_subscript, get_item),
                             slot(Py_mp_ass_subscript, set_item),
                             slot(Py_sq_length, length),
                             slot(Py_sq_item, item_at),
                             slot(Py_nb_bool, is_true),
                             slot(Py_nb_int, as_int),
                             slot(Py_nb_index, as_index),
                             slot(Py_nb_float, as_float),
                             slot(Py_bf_getbuffer, get_buffer),
                             slot(Py_bf_releasebuffer, release_buffer),
                             {Py_tp_getset, attributes},
                             {Py_tp_members, members},
                             {Py_tp_doc, const_cast<char*>(doc)},
                             {0, nullptr}});
  PyType_Spec spec{"mlx.core.array", sizeof(PyArray), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
                   slots.data()};
  const py::object type = owned(PyType_FromSpec(&spec));
  array_type = reinterpret_cast<PyTypeObject*>(type.inc_ref().ptr());
  array_type->tp_vectorcall = construct_fast;
  m.attr("array") = type;
  finish_operators();
  py::class_<ArrayIterator>(m, "ArrayIterator",
                            "The slices of an array along its first axis, in turn.")
      .def("__next__",
           [](ArrayIterator& it) {
             if (it.next >= it.value.shape(0)) throw py::stop_iteration();
             return owned(array_getitem(it.value, py::int_(it.next++).ptr()));
           })
      .def("__iter__", [](py::object self) { return self; });
  bind_array_methods(m);
}

}  // namespace mlx
