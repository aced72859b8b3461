// Compiled functions by number, for bindings that keep functions of another language.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "mlx/array.h"

namespace mlx::core::detail {

using ArraysFn = std::function<std::vector<array>(const std::vector<array>&)>;

/// `fun` compiled; recordings are kept under `fun_id`, apart for other `constants`.
ArraysFn compile(ArraysFn fun, std::uintptr_t fun_id, bool shapeless = false,
                 std::vector<uint64_t> constants = {});
/// Forgets what was recorded under a number.
void compile_erase(std::uintptr_t fun_id);
void compile_clear_cache();

/// The first half of vmap: stand-ins for the inputs, and what `fun` makes of them.
std::pair<std::vector<array>, std::vector<array>> vmap_trace(const ArraysFn& fun,
                                                             const std::vector<array>& inputs,
                                                             const std::vector<int>& in_axes);
/// The second half: the outputs for the inputs batched along `in_axes`.
std::vector<array> vmap_replace(const std::vector<array>& inputs,
                                const std::vector<array>& s_inputs,
                                const std::vector<array>& s_outputs,
                                const std::vector<int>& in_axes, const std::vector<int>& out_axes);

}  // namespace mlx::core::detail
