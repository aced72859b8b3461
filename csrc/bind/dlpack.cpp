// Tensors in and out through DLPack capsules, without copies where memory is the host's.
#include "bind/dlpack.h"

#include <memory>
#include <vector>

#include "base/error.h"
#include "bind/convert.h"
#include "bind/host_data.h"
#include "bind/host_view.h"

namespace mlx {
namespace {

constexpr const char* plain_name = "dltensor";
constexpr const char* versioned_name = "dltensor_versioned";

dlpack::Type type_of(Dtype dtype) {
  const auto code = [&]() -> dlpack::TypeCode {
    if (dtype == bfloat16) return dlpack::bfloat;
    switch (dtype.kind()) {
      case Kind::boolean:
        return dlpack::boolean;
      case Kind::unsigned_integer:
        return dlpack::unsigned_integer;
      case Kind::signed_integer:
        return dlpack::integer;
      case Kind::floating:
        return dlpack::floating;
      default:
        return dlpack::complex;
    }
  }();
  return {code, uint8_t(8 * dtype.size()), 1};
}

HostData describe(const dlpack::Tensor& tensor) {
  switch (tensor.device.kind) {
    case dlpack::cpu:
    case dlpack::cuda_host:
    case dlpack::cuda_managed:
      break;
    default:
      fail("from_dlpack", "the tensor is not in host memory (DLPack device ", tensor.device.kind,
           ").");
  }
  HostData source;
  source.data = static_cast<const char*>(tensor.data) + tensor.byte_offset;
  source.wide = tensor.type.code == dlpack::complex && tensor.type.bits == 128;
  bool known = source.wide;
  if (known) source.dtype = complex64;
  for (int id = 0; !known && id < Dtype::count; ++id) {
    const dlpack::Type type = type_of(Dtype::Id(id));
    known =
        type.code == tensor.type.code && type.bits == tensor.type.bits && tensor.type.lanes == 1;
    if (known) source.dtype = Dtype::Id(id);
  }
  if (!known)
    fail<std::runtime_error>("from_dlpack", "there is no dtype for the tensor's elements.");
  for (int i = 0; i < tensor.ndim; ++i)
    source.shape.push_back(dimension(tensor.shape[i], "from_dlpack"));
  source.strides = row_major(source.shape);
  const int itemsize = source.wide ? 16 : source.dtype.size();
  for (int i = 0; i < tensor.ndim; ++i) {
    if (tensor.strides) source.strides[i] = tensor.strides[i];
    source.strides[i] *= itemsize;
  }
  return source;
}

template <typename M>
array import_managed(PyObject* capsule, const char* name, const char* used,
                     std::optional<Dtype> dtype) {
  M* const managed = static_cast<M*>(PyCapsule_GetPointer(capsule, name));
  if (!managed) throw py::error_already_set();
  const HostData source = describe(managed->tensor);
  const array result = copy_host_data(source, dtype);
  PyCapsule_SetName(capsule, used);
  if (managed->release) managed->release(managed);
  return result;
}

/// What an exported capsule keeps alive.
template <typename M>
struct Export {
  M managed{};
  array value;
  std::vector<int64_t> shape, strides;
};

template <typename M>
py::object export_managed(const array& value, const char* name) {
  auto owner = std::make_unique<Export<M>>(Export<M>{{}, value, {}, {}});
  const array& kept = owner->value;
  void* const data = share_with_host(kept);
  for (int i = 0; i < kept.ndim(); ++i) {
    owner->shape.push_back(kept.shape(i));
    owner->strides.push_back(kept.strides()[i]);
  }
  owner->managed.tensor = {data,
                           {dlpack::cpu, 0},
                           kept.ndim(),
                           type_of(kept.dtype()),
                           owner->shape.data(),
                           owner->strides.data(),
                           0};
  owner->managed.owner = owner.get();
  owner->managed.release = [](M* m) { delete static_cast<Export<M>*>(m->owner); };
  if constexpr (std::is_same_v<M, dlpack::ManagedVersioned>) owner->managed.version = {1, 0};
  const py::object capsule = owned(PyCapsule_New(&owner->managed, name, [](PyObject* c) {
    // A consumer renames the capsule and releases the tensor itself.
    const char* const own = std::is_same_v<M, dlpack::Managed> ? plain_name : versioned_name;
    if (!PyCapsule_IsValid(c, own)) return;
    M* const m = static_cast<M*>(PyCapsule_GetPointer(c, own));
    m->release(m);
  }));
  owner.release();
  return capsule;
}

}  // namespace

std::optional<array> array_from_dlpack(PyObject* object, std::optional<Dtype> dtype) {
  py::object capsule = py::reinterpret_borrow<py::object>(object);
  if (!PyCapsule_CheckExact(object)) {
    if (!PyObject_HasAttrString(object, "__dlpack__") || PyType_Check(object)) return {};
    const py::object method = capsule.attr("__dlpack__");
    try {
      capsule = method(py::arg("max_version") = py::make_tuple(1, 0));
    } catch (const py::error_already_set& e) {
      if (!e.matches(PyExc_TypeError)) throw;  // a producer from before version 1
      capsule = method();
    }
  }
  if (PyCapsule_IsValid(capsule.ptr(), versioned_name))
    return import_managed<dlpack::ManagedVersioned>(capsule.ptr(), versioned_name,
                                                    "used_dltensor_versioned", dtype);
  return import_managed<dlpack::Managed>(capsule.ptr(), plain_name, "used_dltensor", dtype);
}

py::object to_dlpack(const array& value, const py::object& max_version, const py::object& device) {
  if (!device.is_none()) {
    const auto [kind, id] = device.cast<std::pair<int, int>>();
    if (kind != dlpack::cpu || id != 0)
      throw py::buffer_error(
          "[__dlpack__] the array can only be exported to host memory, device (1, 0).");
  }
  const bool versioned =
      !max_version.is_none() && py::cast<py::tuple>(max_version)[0].cast<int>() >= 1;
  return versioned ? export_managed<dlpack::ManagedVersioned>(value, versioned_name)
                   : export_managed<dlpack::Managed>(value, plain_name);
}

}  // namespace mlx
