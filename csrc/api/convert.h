// Between the public types (mlx::core) and those inside (mlx): `in` goes down, `out` comes up.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "graph/array.h"
#include "mlx/array.h"

namespace mlx::core {

/// The one friend of `array` that reaches its node.
struct Access {
  static mlx::Node* node(const array& a) { return a.node_; }
  static array adopt(mlx::Node* node) { return array(array::Adopt{}, node); }
};

inline mlx::array in(const array& a) {
  return mlx::array(Ref<mlx::Node>(Access::node(a)));
}
inline array out(const mlx::array& a) {
  a.node().retain();
  return Access::adopt(&a.node());
}
inline mlx::Arrays in(const std::vector<array>& arrays) {
  mlx::Arrays result;
  result.reserve(arrays.size());
  for (const array& a : arrays) result.push_back(in(a));
  return result;
}
inline std::vector<array> out(const mlx::Arrays& arrays) {
  std::vector<array> result;
  result.reserve(arrays.size());
  for (const mlx::array& a : arrays) result.push_back(out(a));
  return result;
}
inline std::pair<array, array> out(const std::pair<mlx::array, mlx::array>& pair) {
  return {out(pair.first), out(pair.second)};
}
inline std::optional<mlx::array> in(const std::optional<array>& a) {
  return a ? std::optional(in(*a)) : std::nullopt;
}

inline mlx::Dtype in(Dtype dtype) {
  return mlx::Dtype::Id(int(dtype.val()));
}
inline Dtype out(mlx::Dtype dtype) {
  return Dtype(Dtype::Val(int(dtype.id())), uint8_t(dtype.size()));
}
inline std::optional<mlx::Dtype> in(const std::optional<Dtype>& dtype) {
  return dtype ? std::optional(in(*dtype)) : std::nullopt;
}

/// Throws std::invalid_argument for an index other than 0: there is one device of each type.
mlx::DeviceType in(const Device& device);
inline Device out(mlx::DeviceType type) {
  return Device(Device::DeviceType(int(type)));
}
inline mlx::Stream in(const Stream& stream) {
  return {stream.index, in(stream.device)};
}
inline Stream out(const mlx::Stream& stream) {
  return Stream(stream.index, out(stream.device));
}
mlx::StreamOrDevice in(const StreamOrDevice& where);

}  // namespace mlx::core
