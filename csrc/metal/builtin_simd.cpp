// Functions of simdgroups and barriers: kernels/metal.clh has them for int, uint, long, ulong and
// float, with the mask of the items that take part.
#include "metal/translator.h"

namespace mlx::metal {
namespace {

/// Metal's name behind simd_ or quad_, how many values it takes, whether a lane or distance
/// follows, and the function of metal.clh.
struct Row {
  const char* name;
  size_t values;
  bool has_lane;
  const char* function;
};
const Row rows[] = {{"sum", 1, false, "sum"},
                    {"product", 1, false, "product"},
                    {"max", 1, false, "max"},
                    {"min", 1, false, "min"},
                    {"and", 1, false, "and"},
                    {"or", 1, false, "or"},
                    {"xor", 1, false, "xor"},
                    {"prefix_inclusive_sum", 1, false, "inclusive_sum"},
                    {"prefix_exclusive_sum", 1, false, "exclusive_sum"},
                    {"prefix_inclusive_product", 1, false, "inclusive_product"},
                    {"prefix_exclusive_product", 1, false, "exclusive_product"},
                    {"broadcast", 1, true, "shuffle"},
                    {"broadcast_first", 1, false, "first"},
                    {"shuffle", 1, true, "shuffle"},
                    {"shuffle_up", 1, true, "shuffle_up"},
                    {"shuffle_down", 1, true, "shuffle_down"},
                    {"shuffle_xor", 1, true, "shuffle_xor"},
                    {"shuffle_rotate_up", 1, true, "rotate_up"},
                    {"shuffle_rotate_down", 1, true, "rotate_down"},
                    {"shuffle_and_fill_up", 2, true, "fill_up"},
                    {"shuffle_and_fill_down", 2, true, "fill_down"}};

/// The type that a component is exchanged in.
Type exchanged(const Type& type) {
  if (type.is_floating()) return real_type();
  if (type.kind == Type::integer && type.bytes >= 4) return type.scalar();
  return integer_type(4, true);
}

Value part_of(const Value& value, int lane) {
  if (!value.type.is_vector()) return value;
  Value part = value;
  part.code = value.at(primary) + '.' + "xyzw"[lane], part.level = primary;
  part.type = value.type.scalar(), part.unrounded.clear(), part.reference.clear();
  return part;
}

}  // namespace

/// One component through `function`, back in its own type.
Value Translator::component_met(const std::string& function, const std::vector<Value>& parts,
                                const std::string& rest, const Type& type, Place place) {
  const Type through = exchanged(type);
  std::string call = function + '_' + stored_name(through) + '(' + present_mask();
  for (const Value& part : parts)
    call += ", " + for_meeting(convert(part, through, place).code, through);
  Value result = meet(call + rest + ')', through);
  return convert(result, type, place);
}

std::optional<Value> Translator::simd(const std::string& name, const Node& call,
                                      const std::vector<Value>& arguments) {
  const Place place = call.place;
  if (name == "threadgroup_barrier" || name == "simdgroup_barrier") {
    const int64_t flags = arguments.empty() ? 2 : arguments[0].constant.value_or(3);
    close_guard();
    line(std::string("barrier(") +
         (flags & 1
              ? (flags & 2 ? "CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE" : "CLK_GLOBAL_MEM_FENCE")
              : "CLK_LOCAL_MEM_FENCE") +
         ");");
    return Value();
  }
  const bool quad = name.rfind("quad_", 0) == 0;
  if (!quad && name.rfind("simd_", 0) != 0) return {};
  const std::string which = name.substr(5), width = quad ? ", 4u" : ", 32u";
  const auto integer_result = [&](const std::string& function, const std::string& argument,
                                  const Type& type) {
    return meet(function + '(' + present_mask() + ", " + argument + ", simd_scratch" + width + ')',
                type);
  };
  const Type truth = boolean_type(), word = integer_type(4, false);
  if (which == "any" || which == "all") {
    const Value value = convert(arguments.at(0), truth, place);
    const std::string held = for_meeting(value.code, integer_type(4, true));
    Value met = which == "any"
                    ? integer_result("simd_or_int", held, integer_type(4, true))
                    : integer_result("simd_or_int", "!(" + held + ')', integer_type(4, true));
    met = convert(met, truth, place);
    if (which == "all") met.code = "!(" + met.code + ')', met.level = prefixes;
    return met;
  }
  if (which == "ballot" || which == "active_threads_mask") {
    const std::string held =
        which == "ballot"
            ? for_meeting(convert(arguments.at(0), truth, place).code, integer_type(4, true))
            : "1";
    return convert(
        integer_result("simd_or_uint",
                       "(uint)(" + held + ") << (linear_id() & " + (quad ? "3u" : "31u") + ')',
                       word),
        integer_type(8, false), place);
  }
  if (which == "is_first")
    return convert(integer_result("simd_is_first", "0", integer_type(4, true)), truth, place);
  for (const Row& row : rows) {
    if (which != row.name) continue;
    if (arguments.size() != row.values + row.has_lane)
      throw Untranslatable(place,
                           name + " with " + std::to_string(arguments.size()) + " arguments.");
    const Type type = arguments[0].type;
    if (!type.is_arithmetic())
      throw Untranslatable(place,
                           name + " of a " + shown(type) + "; exchange its parts one by one.");
    std::string rest;
    if (row.has_lane)
      rest = ", (int)" +
             for_meeting(convert(arguments.back(), integer_type(4, true), place).at(prefixes),
                         integer_type(4, true));
    rest += ", simd_scratch" + width;
    std::vector<Value> results;
    for (int lane = 0; lane < type.lanes; ++lane) {
      std::vector<Value> parts;
      for (size_t i = 0; i < row.values; ++i)
        parts.push_back(part_of(load(convert(arguments[i], type, place)), lane));
      results.push_back(
          component_met(std::string("simd_") + row.function, parts, rest, type.scalar(), place));
    }
    return type.is_vector() ? construct_vector(type, results, place) : results[0];
  }
  return {};
}

}  // namespace mlx::metal
