// Recorded functions in files, which Python's mx.export_function and mx.import_function share.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <unordered_map>
#include <variant>
#include <vector>

#include "mlx/array.h"

namespace mlx::core {

using Args = std::vector<array>;
using Kwargs = std::unordered_map<std::string, array>;
using ArgsFn = std::function<std::vector<array>(const Args&)>;
using KwargsFn = std::function<std::vector<array>(const Kwargs&)>;
using ArgsKwargsFn = std::function<std::vector<array>(const Args&, const Kwargs&)>;

/// An item of the state of a primitive.
using StateT = std::variant<bool, int64_t, double, Dtype, std::string, Shape, std::vector<int64_t>>;
/// What a callback is told of a recording, under names: "type" is inputs, keyword_inputs, outputs,
/// constants or primitive. Values have a name, a shape and a dtype; keywords stand beside the names
/// of their values; a primitive has its name, its state as "arguments", inputs and outputs.
using ExportCallbackInput =
    std::unordered_map<std::string, std::variant<std::vector<std::tuple<std::string, Shape, Dtype>>,
                                                 std::vector<std::pair<std::string, array>>,
                                                 std::vector<std::pair<std::string, std::string>>,
                                                 std::vector<StateT>, std::string>>;
using ExportCallback = std::function<void(const ExportCallbackInput&)>;

/// Records calls of one function, each for arguments of other kinds, and writes them all.
class FunctionExporter {
 public:
  /// Records a call. Throws std::runtime_error after close() and for arguments of a kind that was
  /// recorded before.
  void operator()(const Args& args) { record(args, {}); }
  void operator()(const Kwargs& kwargs) { record({}, kwargs); }
  void operator()(const Args& args, const Kwargs& kwargs) { record(args, kwargs); }
  void close();

 private:
  friend FunctionExporter exporter(const std::string&, const ArgsKwargsFn&, bool,
                                   const std::string&);
  friend FunctionExporter exporter(const ExportCallback&, const ArgsKwargsFn&, bool);
  struct State;
  explicit FunctionExporter(std::shared_ptr<State> state) : state_(std::move(state)) {}
  void record(const Args& args, const Kwargs& kwargs);
  std::shared_ptr<State> state_;
};

FunctionExporter exporter(const std::string& path, const ArgsKwargsFn& fun, bool shapeless = false,
                          const std::string& metadata = "");
FunctionExporter exporter(const std::string& file, const ArgsFn& fun, bool shapeless = false,
                          const std::string& metadata = "");
FunctionExporter exporter(const std::string& file, const KwargsFn& fun, bool shapeless = false,
                          const std::string& metadata = "");
void export_function(const std::string& file, const ArgsFn& fun, const Args& args,
                     bool shapeless = false, const std::string& metadata = "");
void export_function(const std::string& file, const KwargsFn& fun, const Kwargs& kwargs,
                     bool shapeless = false, const std::string& metadata = "");
void export_function(const std::string& file, const ArgsKwargsFn& fun, const Args& args,
                     const Kwargs& kwargs, bool shapeless = false,
                     const std::string& metadata = "");

// The same, shown to a callback at each call instead of written.
FunctionExporter exporter(const ExportCallback& callback, const ArgsKwargsFn& fun,
                          bool shapeless = false);
FunctionExporter exporter(const ExportCallback& callback, const ArgsFn& fun,
                          bool shapeless = false);
FunctionExporter exporter(const ExportCallback& callback, const KwargsFn& fun,
                          bool shapeless = false);
void export_function(const ExportCallback& callback, const ArgsFn& fun, const Args& args,
                     bool shapeless = false);
void export_function(const ExportCallback& callback, const KwargsFn& fun, const Kwargs& kwargs,
                     bool shapeless = false);
void export_function(const ExportCallback& callback, const ArgsKwargsFn& fun, const Args& args,
                     const Kwargs& kwargs, bool shapeless = false);

/// What a file holds, called like the function that was exported. Throws std::invalid_argument for
/// arguments of a kind that was not recorded.
class ImportedFunction {
 public:
  std::vector<array> operator()(const Args& args) const { return call(args, {}); }
  std::vector<array> operator()(const Kwargs& kwargs) const { return call({}, kwargs); }
  std::vector<array> operator()(const Args& args, const Kwargs& kwargs) const {
    return call(args, kwargs);
  }

 private:
  friend ImportedFunction import_function(const std::string&);
  struct State;
  explicit ImportedFunction(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::vector<array> call(const Args& args, const Kwargs& kwargs) const;
  std::shared_ptr<const State> state_;
};

ImportedFunction import_function(const std::string& file);

}  // namespace mlx::core
