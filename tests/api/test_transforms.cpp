// Transformations, functions in files, readers and writers, primitives of the caller's.
#include <cstdio>
#include <fstream>

#include "mlx/graph_utils.h"
#include "values.h"

namespace {

const mx::array v({1.0f, 2.0f, 3.0f});

mx::array sum_of_squares(const mx::array& x) {
  return mx::sum(x * x);
}

TEST(ApiTransforms, Gradients) {
  EXPECT_VALUES(mx::grad(sum_of_squares)(v), 2, 4, 6);
  const auto [value, gradient] = mx::value_and_grad(sum_of_squares)(v);
  EXPECT_VALUES(value, 14);
  EXPECT_VALUES(gradient, 2, 4, 6);
  const auto product = [](const std::vector<mx::array>& xs) { return mx::sum(xs[0] * xs[1]); };
  EXPECT_VALUES(mx::grad(product, 1)({v, v * 2})[0], 1, 2, 3);
  EXPECT_VALUES(mx::grad(mx::grad([](const mx::array& x) { return x * x * x; }))(mx::array(2.0f)),
                12);
  EXPECT_THROW(mx::grad(product, 2)({v, v}), std::invalid_argument);
}

TEST(ApiTransforms, Products) {
  EXPECT_VALUES(mx::vjp([](const mx::array& x) { return x * x; }, v, mx::ones({3})).second, 2, 4,
                6);
  EXPECT_VALUES(mx::jvp([](const mx::array& x) { return x * x; }, v, v).second, 2, 8, 18);
}

TEST(ApiTransforms, Batches) {
  const mx::array m({1.0f, 2.0f, 3.0f, 4.0f}, {2, 2});
  EXPECT_VALUES(mx::vmap(sum_of_squares)(m), 5, 25);
  EXPECT_VALUES(mx::vmap(sum_of_squares, 1)(m), 10, 20);
  EXPECT_VALUES(
      mx::vmap([](const mx::array& a, const mx::array& b) { return mx::sum(a * b); })(m, m), 5, 25);
}

TEST(ApiTransforms, CompiledFunctionsRunOnceAndReplay) {
  int runs = 0;
  const auto f = mx::compile([&](const std::vector<mx::array>& xs) {
    ++runs;
    return std::vector<mx::array>{mx::exp(xs[0]) + 1.0f};
  });
  EXPECT_VALUES(f({mx::zeros({2})})[0], 2, 2);
  EXPECT_VALUES(f({mx::zeros({2})})[0], 2, 2);
  EXPECT_EQ(runs, 1);
  EXPECT_VALUES(f({mx::zeros({3})})[0], 2, 2, 2);
  EXPECT_EQ(runs, 2);
}

TEST(ApiTransforms, CustomRules) {
  const auto f = mx::custom_vjp(
      [](const std::vector<mx::array>& xs) { return std::vector<mx::array>{xs[0] * 2.0f}; },
      [](const std::vector<mx::array>&, const std::vector<mx::array>& g,
         const std::vector<mx::array>&) { return std::vector<mx::array>{g[0] * 10.0f}; });
  EXPECT_VALUES(mx::grad([&](const mx::array& x) { return mx::sum(f({x})[0]); })(v), 10, 10, 10);
  const auto g = mx::checkpoint([](const std::vector<mx::array>& xs) {
    return std::vector<mx::array>{sum_of_squares(xs[0])};
  });
  EXPECT_VALUES(mx::grad([&](const mx::array& x) { return g({x})[0]; })(v), 2, 4, 6);
}

TEST(ApiTransforms, FunctionsInFiles) {
  mx::export_function("api_test.mlxfn",
                      mx::ArgsFn([](const mx::Args& args) { return mx::Args{args[0] * 2.0f}; }),
                      {v});
  EXPECT_VALUES(mx::import_function("api_test.mlxfn")(mx::Args{v})[0], 2, 4, 6);
  EXPECT_THROW(mx::import_function("api_test.mlxfn")(mx::Args{v, v}), std::invalid_argument);
  std::remove("api_test.mlxfn");
}

TEST(ApiTransforms, RecordingsForCallbacks) {
  std::vector<std::string> told;
  std::vector<std::tuple<std::string, mx::Shape, mx::Dtype>> inputs;
  const mx::ExportCallback callback = [&](const mx::ExportCallbackInput& event) {
    const auto text = [&](const char* name) { return std::get<std::string>(event.at(name)); };
    told.push_back(text("type") == "primitive" ? text("name") : text("type"));
    if (told.back() == "inputs") inputs = std::get<decltype(inputs)>(event.at("inputs"));
  };
  const auto f = [](const mx::Args& args) { return mx::Args{mx::exp(args[0]) * v}; };
  mx::export_function(callback, mx::ArgsFn(f), {v});
  EXPECT_EQ(told, (std::vector<std::string>{"inputs", "keyword_inputs", "outputs", "constants",
                                            "Exp", "Multiply"}));
  ASSERT_EQ(inputs.size(), 1u);
  EXPECT_EQ(std::get<1>(inputs[0]), (mx::Shape{3}));
  EXPECT_EQ(std::get<2>(inputs[0]), mx::float32);
  mx::FunctionExporter exporter = mx::exporter(callback, mx::ArgsFn(f));
  exporter({v});
  EXPECT_EQ(told.size(), 12u);
  exporter.close();
  EXPECT_THROW(exporter({v}), std::runtime_error);
}

TEST(ApiTransforms, ExportersRecordCallAfterCall) {
  mx::FunctionExporter exporter = mx::exporter(
      "api_exporter.mlxfn",
      mx::KwargsFn([](const mx::Kwargs& kwargs) { return mx::Args{kwargs.at("x") * 3.0f}; }));
  exporter(mx::Kwargs{{"x", v}});
  exporter(mx::Kwargs{{"x", mx::array(2.0f)}});
  exporter.close();
  const auto f = mx::import_function("api_exporter.mlxfn");
  EXPECT_VALUES(f(mx::Kwargs{{"x", v}})[0], 3, 6, 9);
  EXPECT_VALUES(f(mx::Kwargs{{"x", mx::array(2.0f)}})[0], 6);
  EXPECT_THROW(f(mx::Kwargs{{"x", mx::zeros({2})}}), std::invalid_argument);
  std::remove("api_exporter.mlxfn");
}

TEST(ApiTransforms, FilesOfArrays) {
  mx::save("api_test", v);
  EXPECT_VALUES(mx::load("api_test.npy"), 1, 2, 3);
  mx::save_safetensors("api_test.safetensors", {{"v", v}}, {{"by", "test"}});
  const auto [arrays, facts] = mx::load_safetensors("api_test.safetensors");
  EXPECT_VALUES(arrays.at("v"), 1, 2, 3);
  EXPECT_EQ(facts.at("by"), "test");
  std::remove("api_test.npy"), std::remove("api_test.safetensors");
}

TEST(ApiTransforms, GraphsAsText) {
  std::ostringstream text;
  mx::NodeNamer namer;
  namer.set_name(v, "v");
  mx::export_to_dot(text, namer, {v + v});
  EXPECT_NE(text.str().find("\"v\" ->"), std::string::npos);
}

/// x * factor, on the host.
class Scaled final : public mx::Primitive {
 public:
  Scaled(mx::Stream stream, float factor) : Primitive(stream), factor_(factor) {}
  const char* name() const override { return "Scaled"; }
  void eval_cpu(const std::vector<mx::array>& inputs, std::vector<mx::array>& outputs) override {
    const float* from = inputs[0].data<float>();
    float* to = outputs[0].data<float>();
    for (size_t i = 0; i < outputs[0].size(); ++i) to[i] = from[i] * factor_;
  }
  std::vector<mx::array> vjp(const std::vector<mx::array>&,
                             const std::vector<mx::array>& cotangents, const std::vector<int>&,
                             const std::vector<mx::array>&) override {
    return {scaled(cotangents[0])};
  }
  std::pair<std::vector<mx::array>, std::vector<int>> vmap(const std::vector<mx::array>& inputs,
                                                           const std::vector<int>& axes) override {
    return {{scaled(inputs[0])}, axes};
  }
  std::vector<mx::Shape> output_shapes(const std::vector<mx::array>& inputs) override {
    return {inputs[0].shape()};
  }

 private:
  mx::array scaled(const mx::array& x) const {
    return mx::array(x.shape(), x.dtype(), std::make_shared<Scaled>(stream(), factor_), {x});
  }
  float factor_;
};

mx::array tripled(const mx::array& x) {
  return mx::array(x.shape(), x.dtype(),
                   std::make_shared<Scaled>(mx::default_stream(mx::Device::cpu), 3.0f), {x});
}

TEST(ApiPrimitive, OnTheHost) {
  EXPECT_VALUES(tripled(v + 1.0f), 6, 9, 12);
  EXPECT_VALUES(mx::grad([](const mx::array& x) { return mx::sum(tripled(x) * x); })(v), 6, 12, 18);
  EXPECT_VALUES(mx::vmap(tripled)(mx::stack({v, v})), 3, 6, 9, 3, 6, 9);
  EXPECT_VALUES(mx::jvp(tripled, v, v).second, 3, 6, 9);
  const auto f = mx::compile([](const std::vector<mx::array>& xs) {
    return std::vector<mx::array>{tripled(xs[0]) + 1.0f};
  });
  EXPECT_VALUES(f({v})[0], 4, 7, 10);
}

TEST(ApiPrimitive, WithAKernel) {
  static const mx::Kernel kernel("halved",
                                 "kernel void halved(global const float* x, long x_offset,"
                                 " global float* y, long y_offset) {"
                                 "  const size_t i = get_global_id(0);"
                                 "  y[y_offset + i] = x[x_offset + i] / 2;"
                                 "}");
  class Halved final : public mx::Primitive {
   public:
    using Primitive::Primitive;
    const char* name() const override { return "Halved"; }
    void eval(const std::vector<mx::array>& inputs, std::vector<mx::array>& outputs) override {
      kernel.run(stream(), outputs[0].size(),
                 mx::Kernel::Arguments().in(inputs[0]).out(outputs[0]));
    }
  };
  const mx::array y({3}, mx::float32, std::make_shared<Halved>(mx::to_stream({})), {v * 4.0f});
  EXPECT_VALUES(y, 2, 4, 6);
  EXPECT_THROW(mx::grad([](const mx::array& x) {
                 return mx::sum(
                     mx::array({3}, mx::float32, std::make_shared<Halved>(mx::to_stream({})), {x}));
               })(v),
               std::invalid_argument);
}

}  // namespace
