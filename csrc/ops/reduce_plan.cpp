// Collapsing the axes of a reduction and cutting it into parts.
#include "ops/reduce_plan.h"

#include <algorithm>

#include "ops/sort_keys.h"

namespace mlx {
namespace {

constexpr int64_t tile = 1024, narrow = 4;

int64_t ceil_div(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

/// Work-items and parts for a CPU device: a few shares per core, each worth waking a core for.
void cut_for_cpu(ReducePlan& plan, Queue& queue) {
  const int64_t amount = plan.results * plan.total;
  const int64_t items = int64_t(work_items(queue, Work::reduce, amount));
  const int64_t units =
      plan.by_columns ? plan.results / plan.columns * ceil_div(plan.columns, tile) : plan.results;
  if (items > 1 && units < 4 * items) {
    const int64_t unit = amount / std::max<int64_t>(units, 1);
    plan.parts = std::clamp<int64_t>(unit / work_size(queue.device(), Work::reduce_parts).grain, 1,
                                     ceil_div(units < items ? items : 4 * items, units));
    plan.parts = std::clamp<int64_t>(plan.parts, 1, std::max<int64_t>(plan.total, 1));
  }
  plan.work_items = size_t(items);
}

void cut_for_gpu(ReducePlan& plan, Queue& queue) {
  if (!plan.by_columns && plan.total > 32) {
    const WorkSize& size = work_size(queue.device(), Work::reduce_rows);
    const int64_t groups = most_items(queue, Work::reduce_rows);
    plan.group = int(plan.total >= 512 ? size.group : std::min<int64_t>(size.group, 32));
    plan.parts = std::clamp<int64_t>(plan.total / (size.grain * plan.group), 1,
                                     ceil_div(groups / 8, plan.results));
    plan.work_items = size_t(std::min(plan.results * plan.parts, groups));
    return;
  }
  // A work-item per result; a thousand parts at most, so that adding them up stays quick.
  if (plan.total >= 512)
    plan.parts = std::clamp<int64_t>(
        plan.total / work_size(queue.device(), Work::reduce_parts).grain, 1,
        std::clamp<int64_t>(ceil_div(most_items(queue, Work::reduce_parts), plan.results), 1,
                            1024));
  plan.work_items = work_items(queue, Work::reduce, plan.results * plan.parts);
}

}  // namespace

bool fill_dims(Dims& dims, const Shape& shape, const Strides& strides, int rank) {
  if (rank > Dims::max_rank) return false;
  for (int i = 0; i < rank; ++i) dims.shape[i] = shape[i], dims.stride[i] = strides[i];
  return true;
}

ReducePlan plan_reduce(const array& x, const Axes& axes, bool ordered, Queue& queue) {
  ReducePlan plan;
  Shape kept_shape, reduced_shape;
  Strides kept_strides, reduced_strides;
  Axes order = axes;
  const Strides& strides = x.strides();
  if (!ordered)  // the widest stride outermost, whatever the order of axes
    std::stable_sort(order.begin(), order.end(),
                     [&](int a, int b) { return std::abs(strides[a]) > std::abs(strides[b]); });
  for (const int axis : order)
    reduced_shape.push_back(x.shape(axis)), reduced_strides.push_back(strides[axis]);
  for (int axis = 0; axis < x.ndim(); ++axis)
    if (!std::binary_search(axes.begin(), axes.end(), axis))
      kept_shape.push_back(x.shape(axis)), kept_strides.push_back(strides[axis]);
  plan.results = size_of(kept_shape);
  plan.total = size_of(reduced_shape);
  if (plan.results == 0) return plan;
  const Collapsed kept = collapse_dims(kept_shape, {&kept_strides});
  const Collapsed reduced = collapse_dims(reduced_shape, {&reduced_strides});
  plan.inner = std::max<int64_t>(reduced.shape.back(), 1);
  plan.stride = reduced.strides[0].back();
  plan.reduced_rank = int(reduced.shape.size()) - 1;
  plan.by_columns = kept.strides[0].back() == 1 && kept.shape.back() >= narrow;
  plan.columns = plan.by_columns ? kept.shape.back() : 1;
  plan.kept_rank = int(kept.shape.size()) - plan.by_columns;
  plan.fits = fill_dims(plan.kept, kept.shape, kept.strides[0], plan.kept_rank) &&
              fill_dims(plan.reduced, reduced.shape, reduced.strides[0], plan.reduced_rank);
  if (!plan.fits) return plan;
  const bool is_cpu = queue.device().facts().is_cpu;
  is_cpu ? cut_for_cpu(plan, queue) : cut_for_gpu(plan, queue);
  plan.by_rows = plan.group || (is_cpu && !plan.by_columns);
  return plan;
}

void set_walk(Launch& kernel, const ReducePlan& plan) {
  kernel.over(plan.work_items * size_t(std::max(plan.group, 1)));
  if (plan.group) kernel.in_groups_of(size_t(plan.group));
  for (const int64_t value : {plan.results, plan.parts, plan.total, plan.inner, plan.stride})
    kernel.set(value);
  kernel.set(plan.kept_rank);
  kernel.set(plan.reduced_rank);
  kernel.set_bytes(&plan.kept, sizeof plan.kept);
  kernel.set_bytes(&plan.reduced, sizeof plan.reduced);
}

Dtype without_sign(Dtype dtype) {
  return dtype.is_inexact() ? dtype : key_of(dtype);
}

}  // namespace mlx
