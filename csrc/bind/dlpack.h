// The DLPack structures (dlpack.h of the standard, versions 0.8 and 1.0) by which libraries hand
// tensors around.
#pragma once

#include <cstdint>

namespace mlx::dlpack {

enum DeviceKind : int32_t {
  cpu = 1,
  cuda = 2,
  cuda_host = 3,
  opencl = 4,
  metal = 8,
  cuda_managed = 13
};
enum TypeCode : uint8_t {
  integer = 0,
  unsigned_integer = 1,
  floating = 2,
  bfloat = 4,
  complex = 5,
  boolean = 6
};

struct Device {
  int32_t kind, id;
};
struct Type {
  uint8_t code, bits;
  uint16_t lanes;
};
struct Tensor {
  void* data;
  Device device;
  int32_t ndim;
  Type type;
  int64_t* shape;
  int64_t* strides;  ///< in elements; null: row-major
  uint64_t byte_offset;
};
struct Managed {
  Tensor tensor;
  void* owner;
  void (*release)(Managed*);
};
struct Version {
  uint32_t major, minor;
};
constexpr uint64_t flag_read_only = 1;
struct ManagedVersioned {
  Version version;
  void* owner;
  void (*release)(ManagedVersioned*);
  uint64_t flags;
  Tensor tensor;
};

}  // namespace mlx::dlpack
