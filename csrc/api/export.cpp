// Recorded functions in files, and graphs as text, in the public interface.
#include "mlx/export.h"

#include <algorithm>
#include <type_traits>

#include "api/convert.h"
#include "base/error.h"
#include "mlx/graph_utils.h"
#include "transforms/dot.h"
#include "transforms/shown.h"

namespace mlx::core {

namespace {

/// The arguments of a call in the order of files: positional ones, then those by keyword, sorted.
struct Call {
  mlx::Arrays arrays;
  std::vector<std::string> keywords;

  Call(const Args& args, const Kwargs& kwargs) : arrays(in(args)) {
    for (const auto& [name, value] : kwargs) keywords.push_back(name);
    std::sort(keywords.begin(), keywords.end());
    for (const std::string& name : keywords) arrays.push_back(in(kwargs.at(name)));
  }
};

}  // namespace

struct FunctionExporter::State {
  std::string path;         ///< where recordings are written,
  ExportCallback callback;  ///< or who is told
  ArgsKwargsFn fun;
  mlx::ExportedFile file;
  bool closed = false;
};

namespace {

ArgsKwargsFn with_keywords(const ArgsFn& fun) {
  return [fun](const Args& args, const Kwargs&) { return fun(args); };
}
ArgsKwargsFn with_positional(const KwargsFn& fun) {
  return [fun](const Args&, const Kwargs& kwargs) { return fun(kwargs); };
}

using Field = ExportCallbackInput::mapped_type;

Field told(const std::string& text) {
  return text;
}
Field told(const std::vector<mlx::ShownValue>& values) {
  std::vector<std::tuple<std::string, Shape, Dtype>> list;
  for (const mlx::ShownValue& value : values)
    list.emplace_back(value.name, value.shape, out(value.dtype));
  return list;
}
Field told(const std::vector<std::pair<std::string, mlx::array>>& named) {
  std::vector<std::pair<std::string, array>> list;
  for (const auto& [name, value] : named) list.emplace_back(name, out(value));
  return list;
}
Field told(const std::vector<std::pair<std::string, std::string>>& names) {
  return names;
}
Field told(const std::vector<mlx::StateItem>& state) {
  std::vector<StateT> list;
  for (const mlx::StateItem& item : state)
    list.push_back(std::visit(
        [](const auto& value) -> StateT {
          if constexpr (std::is_same_v<std::decay_t<decltype(value)>, mlx::Dtype>)
            return out(value);
          else
            return value;
        },
        item));
  return list;
}

void show(const mlx::Exported& exported, bool shapeless, const ExportCallback& callback) {
  for (const mlx::ShownEvent& event : mlx::shown_events(exported, shapeless)) {
    ExportCallbackInput input;
    for (const auto& [name, field] : event)
      input.emplace(name, std::visit([](const auto& value) { return told(value); }, field));
    callback(input);
  }
}

}  // namespace

FunctionExporter exporter(const std::string& path, const ArgsKwargsFn& fun, bool shapeless,
                          const std::string& metadata) {
  auto state = std::make_shared<FunctionExporter::State>(
      FunctionExporter::State{path, {}, fun, {metadata, shapeless, {}}});
  mlx::save_exported(path, state->file);
  return FunctionExporter(std::move(state));
}
FunctionExporter exporter(const std::string& file, const ArgsFn& fun, bool shapeless,
                          const std::string& metadata) {
  return exporter(file, with_keywords(fun), shapeless, metadata);
}
FunctionExporter exporter(const std::string& file, const KwargsFn& fun, bool shapeless,
                          const std::string& metadata) {
  return exporter(file, with_positional(fun), shapeless, metadata);
}
FunctionExporter exporter(const ExportCallback& callback, const ArgsKwargsFn& fun, bool shapeless) {
  return FunctionExporter(std::make_shared<FunctionExporter::State>(
      FunctionExporter::State{{}, callback, fun, {{}, shapeless, {}}}));
}
FunctionExporter exporter(const ExportCallback& callback, const ArgsFn& fun, bool shapeless) {
  return exporter(callback, with_keywords(fun), shapeless);
}
FunctionExporter exporter(const ExportCallback& callback, const KwargsFn& fun, bool shapeless) {
  return exporter(callback, with_positional(fun), shapeless);
}

void FunctionExporter::close() {
  state_->closed = true;
}

void FunctionExporter::record(const Args& args, const Kwargs& kwargs) {
  if (state_->closed)
    fail<std::runtime_error>("export_function", "Attempting to write after exporting is closed.");
  const Call call(args, kwargs);
  const mlx::Function inside = [&](const mlx::Arrays& xs) {
    const std::vector<array> all = out(xs);
    const Args positional(all.begin(), all.begin() + std::ptrdiff_t(args.size()));
    Kwargs named;
    for (size_t i = 0; i < call.keywords.size(); ++i)
      named.emplace(call.keywords[i], all[args.size() + i]);
    return in(state_->fun(positional, named));
  };
  if (state_->callback)
    return show(mlx::record_exported(inside, call.arrays, args.size(), call.keywords,
                                     state_->file.shapeless),
                state_->file.shapeless, state_->callback);
  mlx::add_exported(state_->path, state_->file, inside, call.arrays, args.size(), call.keywords);
}

void export_function(const std::string& file, const ArgsFn& fun, const Args& args, bool shapeless,
                     const std::string& metadata) {
  exporter(file, fun, shapeless, metadata)(args);
}
void export_function(const std::string& file, const KwargsFn& fun, const Kwargs& kwargs,
                     bool shapeless, const std::string& metadata) {
  exporter(file, fun, shapeless, metadata)(kwargs);
}
void export_function(const std::string& file, const ArgsKwargsFn& fun, const Args& args,
                     const Kwargs& kwargs, bool shapeless, const std::string& metadata) {
  exporter(file, fun, shapeless, metadata)(args, kwargs);
}

void export_function(const ExportCallback& callback, const ArgsFn& fun, const Args& args,
                     bool shapeless) {
  exporter(callback, fun, shapeless)(args);
}
void export_function(const ExportCallback& callback, const KwargsFn& fun, const Kwargs& kwargs,
                     bool shapeless) {
  exporter(callback, fun, shapeless)(kwargs);
}
void export_function(const ExportCallback& callback, const ArgsKwargsFn& fun, const Args& args,
                     const Kwargs& kwargs, bool shapeless) {
  exporter(callback, fun, shapeless)(args, kwargs);
}

struct ImportedFunction::State {
  mlx::ExportedFile file;
};

ImportedFunction import_function(const std::string& file) {
  return ImportedFunction(
      std::make_shared<ImportedFunction::State>(ImportedFunction::State{mlx::load_exported(file)}));
}

std::vector<array> ImportedFunction::call(const Args& args, const Kwargs& kwargs) const {
  const Call call(args, kwargs);
  return out(mlx::call_exported(state_->file, call.arrays, args.size(), call.keywords));
}

void NodeNamer::set_name(const array& x, std::string name) {
  names_[x.id()] = std::move(name);
}
const std::string& NodeNamer::get_name(const array& x) {
  std::string& name = names_[x.id()];
  if (name.empty()) name = mlx::letters(made_++);
  return name;
}

namespace {

std::map<const mlx::Node*, std::string> names_of(const NodeNamer& namer) {
  std::map<const mlx::Node*, std::string> names;
  for (const auto& [id, name] : namer.names()) names[reinterpret_cast<const mlx::Node*>(id)] = name;
  return names;
}

}  // namespace

void export_to_dot(std::ostream& os, const NodeNamer& namer, const std::vector<array>& outputs) {
  os << mlx::dot_of(in(outputs), names_of(namer));
}
void print_graph(std::ostream& os, const NodeNamer& namer, const std::vector<array>& outputs) {
  os << mlx::listing_of(in(outputs), names_of(namer));
}

}  // namespace mlx::core
