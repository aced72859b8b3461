// Gated delta rule: linear attention whose state forgets and corrects itself.
#pragma once

#include "ops/types.h"

namespace mlx::fast {

/// For each token, S = gamma S + beta (v - gamma S k) kᵀ and y = S q: Yang, Kautz and Hatamizadeh,
/// "Gated Delta Networks", arXiv:2412.06464. q, k (B, T, Hk, Dk), v (B, T, Hv, Dv), gamma and beta
/// (B, T, Hv), S (B, Hv, Dv, Dk), zeros at first unless given; head h of v uses head h / (Hv / Hk)
/// of q and k. Where `mask` (B, T) is false, S stays and y is 0. Returns y (B, T, Hv, Dv), in the
/// common dtype of q and k, and the last S, in float32 or float64.
Arrays gated_delta_update(const array& q, const array& k, const array& v, const array& gamma,
                          const array& beta, const std::optional<array>& initial_state = {},
                          const std::optional<array>& mask = {}, StreamOrDevice s = {});

/// Gradients of q, k, v (with as many heads each), gamma, beta and the state in the chunked WY
/// form; `dy` and `dstate` are the cotangents of the results.
Arrays gated_delta_gradients(const Arrays& primals, const array& dy, const array& dstate);

}  // namespace mlx::fast
