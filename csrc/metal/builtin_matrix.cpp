// simdgroup_matrix, 8 by 8: each of 32 lanes holds two neighbours of a row, in float.
#include "metal/translator.h"

namespace mlx::metal {

std::optional<Value> Translator::matrix(const std::string& name, const Node& call,
                                        const std::vector<Value>& arguments) {
  const Place place = call.place;
  if (name == "make_filled_simdgroup_matrix" && arguments.size() == 1) {
    Type type = pointer_to(arguments[0].type, Space::thread);
    if (!call.children[0]->arguments.empty())
      type = pointer_to(argument_type(call.children[0]->arguments[0]), Space::thread);
    type.kind = Type::matrix;
    return Value{"(float2)(" + convert(arguments[0], real_type(), place).code + ')',
                 type,
                 prefixes,
                 false,
                 false,
                 {},
                 {},
                 {},
                 {},
                 {}};
  }
  if (name.rfind("simdgroup_", 0) != 0 || arguments.empty()) return {};
  const Value& tile = arguments[0];
  if (name == "simdgroup_load" || name == "simdgroup_store") {
    const Value pointer =
        arguments.size() > 1 && arguments[1].type.kind == Type::array
            ? convert(arguments[1], pointer_to(*arguments[1].type.element, arguments[1].space),
                      place)
            : arguments.at(1);
    if (tile.type.kind != Type::matrix || pointer.type.kind != Type::pointer)
      throw Untranslatable(place, name + " takes a simdgroup_matrix and a pointer.");
    const std::string stride =
        arguments.size() > 2 ? convert(arguments[2], integer_type(8, true), place).at(prefixes)
                             : "8";
    std::string start = pointer.code;
    if (arguments.size() > 3 && arguments[3].type.lanes == 2) {
      const std::string origin = arguments[3].at(primary);
      start += " + " + origin + ".y * " + stride + " + " + origin + ".x";
    }
    const bool transposed = arguments.size() > 4 && arguments[4].constant.value_or(0);
    const auto element = [&](const char* column) {
      Value value;
      value.code = "(" + start + ")[" +
                   (transposed ? std::string(column) + " * " + stride + " + tile_row()"
                               : "tile_row() * " + stride + " + " + column) +
                   ']';
      value.type = *pointer.type.element, value.stored = value.place = true;
      return value;
    };
    const Value first = element("tile_column()"), second = element("(tile_column() + 1)");
    if (name == "simdgroup_load") {
      guarded([&] {
        line(tile.code + " = (float2)(" + convert(first, real_type(), place).code + ", " +
             convert(second, real_type(), place).code + ");");
      });
    } else {
      Value value;
      value.type = real_type();
      guarded([&] {
        value.code = tile.at(primary) + ".x";
        line(first.code + " = " + store(value, first.type, place) + ';');
        value.code = tile.at(primary) + ".y";
        line(second.code + " = " + store(value, second.type, place) + ';');
      });
    }
    return Value();
  }
  if (name == "simdgroup_multiply_accumulate" || name == "simdgroup_multiply") {
    const bool adds = arguments.size() > 3;
    if (arguments.size() < 3) throw Untranslatable(place, name + " takes three or four matrices.");
    tiles_ = true;
    const std::string a = for_meeting(arguments[1].code, arguments[1].type),
                      b = for_meeting(arguments[2].code, arguments[2].type);
    const std::string c =
        adds ? for_meeting(arguments[3].code, arguments[3].type) : "(float2)(0.0f)";
    const Value product =
        meet("tile_multiply(" + a + ", " + b + ", " + c + ", simd_scratch)", tile.type);
    guarded([&] { line(tile.code + " = " + product.code + ';'); });
    return Value();
  }
  return {};
}

}  // namespace mlx::metal
