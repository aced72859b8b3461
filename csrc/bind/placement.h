// The keyword `device` of functions that make arrays: the array API's way to say where a result
// lies.
#pragma once

#include <tuple>
#include <utility>

#include "bind/arguments.h"
#include "bind/devices.h"

namespace mlx {

template <>
struct Argument<DeviceType> {
  static std::string takes() { return "Device or DeviceType"; }
  static DeviceType from(PyObject* object, const CallArguments&) {
    if (const std::optional<DeviceType> device = device_from(object)) return *device;
    throw Mismatch{};
  }
};

/// The device, or the stream when none is given. Throws std::domain_error for both.
StreamOrDevice placed(const std::optional<DeviceType>& device, const StreamOrDevice& s);

/// `function`, whose last parameter is the stream, with the device as one more parameter before it.
template <auto function, typename Parameters, typename Before>
struct WithDevice;
template <auto function, typename... P, size_t... I>
struct WithDevice<function, std::tuple<P...>, std::index_sequence<I...>> {
  static array call(std::tuple_element_t<I, std::tuple<P...>>... given,
                    const std::optional<DeviceType>& device, const StreamOrDevice& s) {
    return function(given..., placed(device, s));
  }
};
template <typename F>
struct ParametersOf;
template <typename R, typename... P>
struct ParametersOf<R (*)(P...)> {
  using All = std::tuple<P...>;
  using Before = std::make_index_sequence<sizeof...(P) - 1>;
};
template <auto function, typename Of = ParametersOf<decltype(function)>>
constexpr auto with_device = &WithDevice<function, typename Of::All, typename Of::Before>::call;

}  // namespace mlx
