// Which keys stand for the values of a dtype.
#include "ops/sort_keys.h"

namespace mlx {

Dtype key_of(Dtype dtype) {
  switch (dtype.size()) {
    case 1:
      return uint8;
    case 2:
      return uint16;
    case 4:
      return uint32;
    default:
      return uint64;
  }
}

Defines sort_key_defines(Dtype dtype) {
  Defines result{{"T", dtype}, {"K", key_of(dtype)}};
  result.emplace_back("KIND", dtype.is_complex()                     ? 3
                              : dtype.is_floating()                  ? 2
                              : dtype.kind() == Kind::signed_integer ? 1
                                                                     : 0);
  if (dtype.is_floating()) result.emplace_back("INFINITE", std::to_string(dtype.infinity_bits()));
  return result;
}

}  // namespace mlx
