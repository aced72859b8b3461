// What MLX calls the primitives.
#include "graph/mlx_names.h"

#include <cctype>
#include <unordered_map>

#include "graph/deferred.h"
#include "graph/registry.h"

namespace mlx {
namespace {

/// logical_and → LogicalAnd.
std::string capitalized(const std::string& name) {
  std::string result;
  bool start = true;
  for (const char c : name) {
    if (c != '_') result += start ? char(std::toupper(c)) : c;
    start = c == '_';
  }
  return result;
}

using Names = std::unordered_map<std::string, ElementwiseName>;

const Names& names() {
#define MLX_NONE std::nullopt
#define ROW(ours, theirs, state) {#ours, {theirs, state}},
  static const Names rows{
#include "graph/mlx_names.def"
  };
#undef ROW
  return rows;
}

}  // namespace

ElementwiseName elementwise_name(const std::string& ours) {
  const auto found = names().find(ours);
  return found == names().end() ? ElementwiseName{capitalized(ours), {}} : found->second;
}

std::string mlx_name(const Primitive& primitive) {
  const std::string ours = primitive.name();
  if (!is_registered(primitive)) return ours;
  const std::string& kind = class_name_of(primitive);
  if (kind == "Elementwise") {
    const ElementwiseName row = elementwise_name(ours);
    return row.state ? capitalized(ours) : row.name;
  }
  if (kind == "Reduce") return ours == "all" ? "And" : ours == "any" ? "Or" : capitalized(ours);
  if (kind == "Scan")
    return ours == "logcumsumexp" ? "CumLogAddExp" : "Cum" + capitalized(ours.substr(3));
  if (kind == "Factorization" || kind == "Fp8") return ours;
  if (kind == "Norm") return capitalized(ours);
  static const std::unordered_map<std::string, const char*> others{
      {"Where", "Select"},
      {"Correlation", "Convolution"},
      {"Fourier", "FFT"},
      {"Attention", "ScaledDotProductAttention"},
      {"MaskedCopy", "MaskedScatter"}};
  const auto found = others.find(kind);
  return found == others.end() ? kind : found->second;
}

}  // namespace mlx
