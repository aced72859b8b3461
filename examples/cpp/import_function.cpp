// Runs a function that was exported before, by Python (mx.export_function) or by C++.
//
//   import_function FILE   calls the function in the file with the vector (1, 2, 3)
//   import_function        exports one, and calls that
#include <iostream>

#include "mlx/mlx.h"

namespace mx = mlx::core;

int main(int count, char** arguments) {
  std::string file = "doubled.mlxfn";
  const mx::array x({1.0f, 2.0f, 3.0f});
  if (count > 1)
    file = arguments[1];
  else
    mx::export_function(
        file, mx::ArgsFn([](const mx::Args& args) { return mx::Args{args[0] * 2.0f}; }), {x});

  for (const mx::array& output : mx::import_function(file)(mx::Args{x}))
    std::cout << output << std::endl;
  return 0;
}
