// Fused operations and custom kernels of the public interface.
#include "mlx/fast.h"

#include "api/convert.h"
#include "base/error.h"
#include "ops/attention.h"
#include "ops/cross_entropy.h"
#include "ops/custom_kernel.h"
#include "ops/gated_delta.h"
#include "ops/norm.h"
#include "ops/rope.h"

namespace mlx::core::fast {

using std::optional;

array rms_norm(const array& x, const optional<array>& weight, float eps, StreamOrDevice s) {
  return out(mlx::fast::rms_norm(in(x), in(weight), eps, in(s)));
}
array layer_norm(const array& x, const optional<array>& weight, const optional<array>& bias,
                 float eps, StreamOrDevice s) {
  return out(mlx::fast::layer_norm(in(x), in(weight), in(bias), eps, in(s)));
}
array cross_entropy(const array& logits, const array& targets, StreamOrDevice s) {
  return out(mlx::fast::cross_entropy(in(logits), in(targets), in(s)));
}
array rope(const array& x, int dims, bool traditional, optional<float> base, float scale,
           int offset, const optional<array>& freqs, StreamOrDevice s) {
  return out(mlx::fast::rope(in(x), dims, traditional, base, scale, offset, in(freqs), in(s)));
}
array rope(const array& x, int dims, bool traditional, optional<float> base, float scale,
           const array& offset, const optional<array>& freqs, StreamOrDevice s) {
  return out(mlx::fast::rope(in(x), dims, traditional, base, scale, in(offset), in(freqs), in(s)));
}
array scaled_dot_product_attention(const array& queries, const array& keys, const array& values,
                                   float scale, const std::string& mask_mode,
                                   optional<array> mask_arr, const optional<array>& sinks,
                                   bool force_fused, StreamOrDevice s) {
  mlx::fast::AttentionMask mask;
  if (mask_arr && !mask_mode.empty() && mask_mode != "array")
    fail("scaled_dot_product_attention", "mask_mode '", mask_mode,
         "' does not go with a mask array.");
  if (mask_arr)
    mask = in(*mask_arr);
  else if (mask_mode == "array")
    fail("scaled_dot_product_attention", "mask_mode 'array' needs a mask array.");
  else if (!mask_mode.empty())
    mask = mask_mode;
  return out(mlx::fast::scaled_dot_product_attention(in(queries), in(keys), in(values), scale, mask,
                                                     in(sinks), force_fused, in(s)));
}
std::vector<array> gated_delta_update(const array& queries, const array& keys, const array& values,
                                      const array& gates, const array& beta_,
                                      const optional<array>& initial_state,
                                      const optional<array>& mask, StreamOrDevice s) {
  return out(mlx::fast::gated_delta_update(in(queries), in(keys), in(values), in(gates), in(beta_),
                                           in(initial_state), in(mask), in(s)));
}

namespace {

using mlx::fast::CustomSource;
using mlx::fast::TemplateValue;

TemplateValue template_value(const std::string& name, const TemplateArg& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return {name, TemplateValue::flag, *flag};
  if (const auto* number = std::get_if<int>(&value)) return {name, TemplateValue::integer, *number};
  return {name, TemplateValue::dtype, int64_t(std::get<Dtype>(value).val())};
}

CustomKernelFunction kernel(CustomSource source) {
  return
      [source = std::move(source)](
          const std::vector<array>& inputs, const std::vector<Shape>& shapes,
          const std::vector<Dtype>& dtypes, std::tuple<int, int, int> grid,
          std::tuple<int, int, int> group, std::vector<std::pair<std::string, TemplateArg>> values,
          optional<float> initial, bool verbose, StreamOrDevice s) {
        mlx::fast::KernelRun run;
        run.shapes = shapes;
        for (const Dtype dtype : dtypes) run.dtypes.push_back(in(dtype));
        const auto [gx, gy, gz] = grid;
        const auto [tx, ty, tz] = group;
        run.grid = {gx, gy, gz};
        run.group = {tx, ty, tz};
        for (const auto& [name, value] : values) run.values.push_back(template_value(name, value));
        if (initial) run.initial = *initial;
        run.verbose = verbose;
        return out(mlx::fast::run_kernel(source, in(inputs), run, in(s)));
      };
}

[[noreturn]] void no_cuda(const char* op) {
  fail<std::runtime_error>(op, "No CUDA back-end.");
}

}  // namespace

CustomKernelFunction opencl_kernel(const std::string& name,
                                   const std::vector<std::string>& input_names,
                                   const std::vector<std::string>& output_names,
                                   const std::string& source, const std::string& header,
                                   bool ensure_row_contiguous) {
  return kernel({CustomSource::opencl, name, input_names, output_names, source, header,
                 ensure_row_contiguous});
}
CustomKernelFunction metal_kernel(const std::string& name,
                                  const std::vector<std::string>& input_names,
                                  const std::vector<std::string>& output_names,
                                  const std::string& source, const std::string& header,
                                  bool ensure_row_contiguous, bool, const CompileOptions&) {
  return kernel({CustomSource::metal, name, input_names, output_names, source, header,
                 ensure_row_contiguous});
}
CustomKernelFunction cuda_kernel(const std::string&, const std::vector<std::string>&,
                                 const std::vector<std::string>&, const std::string&,
                                 const std::string&, bool, int) {
  no_cuda("cuda_kernel");
}
std::vector<array> precompiled_cuda_kernel(const std::string&, const std::string&,
                                           const std::vector<array>&, const std::vector<Shape>&,
                                           const std::vector<Dtype>&, const std::vector<ScalarArg>&,
                                           std::tuple<int, int, int>, std::tuple<int, int, int>,
                                           int, optional<float>, bool, StreamOrDevice) {
  no_cuda("precompiled_cuda_kernel");
}

}  // namespace mlx::core::fast
