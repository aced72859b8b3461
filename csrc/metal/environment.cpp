// Names: what a name, a type as written and a template argument stand for.
#include "metal/translator.h"

namespace mlx::metal {
namespace {

/// What OpenCL C, its built-in functions, kernels/prelude.clh and this translation call their own.
const std::set<std::string> reserved = {
    "kernel",       "global",    "local",     "private",   "constant",   "half",      "double",
    "double2",      "double3",   "double4",   "double8",   "double16",   "read_only", "image",
    "event_t",      "sampler_t", "V",         "LOAD",      "STORE",      "PLAIN",     "CAT",
    "STORED",       "COMPUTED",  "barrier",   "float8",    "float16",    "int8",      "int16",
    "uint8",        "uint16",    "char8",     "char16",    "uchar8",     "uchar16",   "short8",
    "short16",      "ushort8",   "ushort16",  "long8",     "long16",     "ulong8",    "ulong16",
    "auto",         "restrict",  "complex",   "min",       "max",        "clamp",     "abs",
    "fabs",         "fmin",      "fmax",      "exp",       "log",        "sqrt",      "rsqrt",
    "floor",        "ceil",      "round",     "rint",      "trunc",      "pow",       "select",
    "dot",          "length",    "distance",  "normalize", "cross",      "mix",       "sign",
    "step",         "fma",       "any",       "all",       "isnan",      "isinf",     "popcount",
    "clz",          "rotate",    "fract",     "modf",      "frexp",      "ldexp",     "sin",
    "cos",          "tan",       "tanh",      "erf",       "exp2",       "exp10",     "log2",
    "log10",        "sincos",    "atan",      "atan2",     "acos",       "asin",      "sinh",
    "cosh",         "fmod",      "nan",       "active",    "given",      "made",      "self",
    "simd_scratch", "grid_x",    "grid_y",    "grid_z",    "smoothstep", "degrees",   "radians",
    "main",         "printf",    "linear_id", "unix",      "linux"};

}  // namespace

const Symbol* Translator::find(const std::string& name) const {
  if (frame_)
    for (size_t i = frame_->scopes.size(); i-- > 0;)
      if (const auto found = frame_->scopes[i].find(name); found != frame_->scopes[i].end())
        return &found->second;
  const auto found = globals_.find(name);
  return found == globals_.end() ? nullptr : &found->second;
}

void Translator::bind_type(Scope& scope, const std::string& name, const Type& type) {
  Symbol symbol;
  symbol.kind = Symbol::type, symbol.named = type;
  scope[name] = symbol;
}

std::string Translator::variable_name(const std::string& name) {
  return reserved.count(name) ? name + '_' : name;
}

std::string Translator::fresh(const std::string& stem) {
  return stem + '_' + std::to_string(++name_counts_[stem]);
}

Type Translator::resolve(const TypeName& name) {
  Type type = resolve_base(name);
  for (int i = 0; i < name.pointers; ++i)
    type = pointer_to(type, i > 0 || name.space == Space::any ? Space::thread : name.space);
  for (size_t i = name.extents.size(); i-- > 0;)
    type =
        array_of(type, name.extents[i] ? constant_of(name.extents[i], "the size of an array") : 0);
  return type;
}

Type Translator::resolve_base(const TypeName& name) {
  if (name.measured) return lower(*name.measured).type;
  if (name.scope) return trait(name);
  const auto argument = [&](size_t i) -> const TemplateArgument& {
    if (i >= name.arguments.size())
      throw Untranslatable(name.place, name.name + " needs more template arguments.");
    return name.arguments[i];
  };
  if (name.name == "vec")
    return argument_type(argument(0)).with_lanes(int(argument_value(argument(1))));
  if (name.name == "array")
    return array_of(argument_type(argument(0)), argument_value(argument(1)));
  if (name.name == "atomic" || name.name == "remove_cv_t") return argument_type(argument(0));
  if (name.name == "conditional_t")
    return argument_type(argument(argument_value(argument(0)) ? 1 : 2));
  if (name.name == "enable_if_t")
    return name.arguments.size() > 1 ? argument_type(argument(1)) : Type();
  if (name.name == "make_unsigned_t") {
    Type type = argument_type(argument(0));
    type.is_signed = false;
    return type;
  }
  if (name.name == "simdgroup_matrix" || name.name.rfind("simdgroup_", 0) == 0) {
    const bool spelled = name.name == "simdgroup_matrix";
    if (spelled && (argument_value(argument(1)) != 8 || argument_value(argument(2)) != 8))
      throw Untranslatable(name.place, "a simdgroup_matrix other than 8 by 8.");
    Type type = pointer_to(spelled ? argument_type(argument(0))
                                   : *built_in_type(name.name.substr(10, name.name.size() - 13)),
                           Space::thread);
    type.kind = Type::matrix;
    return type;
  }
  if (name.arguments.empty())
    if (const Symbol* symbol = find(name.name); symbol && symbol->kind == Symbol::type)
      return symbol->named;
  if (structs_.count(name.name)) {
    Type type;
    type.kind = Type::record, type.of = record_named(name);
    return type;
  }
  if (const auto type = built_in_type(name.name)) return *type;
  if (name.name == "double")
    throw Untranslatable(name.place, "double, which Metal does not have; use float.");
  throw Untranslatable(
      name.place,
      "the type " + name.name + " is unknown" +
          (name.name.rfind("packed_", 0) == 0 ? "; read its components one by one." : "."));
}

/// S::name, where S is a struct or one of <metal_type_traits>.
Type Translator::trait(const TypeName& name) {
  const TypeName& scope = *name.scope;
  if (name.name == "type" && scope.name == "conditional")
    return argument_type(scope.arguments.at(argument_value(scope.arguments.at(0)) ? 1 : 2));
  if (name.name == "type" && scope.name == "enable_if" && scope.arguments.size() > 1)
    return argument_type(scope.arguments[1]);
  const Type owner = resolve_base(scope);
  if (owner.kind == Type::record) {
    const Scope members = scope_of(*owner.of);
    if (const auto found = members.find(name.name);
        found != members.end() && found->second.kind == Symbol::type)
      return found->second.named;
  }
  throw Untranslatable(name.place, scope.name + " has no type " + name.name + ".");
}

std::optional<Type> Translator::named_type(const NodePtr& node) {
  if (!node || node->kind != Node::name || node->has_arguments || node->type) return {};
  if (const Symbol* symbol = find(node->text)) {
    if (symbol->kind == Symbol::type) return symbol->named;
    return {};
  }
  if (!structs_.count(node->text)) return built_in_type(node->text);
  TypeName name;
  name.place = node->place, name.name = node->text;
  return resolve_base(name);
}

Type Translator::argument_type(const TemplateArgument& argument) {
  if (argument.type) return resolve(*argument.type);
  if (const auto type = named_type(argument.value)) return *type;
  throw Untranslatable(argument.value->place, "a template argument has to be a type.");
}

int64_t Translator::argument_value(const TemplateArgument& argument) {
  if (argument.type)
    throw Untranslatable(argument.type->place, "a template argument has to be a value.");
  return constant_of(argument.value, "a template argument");
}

int64_t Translator::constant_of(const NodePtr& node, const char* what) {
  const Value value = lower(*node);
  if (!value.constant)
    throw Untranslatable(node->place, std::string(what) + " has to be a constant; " + value.code +
                                          " is known at run time only.");
  return *value.constant;
}

}  // namespace mlx::metal
