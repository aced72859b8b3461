// A whole kernel: the library's own text, the header, and the body with what it is given.
#include "metal/library.h"
#include "metal/translator.h"

namespace mlx::metal {
namespace {

struct Attribute {
  const char* name;
  int lanes;
  const char* value;
};

/// Positions and sizes that a body sees by name. GRID(d) is the grid in work-items, which need not
/// be a multiple of the group.
const Attribute attributes[] = {
    {"thread_position_in_grid", 3, "(uint3)(get_global_id(0), get_global_id(1), get_global_id(2))"},
    {"thread_position_in_threadgroup", 3,
     "(uint3)(get_local_id(0), get_local_id(1), get_local_id(2))"},
    {"threadgroup_position_in_grid", 3,
     "(uint3)(get_group_id(0), get_group_id(1), get_group_id(2))"},
    {"threadgroups_per_grid", 3,
     "(uint3)(get_num_groups(0), get_num_groups(1), get_num_groups(2))"},
    {"threads_per_grid", 3, "(uint3)(grid_x, grid_y, grid_z)"},
    {"grid_size", 3, "(uint3)(grid_x, grid_y, grid_z)"},
    {"grid_origin", 3, "(uint3)(0, 0, 0)"},
    {"threads_per_threadgroup", 3,
     "(uint3)(items_of_group(0, grid_x), items_of_group(1, grid_y), items_of_group(2, grid_z))"},
    {"dispatch_threads_per_threadgroup", 3,
     "(uint3)(get_local_size(0), get_local_size(1), get_local_size(2))"},
    {"thread_index_in_threadgroup", 1, "linear_id()"},
    {"thread_index_in_simdgroup", 1, "linear_id() & 31u"},
    {"thread_index_in_quadgroup", 1, "linear_id() & 3u"},
    {"simdgroup_index_in_threadgroup", 1, "linear_id() >> 5"},
    {"quadgroup_index_in_threadgroup", 1, "linear_id() >> 2"},
    {"simdgroups_per_threadgroup", 1, "(GROUP_SIZE + 31u) / 32u"},
    {"dispatch_simdgroups_per_threadgroup", 1, "(GROUP_SIZE + 31u) / 32u"},
    {"quadgroups_per_threadgroup", 1, "(GROUP_SIZE + 3u) / 4u"},
    {"dispatch_quadgroups_per_threadgroup", 1, "(GROUP_SIZE + 3u) / 4u"},
    {"threads_per_simdgroup", 1, "32u"},
    {"thread_execution_width", 1, "32u"}};

Type vector_of(const Type& scalar, int lanes) {
  return scalar.with_lanes(lanes);
}

}  // namespace

bool mentions(const Kernel& kernel, const std::string& name) {
  return kernel.source.find(name) != kernel.source.npos;
}

Translator::Translator(const Kernel& kernel) : kernel_(kernel) {}

void Translator::globals(const Unit& unit) {
  std::vector<FunctionPtr> all = unit.functions;
  for (const StructPtr& structure : unit.structs) {
    if (structure->is_enum) {
      enumeration(*structure);
      continue;
    }
    structs_[structure->name].push_back(structure);
    all.insert(all.end(), structure->methods.begin(), structure->methods.end());
  }
  for (const FunctionPtr& function : unit.functions) {
    // A later definition of the same signature is the same function: headers may repeat helpers.
    functions_[function->name].push_back(function);
  }
  meetings_.add(all);
  Frame apart;
  apart.scopes.emplace_back();
  Frame* const outer = std::exchange(frame_, &apart);
  for (const NodePtr& global : unit.globals) {
    if (global->kind == Node::nothing) continue;
    if (global->kind == Node::alias) {
      bind_type(globals_, global->text, resolve(*global->type));
      continue;
    }
    for (const Declared& declared : global->declared) {
      Symbol symbol;
      Value& value = symbol.value;
      Type type = declared.type->name == "auto" ? Type() : resolve(*declared.type);
      if (!declared.initial)
        throw Untranslatable(declared.place,
                             declared.name + " outside of functions needs a value.");
      const bool is_list = declared.initial->kind == Node::initial_list;
      if (type.kind == Type::array && type.count == 0)
        type.count = int64_t(declared.initial->children.size());
      if (!is_list) {
        value = lower(*declared.initial);
        if (type.kind != Type::nothing) value = convert(value, type, declared.place);
        if (value.constant || value.literal) {
          globals_[declared.name] = symbol;
          continue;
        }
        if (type.kind == Type::nothing) type = value.type;
      }
      const std::string text =
          is_list ? initial_text(*declared.initial, type) : store(value, type, declared.place);
      value = Value();
      value.code = fresh(declared.name), value.type = type;
      value.stored = value.place = true, value.space = Space::constant;
      constant_text_ += "constant " + declare(type, value.code) + " = " + text + ";\n";
      globals_[declared.name] = symbol;
    }
  }
  frame_ = outer;
}

void Translator::define_arguments(std::string& signature) {
  const auto pointer = [&](const Type& element, const std::string& name, bool writes) {
    const std::string type =
        std::string("global ") + (writes ? "" : "const ") + stored_name(element) + "* ";
    signature += (signature.empty() ? "" : ", ") + type + "metal_" + name + ", long metal_" + name +
                 "_offset";
    Symbol symbol;
    Value& value = symbol.value;
    value.code = variable_name(name), value.type = pointer_to(element, Space::device);
    value.stored = value.place = true;
    line("global " + stored_name(element) + "* " + value.code + " = (global " +
         stored_name(element) + "*)metal_" + name + " + metal_" + name + "_offset;");
    bind(name, symbol);
  };
  const auto element_of = [&](const KernelArgument& argument) {
    TypeName name;
    name.name = argument.type, name.place = {Place::source, 1};
    return resolve(name);
  };
  for (const KernelArgument& input : kernel_.inputs) {
    const Type element = element_of(input);
    pointer(element, input.name, false);
    if (input.is_scalar) {
      Symbol symbol = *find(input.name);
      symbol.value = dereferenced(symbol.value, {});
      symbol.value.code = symbol.value.reference + "[0]", symbol.value.level = primary;
      bind(input.name, symbol);
    }
    if (mentions(kernel_, input.name + "_shape"))
      pointer(integer_type(4, true), input.name + "_shape", false);
    if (mentions(kernel_, input.name + "_strides"))
      pointer(integer_type(8, true), input.name + "_strides", false);
    if (mentions(kernel_, input.name + "_ndim")) {
      Symbol symbol;
      symbol.value = integer_value(input.dimensions, integer_type(4, true));
      bind(input.name + "_ndim", symbol);
    }
  }
  for (const KernelArgument& output : kernel_.outputs)
    pointer(element_of(output), output.name, true);
  signature += ", uint grid_x, uint grid_y, uint grid_z";
}

void Translator::define_attributes() {
  for (const Attribute& attribute : attributes) {
    if (!mentions(kernel_, attribute.name)) continue;
    Symbol symbol;
    symbol.value.code = attribute.name;
    symbol.value.type = vector_of(integer_type(4, false), attribute.lanes);
    symbol.value.stored = symbol.value.place = true;
    line(declare(symbol.value.type, attribute.name) + " = " + attribute.value + ';');
    bind(attribute.name, symbol);
  }
}

std::string Translator::run() {
  globals(parse_header(tokens_of(library_text, Place::library, macros_), known_));
  globals(parse_header(tokens_of(kernel_.header, Place::header, macros_), known_));
  known_.open();
  for (const KernelConstant& constant : kernel_.constants)
    if (constant.is_type) known_.add_type(constant.name);
  const NodePtr body = parse_body(tokens_of(kernel_.source, Place::source, macros_), known_);
  meetings_.add_lambdas(*body);

  Frame frame;
  frame.is_kernel = true;
  frame.collective = meetings_.contains(*body);
  frame.divergence = Divergence(meetings_, kernel_.group);
  frame.scopes.emplace_back();
  frame_ = &frame;
  std::string signature;
  define_arguments(signature);
  define_attributes();
  frame.scopes.emplace_back();
  for (const KernelConstant& constant : kernel_.constants) {
    const Type type = *built_in_type_or_library(constant.type);
    Symbol symbol;
    if (constant.is_type)
      symbol.kind = Symbol::type, symbol.named = type;
    else
      symbol.value = integer_value(constant.value, type);
    bind(constant.name, symbol);
  }
  std::string outside;
  const char* const sizes[] = {"grid_x", "grid_y", "grid_z"};
  for (size_t d = 0; d < 3; ++d)
    if (kernel_.ragged[d])
      outside += (outside.empty() ? "" : " && ") + std::string("get_global_id(") + "012"[d] +
                 ") < " + sizes[d];
  if (!outside.empty() && frame.collective) {
    line("int active = " + outside + ';');
    frame.masks.push_back("active");
  } else if (!outside.empty()) {
    line("if (!(" + outside + ")) return;");
  }
  body_of_function(*body);

  const int64_t size = kernel_.group[0] * kernel_.group[1] * kernel_.group[2];
  std::string text = "#define GROUP_SIZE " + std::to_string(size) + "\n" +
                     (tiles_ ? "#define SIMD_TILES\n" : "") + kernel_.support;
  text += record_text_ + constant_text_ + function_text_;
  text += "__kernel __attribute__((reqd_work_group_size(" + std::to_string(kernel_.group[0]) +
          ", " + std::to_string(kernel_.group[1]) + ", " + std::to_string(kernel_.group[2]) +
          ")))\n";
  text += "void metal_" + kernel_.name + '(' + signature + ") {\n" + threadgroup_text_;
  if (frame.collective) text += "  local long simd_scratch[SCRATCH_SIZE];\n";
  for (const std::string& each : frame.lines) text += each + '\n';
  frame_ = nullptr;
  return text + "}\n";
}

std::optional<Type> Translator::built_in_type_or_library(const std::string& name) {
  TypeName type;
  type.name = name, type.place = {Place::source, 1};
  return resolve(type);
}

std::string translate(const Kernel& kernel) {
  return Translator(kernel).run();
}

}  // namespace mlx::metal
