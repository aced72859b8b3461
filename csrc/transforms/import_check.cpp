// What a step of a recording may say: the table, class by class.
//
// A row has the dtypes that a class takes and gives, as in "a, a, int? -> a, uint32": a letter
// stands for one dtype wherever it occurs, `any`, `int` and `float` for each of a kind; `?` marks
// an input that may be absent, `*` the last one, of which there may be any number. Then comes the
// rule for parameters and shapes.
#include "transforms/import_check.h"

#include <algorithm>
#include <unordered_map>

#include "base/error.h"
#include "graph/deferred.h"
#include "graph/registry.h"
#include "ops/factorization.h"
#include "transforms/deferred.h"
#include "transforms/import_rules.h"

namespace mlx {
namespace {

using namespace imported;

std::vector<std::string> words_of(const std::string& list) {
  std::vector<std::string> words;
  for (size_t at = 0; at < list.size();) {
    const size_t first = list.find_first_not_of(" ,", at);
    if (first == list.npos) break;
    at = std::min(list.find_first_of(" ,", first), list.size());
    words.push_back(list.substr(first, at - first));
  }
  return words;
}

/// Matches dtypes against words; `letters` remembers what each letter stands for.
bool matches(const std::vector<std::string>& words, const std::vector<Dtype>& dtypes,
             std::map<char, Dtype>& letters) {
  const auto fits = [&](const std::string& word, Dtype dtype) {
    if (word == "any") return true;
    if (word == "int") return dtype.is_integer();
    if (word == "float") return dtype.is_floating();
    if (word.size() == 1) return letters.emplace(word[0], dtype).first->second == dtype;
    return word == dtype.name();
  };
  size_t next = 0;
  for (std::string word : words) {
    const char mark = word.back();
    if (mark == '?' || mark == '*') word.pop_back();
    if (mark == '*') {
      for (; next < dtypes.size(); ++next)
        if (!fits(word, dtypes[next])) return false;
    } else if (next < dtypes.size()) {
      if (!fits(word, dtypes[next++])) return false;
    } else if (mark != '?') {
      return false;
    }
  }
  return next == dtypes.size();
}

void check_signature(const Step& step, const std::string& signature) {
  const size_t arrow = signature.find("->");
  std::map<char, Dtype> letters;
  std::vector<Dtype> inputs;
  for (const array& x : step.in) inputs.push_back(x.dtype());
  require(matches(words_of(signature.substr(0, arrow)), inputs, letters), step,
          "inputs of other dtypes or numbers than it takes");
  require(matches(words_of(signature.substr(arrow + 2)), step.dtypes, letters), step,
          "outputs of other dtypes or numbers than it gives");
}

void check_deferred(const Step& step) {
  check_waiting_rule(step.primitive, step.in, step.shapes, step.dtypes);
  gives(step, as_deferred(step.primitive)->apply(step.in));
}

struct Row {
  const char* signature;
  Rule* check;
};

const std::unordered_map<std::string, Row>& rules() {
  static const std::unordered_map<std::string, Row> table{
      {"AddMM", {"a, a, a -> a", check_addmm}},
      {"Arange", {"-> any", check_arange}},
      {"ArgReduce", {"any -> uint32", along_axis}},
      {"AsStrided", {"a -> a", check_as_strided}},
      {"AsType", {"any -> any", check_as_type}},
      {"Attention", {"a, a, a, any?, any? -> a", check_attention}},
      {"Broadcast", {"a -> a", check_broadcast}},
      {"Concatenate", {"a* -> a", check_concatenate}},
      {"Contiguous", {"a -> a", follow}},
      {"Correlation", {"a, a -> a", check_correlation}},
      {"CrossEntropy", {"float, int64 -> float32", check_cross_entropy}},
      {"CrossEntropyGradient", {"a, int64, float32 -> a", check_cross_entropy}},
      {"Depends", {"any* -> any*", check_depends}},
      {"Dequantize", {"uint32, any, any? -> any", check_dequantize}},
      {"DynamicSlice", {"a, int -> a", check_dynamic_slice}},
      {"DynamicSliceUpdate", {"a, a, int -> a", check_dynamic_update}},
      {"Elementwise", {"any, any? -> any", check_elementwise}},
      {"ExpandDims", {"a -> a", check_expand_dims}},
      {"Factorization",
       {"any, any? -> any*",
        [](const Step& s) { linalg::check_factorization(s.primitive, s.in, s.shapes, s.dtypes); }}},
      {"Flatten", {"a -> a", check_flatten}},
      {"Fourier", {"any -> any", check_fourier}},
      {"Fp8", {"any -> any", check_fp8}},
      {"Full", {"any -> any", check_full}},
      {"GatedDelta",
       {"float, float, float, float, float, float -> float, float", check_gated_delta}},
      {"Gather", {"a, int, int* -> a", check_gather}},
      {"GatherAxis", {"a, int -> a", check_gather_axis}},
      {"GatherMM", {"a, a, uint32, uint32 -> a", check_gather_mm}},
      {"GatherQMM", {"a, uint32, any* -> a", check_quantized_matmul}},
      {"GRU", {"float32, float32, float32, float32 -> float32", follow}},
      {"Identity", {"a -> a", follow}},
      {"LogSumExp", {"a -> a", along_last}},
      {"LSTM", {"float32, float32, float32, float32 -> float32, float32", follow}},
      {"LSTMGradient",
       {"float32* -> float32, float32, float32",
        [](const Step& s) {
          require(s.in.size() == 9, s, "more or fewer inputs than it takes");
          follow(s);
        }}},
      {"MaskedCopy", {"a, bool, a -> a", check_masked_copy}},
      {"Matmul", {"a, a -> a", check_matmul}},
      {"Norm", {"a, a? , a? -> a", check_norm}},
      {"NormGradient", {"a, a, a? -> a, a?, a?", check_norm_gradient}},
      {"Pad", {"a, a -> a", check_pad}},
      {"Quantize", {"float, float32? -> uint32, any*", check_quantize}},
      {"QuantizedMatmul", {"a, uint32, any* -> a", check_quantized_matmul}},
      {"RandomBits", {"uint32 -> uint32", check_random}},
      {"Recurrence", {"a, a -> a", check_recurrence}},
      {"RecurrentStepsBack",
       {"float32, float32, float32, float32 -> float32, float32, float32", follow}},
      {"Reduce", {"any -> any", along_axes}},
      {"Reshape", {"a -> a", follow}},
      {"RNN", {"float32, float32, float32 -> float32", follow}},
      {"RoPE", {"a, int, any? -> a", check_rope}},
      {"Scan", {"a -> a", along_axis}},
      {"Scatter", {"a, a, int, int* -> a", check_scatter}},
      {"ScatterAxis", {"a, a, int -> a", check_scatter_axis}},
      {"SearchSorted", {"a, a -> uint32", check_search}},
      {"SegmentedMM", {"a, a, uint32 -> a", check_segmented}},
      {"Slice", {"a -> a", check_slice}},
      {"SliceUpdate", {"a, a -> a", check_slice_update}},
      {"Softmax", {"a -> a", along_last}},
      {"SoftmaxGradient", {"a, a -> a", along_last}},
      {"Sort", {"any -> any", check_sort}},
      {"Squeeze", {"a -> a", along_axes}},
      {"StopGradient", {"a -> a", follow}},
      {"StraightThrough", {"a, a -> a", of_one_shape}},
      {"TopK", {"a -> a", follow}},
      {"Transpose", {"a -> a", check_transpose}},
      {"Unflatten", {"a -> a", along_axis}},
      {"UnitLowerInverse", {"a -> a", check_square}},
      {"View", {"any -> any", check_view}},
      {"Where", {"any, any, any -> any", check_where}},
      {"BroadcastTogether", {"a, any* -> a", check_deferred}},
      {"Convolve", {"any, any -> any", check_deferred}},
      {"DeferredJvp", {"any* -> any*", check_deferred}},
      {"DeferredVjp", {"any* -> any*", check_deferred}},
      {"DeferredVmap", {"any* -> any*", check_deferred}},
      {"Diag", {"any -> any", check_deferred}},
      {"Diagonal", {"any -> any", check_deferred}},
      {"FullLike", {"any, any -> any", check_deferred}},
      {"Hadamard", {"a -> a", follow}},
      {"IndicesTogether", {"int, int* -> int*", check_deferred}},
      {"Kron", {"any, any -> any", check_deferred}},
      {"LogSumExpOver", {"any -> any", check_deferred}},
      {"LowerTriangle", {"any -> bool", check_deferred}},
      {"PolynomialProduct", {"any, any -> any", check_deferred}},
      {"PutAlongAxis", {"any, any, any -> any", check_deferred}},
      {"PutFlat", {"any, any, any -> any", check_deferred}},
      {"Repeat", {"any -> any", check_deferred}},
      {"Scattered", {"any, any, int, int* -> any", check_deferred}},
      {"SoftmaxOver", {"any -> any", check_deferred}},
      {"Spread", {"any, any -> any", check_deferred}},
      {"SpreadOver", {"any, any -> any", check_deferred}},
      {"TakeAlongAxis", {"any, any -> any", check_deferred}},
      {"Tensordot", {"any, any -> any", check_deferred}},
      {"Tile", {"any -> any", check_deferred}},
      {"UpdatedAt", {"any, any, any -> any", check_deferred}},
      {"UpdatedPart", {"any, any -> any", check_deferred}},
      {"Variance", {"any -> any", check_deferred}},
  };
  return table;
}

}  // namespace

void check_step(Primitive& primitive, const Arrays& inputs, const std::vector<Shape>& shapes,
                const std::vector<Dtype>& dtypes) {
  // Whatever a check makes to compare with stays a recording.
  const Tracing tracing(Tracing::record);
  const AnyShape known(false);
  const Step step{primitive, inputs, shapes, dtypes, FieldValues(primitive)};
  const auto rule = rules().find(class_name_of(primitive));
  if (rule == rules().end()) return;  // kernels that scripts write do what they do
  const Row& row = rule->second;
  check_signature(step, row.signature);
  row.check(step);
}

}  // namespace mlx
