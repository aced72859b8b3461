// Automatic batching.
#pragma once

#include "transforms/autodiff.h"

namespace mlx {

/// A function recorded on single examples: stand-ins for its inputs (those not batched stand for
/// themselves) and what it made of them.
struct Traced {
  Arrays inputs, outputs;
};
/// The first half of vmap.
Traced trace_for_vmap(const Function& f, const Arrays& inputs, const std::vector<int>& in_axes);
/// The second half: the recorded outputs for the batched inputs, with the batch along `out_axes`.
Arrays replay_batched(const Arrays& inputs, const Traced& traced, const std::vector<int>& in_axes,
                      const std::vector<int>& out_axes);

/// Applies `f`, written for single examples, to inputs batched along `in_axes` (-1: not batched).
/// `out_axes(n)` gives the batch axes wanted of the n outputs (-1: the output must not be batched).
/// Throws std::invalid_argument for sizes that differ, and for primitives without a batching rule.
Arrays vmap(const Function& f, const Arrays& inputs, const std::vector<int>& in_axes,
            const std::function<std::vector<int>(const Arrays&)>& out_axes);

}  // namespace mlx
