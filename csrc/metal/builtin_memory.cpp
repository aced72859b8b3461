// Functions of memory: the bits of a value, atomic operations, results through references.
#include "metal/translator.h"

namespace mlx::metal {
namespace {

int bytes_of(const Type& type) {
  const int lanes = type.lanes == 3 ? 4 : type.lanes;
  return lanes * (type.kind == Type::integer ? type.bytes
                  : type.is_sixteen()        ? 2
                  : type.kind == Type::real  ? 4
                                             : 1);
}

}  // namespace

/// as_type<T>: 16-bit floats are bits in memory already.
Value Translator::reinterpreted(const Value& value, const Type& type, Place place) {
  if (!value.type.is_arithmetic() || !type.is_arithmetic() ||
      bytes_of(value.type) != bytes_of(type))
    throw Untranslatable(place, "as_type from " + shown(value.type) + " to " + shown(type) +
                                    ", which differ in size.");
  Value result;
  const std::string bits = store(value, value.type, place);
  // A constant has its type's width only when it is told so.
  const std::string held = value.stored ? bits : '(' + stored_name(value.type) + ")(" + bits + ')';
  result.code = "as_" + stored_name(type) + '(' + held + ')', result.type = type,
  result.stored = true;
  return result;
}

std::optional<Value> Translator::atomic(const std::string& name,
                                        const std::vector<Value>& arguments, Place place) {
  static const std::map<std::string, std::string> operations = {
      {"fetch_add", "add"},
      {"fetch_sub", "sub"},
      {"fetch_min", "min"},
      {"fetch_max", "max"},
      {"fetch_and", "and"},
      {"fetch_or", "or"},
      {"fetch_xor", "xor"},
      {"exchange", "xchg"},
      {"store", "xchg"},
      {"load", "load"},
      {"compare_exchange_weak", "cmpxchg"}};
  const std::string suffix = "_explicit";
  if (name.rfind("atomic_", 0) != 0 || name.size() < 16) return {};
  const auto found = operations.find(name.substr(7, name.size() - 7 - suffix.size()));
  if (found == operations.end() || arguments.empty()) return {};
  const Value pointer =
      arguments[0].type.kind == Type::array
          ? convert(arguments[0], pointer_to(*arguments[0].type.element, arguments[0].space), place)
          : arguments[0];
  if (pointer.type.kind != Type::pointer) throw Untranslatable(place, name + " takes a pointer.");
  const Type type = *pointer.type.element;
  const bool is_float = type.kind == Type::real;
  if (!is_float && !(type.kind == Type::integer && type.bytes == 4))
    throw Untranslatable(
        place, name + " on " + shown(type) + "; OpenCL 1.2 has atomics of int, uint and float.");
  const std::string& operation = found->second;
  const char* const where = pointer.type.space == Space::threadgroup ? "local" : "global";
  const std::string address =
      "(volatile " + std::string(where) + ' ' + stored_name(type) + "*)" + pointer.at(prefixes);
  Value result;
  result.type = type, result.stored = true;
  if (operation == "load") {
    result.code = "*(" + address + ')', result.level = prefixes;
    return result;
  }
  if (operation == "cmpxchg") {
    if (arguments.size() < 3) return {};
    result.code = std::string("compare_exchange_") + stored_name(type) + '_' + where + '(' +
                  address + ", " + arguments[1].code + ", " + store(arguments[2], type, place) +
                  ')';
    result.type = boolean_type(), result.stored = false;
    return result;
  }
  if (arguments.size() < 2) return {};
  const std::string operand = store(arguments[1], type, place);
  const bool helped = is_float && operation != "xchg";
  result.code = (helped ? "atomic_" + operation + "_float_" + where : "atomic_" + operation) + '(' +
                address + ", " + operand + ')';
  if (name == "atomic_store_explicit") result.type = type;
  return result;
}

std::optional<Value> Translator::memory(const std::string& name, const Node& call,
                                        const std::vector<Value>& arguments) {
  const Place place = call.place;
  const Node& callee = *call.children[0];
  if (name == "as_type" && arguments.size() == 1) {
    if (callee.arguments.size() != 1) throw Untranslatable(place, "as_type needs a type in <>.");
    return reinterpreted(arguments[0], argument_type(callee.arguments[0]), place);
  }
  if (name == "atomic_thread_fence") {
    line("mem_fence(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);");
    return Value();
  }
  if ((name == "sincos" || name == "modf" || name == "frexp") && arguments.size() == 2) {
    if (!arguments[1].place || !(arguments[1].type.is_direct()) ||
        arguments[1].space != Space::thread)
      throw Untranslatable(place, name + " writes to a float or int variable.");
    const Type type = real_type().with_lanes(arguments[0].type.lanes);
    Value result;
    result.type = type;
    result.code = name + '(' + convert(arguments[0], type, place).code + ", " +
                  address_of(arguments[1], place).code + ')';
    return result;
  }
  return atomic(name, arguments, place);
}

}  // namespace mlx::metal
