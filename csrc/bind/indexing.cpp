// Indexing in Python: a[index], a[index] = value, a.at[index].
#include "bind/indexing.h"

#include <algorithm>

#include "base/error.h"
#include "bind/call.h"
#include "bind/convert.h"
#include "bind/index.h"
#include "graph/deferred.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/indexing.h"
#include "ops/scatter.h"
#include "ops/shape.h"

namespace mlx {
namespace {

using Entries = std::vector<IndexEntry>;

/// Integers out of range read some element, as arrays of indices do.
int inside(int at, int n) {
  return std::clamp(at, 0, std::max(n - 1, 0));
}

Entries clamped(const array& a, Entries entries) {
  for (IndexEntry& entry : entries) {
    if (entry.kind != IndexEntry::integer) continue;
    entry.start = inside(entry.start, a.shape(entry.axis));
    entry.stop = entry.start + 1;
  }
  return entries;
}

/// The arrays of an index applied to what the rest of it selected.
struct Gathered {
  Arrays indices;
  Axes axes;  ///< their axes, integers' axes already gone
  bool adjacent = true;
};

/// `integers_count`: an integer beside arrays is one more of them where it decides the place of the
/// result.
Gathered arrays_of(const Entries& entries, bool integers_count) {
  Gathered result;
  int axis = 0, runs = 0;
  bool previous = false;
  for (const IndexEntry& entry : entries) {
    const bool is_array = entry.kind == IndexEntry::array_of_integers;
    const bool advanced = is_array || (integers_count && entry.kind == IndexEntry::integer);
    runs += advanced && !previous;
    previous = advanced || (!integers_count && previous && entry.kind == IndexEntry::integer);
    if (is_array) {
      result.indices.push_back(*entry.indices);
      result.axes.push_back(axis);
    }
    axis += is_array || entry.kind == IndexEntry::range;
  }
  result.adjacent = runs <= 1;
  return result;
}

/// The axes of size 1 that integers leave, and the places of new axes in the result of a basic
/// index.
array with_axes(const array& selected, const Entries& entries) {
  Shape shape;
  int axis = 0;
  bool same = true;
  for (const IndexEntry& entry : entries) {
    if (entry.kind == IndexEntry::new_axis)
      shape.push_back(1), same = false;
    else if (entry.kind == IndexEntry::integer)
      ++axis, same = false;
    else
      shape.push_back(selected.shape(axis++));
  }
  if (same) return selected;
  // Squeezing and expanding keep a shapeless compilation alive, which a reshape would not.
  Axes gone, fresh;
  axis = 0;
  int place = 0;
  for (const IndexEntry& entry : entries) {
    if (entry.kind == IndexEntry::integer) gone.push_back(axis);
    if (entry.kind == IndexEntry::new_axis) fresh.push_back(place);
    axis += entry.kind != IndexEntry::new_axis;
    place += entry.kind != IndexEntry::integer;
  }
  const array squeezed = gone.empty() ? selected : squeeze(selected, gone);
  return fresh.empty() ? squeezed : expand_dims(squeezed, fresh);
}

array without_integers(const array& a, const Entries& entries) {
  Axes gone;
  for (const IndexEntry& entry : entries)
    if (entry.kind == IndexEntry::integer) gone.push_back(entry.axis);
  return gone.empty() ? a : squeeze(a, gone);
}

/// gather() for axes that need not be consecutive: then they move to the front.
struct Place {
  array source;
  int axis;
  Axes order;  ///< of the transposition made, empty when none
};
Place consecutive(const array& a, const Axes& axes) {
  bool runs = true;
  for (size_t k = 1; k < axes.size(); ++k) runs &= axes[k] == axes[k - 1] + 1;
  if (runs) return {a, axes[0], {}};
  Axes order = axes;
  for (int i = 0; i < a.ndim(); ++i)
    if (std::find(axes.begin(), axes.end(), i) == axes.end()) order.push_back(i);
  return {transpose(a, order), 0, order};
}

/// Where the gathered axes and the new axes go: `from` is gather()'s result with index axes at
/// `at`.
array arranged(const array& from, const Entries& entries, int at, int index_ndim, bool adjacent) {
  // Places in the result, in order: 'i' for the index axes, 'r' for a range, 'n' for a new axis.
  std::string places = adjacent ? "" : "i";
  bool placed = !adjacent;
  int before = 0;
  for (const IndexEntry& entry : entries) {
    if (entry.kind == IndexEntry::new_axis) places += 'n';
    if (entry.kind == IndexEntry::range) places += 'r', before += !placed;
    const bool advanced =
        entry.kind == IndexEntry::array_of_integers || entry.kind == IndexEntry::integer;
    if (advanced && !placed) places += 'i', placed = true;
  }
  array result = from;
  if (index_ndim && at != before) {
    Axes order;
    for (int i = 0; i < from.ndim(); ++i)
      if (i < at || i >= at + index_ndim) order.push_back(i);
    for (int i = 0; i < index_ndim; ++i) order.insert(order.begin() + before + i, at + i);
    result = transpose(from, order);
  }
  Axes fresh;
  int axis = 0;
  for (const char place : places) {
    if (place == 'n') fresh.push_back(axis);
    axis += place == 'i' ? index_ndim : 1;
  }
  return fresh.empty() ? result : expand_dims(result, fresh);
}

/// Rows of `a` where the mask, over its leading axes, is true; a single bool gives an axis of one
/// row or none.
array read_masked(const array& a, const array& mask) {
  check_mask(a, mask, 0);
  const array places = true_places(mask, "index", {});
  const int axes = mask.ndim();
  const array rows = axes == 0 ? expand_dims(a, {0}) : axes == 1 ? a : flatten(a, 0, axes - 1);
  return gather(rows, {places}, 0);
}

bool is_whole(const array& a, const IndexEntry& entry) {
  return entry.start == 0 && entry.stop == a.shape(entry.axis) && entry.step == 1;
}

array read(const array& a, PyObject* index) {
  if (const std::optional<array> mask = mask_from(index)) return read_masked(a, *mask);
  const Entries entries = clamped(a, index_entries(a, index));
  for (const IndexEntry& entry : entries)
    if (entry.kind == IndexEntry::integer && a.shape(entry.axis) == 0)
      fail("index", "cannot read from the empty axis ", entry.axis, ".");
  if (follows_shape(a) && entries.size() == size_t(a.ndim()) &&
      entries[0].kind == IndexEntry::integer &&
      std::all_of(entries.begin() + 1, entries.end(), [&](const IndexEntry& e) {
        return e.kind == IndexEntry::range && is_whole(a, e);
      }))
    return take(a, array(entries[0].start), 0);  // which says nothing of the other axes
  const IndexBounds bounds = bounds_of(a, entries);
  const array selected = bounds.whole ? a : slice(a, bounds.start, bounds.stop, bounds.strides);
  const Gathered arrays = arrays_of(entries, true);
  if (arrays.indices.empty()) return with_axes(selected, entries);
  const Place place = consecutive(without_integers(selected, entries), arrays.axes);
  const array found = gather(place.source, arrays.indices, place.axis);
  const int index_ndim = found.ndim() - (place.source.ndim() - int(arrays.axes.size()));
  return arranged(found, entries, place.axis, index_ndim, arrays.adjacent);
}

/// An operation in place at an index: replaces, or combines with what is there.
struct Update {
  ScatterMode mode;
  array apply(const array& now, const array& value) const {
    switch (mode) {
      case ScatterMode::add:
        return add(now, value);
      case ScatterMode::multiply:
        return multiply(now, value);
      case ScatterMode::maximum:
        return maximum(now, value);
      case ScatterMode::minimum:
        return minimum(now, value);
      default:
        return value;
    }
  }
};

array without_leading_ones(const array& value) {
  int ones = 0;
  while (ones < value.ndim() && value.shape(ones) == 1) ++ones;
  if (!ones) return value;
  return reshape(value, Shape(value.shape().begin() + ones, value.shape().end()));
}

/// Values already spread over the selected elements, whatever shape those will have, are left as
/// they are.
array broadcast_value(const array& value, const Shape& shape) {
  if (follows_shape(value) && value.shape() == shape) return value;
  if (value.ndim() > int(shape.size()))
    fail("assignment", "cannot broadcast a value of shape ", to_string(value.shape()),
         " into shape ", to_string(shape), ".");
  return broadcast_to(value, shape);
}

/// `a` with the slices and integers of the index updated.
array update_slices(const array& a, const Entries& entries, const IndexBounds& bounds,
                    const array& value, Update update) {
  const array now = bounds.whole ? a : slice(a, bounds.start, bounds.stop, bounds.strides);
  Shape seen;
  for (const IndexEntry& entry : entries) {
    if (entry.kind == IndexEntry::new_axis) seen.push_back(1);
    if (entry.kind == IndexEntry::range) seen.push_back(now.shape(entry.axis));
  }
  const array spread = reshape(broadcast_value(value, seen), now.shape());
  if (bounds.whole) return update.apply(now, spread);
  return slice_update(a, update.apply(now, spread), bounds.start, bounds.stop, bounds.strides);
}

/// `a` with the elements at arrays of indices updated, every duplicate counting.
array update_gathered(const array& a, const Entries& entries, const IndexBounds& bounds,
                      const Gathered& arrays, const array& value, Update update) {
  const array selected = bounds.whole ? a : slice(a, bounds.start, bounds.stop, bounds.strides);
  const Place place = consecutive(without_integers(selected, entries), arrays.axes);
  const Arrays indices = common_indices(arrays.indices, "assignment", {});
  const int index_ndim = indices[0].ndim();
  // The shape that the value sees, and the order of its axes in terms of scatter's.
  Shape seen;
  Axes fresh, order;
  int index_at = -1, axis = 0;
  for (const IndexEntry& entry : entries) {
    const bool first = entry.kind == IndexEntry::array_of_integers && index_at < 0;
    if (!arrays.adjacent && index_at < 0)
      index_at = 0, seen = indices[0].shape();
    else if (first)
      index_at = int(seen.size()),
      seen.insert(seen.end(), indices[0].shape().begin(), indices[0].shape().end());
    if (entry.kind == IndexEntry::new_axis) fresh.push_back(int(seen.size())), seen.push_back(1);
    if (entry.kind == IndexEntry::range) seen.push_back(selected.shape(entry.axis));
  }
  array spread = broadcast_value(value, seen);
  if (!fresh.empty()) {
    spread = squeeze(spread, fresh);
    index_at -= int(std::count_if(fresh.begin(), fresh.end(), [&](int f) { return f < index_at; }));
  }
  for (; axis < spread.ndim(); ++axis)
    if (axis < index_at || axis >= index_at + index_ndim) order.push_back(axis);
  for (int i = 0; i < index_ndim; ++i) order.insert(order.begin() + place.axis + i, index_at + i);
  array written = scatter(place.source, indices, transpose(spread, order), place.axis, update.mode);
  if (!place.order.empty()) {
    Axes inverse(place.order.size());
    for (size_t i = 0; i < inverse.size(); ++i) inverse[place.order[i]] = int(i);
    written = transpose(written, inverse);
  }
  if (bounds.whole) return written;
  return slice_update(a, reshape(written, selected.shape()), bounds.start, bounds.stop,
                      bounds.strides);
}

/// The value in the shape of the elements that it is for.
Arrays spread_over(const Arrays& inputs) {
  return {broadcast_to(inputs[0], inputs[1].shape())};
}

/// update_slices() of an array of another shape: axes that were whole stay so.
Arrays updated_part(const Arrays& inputs, const std::vector<int>& kinds,
                    const std::vector<int>& axes, const Shape& start, const Shape& stop,
                    const Shape& strides, const std::vector<int>& whole, const ScatterMode& mode) {
  const int ndim = inputs[0].ndim();
  bool fits = axes.size() == kinds.size() && int(start.size()) == ndim &&
              int(stop.size()) == ndim && int(strides.size()) == ndim;
  for (size_t i = 0; fits && i < kinds.size(); ++i)
    fits = kinds[i] >= 0 && kinds[i] <= IndexEntry::new_axis && axes[i] >= -1 && axes[i] < ndim &&
           (axes[i] >= 0 || kinds[i] != IndexEntry::range);
  for (const int axis : whole) fits &= axis >= 0 && axis < ndim;
  if (!fits) fail("index", "the parts of an update do not fit an array of ", ndim, " dimensions.");
  Entries entries;
  for (size_t i = 0; i < kinds.size(); ++i)
    entries.push_back({IndexEntry::Kind(kinds[i]), axes[i], 0, 0, 1, {}});
  IndexBounds bounds{start, stop, strides, whole.size() == start.size()};
  for (const int axis : whole) bounds.stop[axis] = inputs[0].shape(axis);
  return {update_slices(inputs[0], entries, bounds, inputs[1], {mode})};
}

array update_any_shape(const array& a, const Entries& entries, const IndexBounds& bounds,
                       const array& value, Update update) {
  std::vector<int> kinds, axes, whole;
  for (const IndexEntry& entry : entries) {
    kinds.push_back(int(entry.kind)), axes.push_back(entry.axis);
    if (entry.kind == IndexEntry::range && is_whole(a, entry)) whole.push_back(entry.axis);
  }
  return deferred<&updated_part>({a, value}, {}, kinds, axes, bounds.start, bounds.stop,
                                 bounds.strides, whole, update.mode);
}

array write(const array& a, PyObject* index, array value, Update update) {
  const Entries entries = index_entries(a, index == Py_None ? Py_Ellipsis : index);
  const bool lone = !PyTuple_Check(index) && index != Py_None;
  const auto has = [&](IndexEntry::Kind kind) {
    return std::any_of(entries.begin(), entries.end(),
                       [kind](const IndexEntry& e) { return e.kind == kind; });
  };
  const bool has_integer = has(IndexEntry::integer);
  for (const IndexEntry& entry : entries)
    if (entry.kind == IndexEntry::integer &&
        (entry.start < 0 || entry.start >= a.shape(entry.axis)))
      return a;
  const IndexBounds bounds = bounds_of(a, entries);
  const Gathered arrays = arrays_of(entries, false);
  if (lone || !arrays.indices.empty() || has(IndexEntry::new_axis) ||
      (PyTuple_Check(index) && !has_integer))
    value = without_leading_ones(value);
  if (follows_shape(Arrays{a, value}) && arrays.indices.empty())
    return update_any_shape(a, entries, bounds, value, update);
  if (follows_shape(Arrays{a, value}) && !has_integer)
    value = deferred<&spread_over>({value, read(a, index)}, {});
  if (arrays.indices.empty()) return update_slices(a, entries, bounds, value, update);
  return update_gathered(a, entries, bounds, arrays, value, update);
}

/// Rows of `value` at the true places, one each; a value without an axis for them goes to every
/// place.
array write_masked(const array& a, const array& mask, const array& value) {
  if (mask.ndim() > a.ndim() ||
      !std::equal(mask.shape().begin(), mask.shape().end(), a.shape().begin()))
    fail("assignment", "a mask of shape ", to_string(mask.shape()),
         " does not match an array of shape ", to_string(a.shape()), ".");
  Shape tail(a.shape().begin() + mask.ndim(), a.shape().end());
  if (value.ndim() > int(tail.size()) + 1)
    fail("assignment", "a value of shape ", to_string(value.shape()),
         " does not broadcast to the last ", tail.size(), " dimensions of the array.");
  if (value.ndim() <= int(tail.size())) {
    Axes behind;
    for (int i = mask.ndim(); i < a.ndim(); ++i) behind.push_back(i);
    return where(expand_dims(mask, behind), follows_shape(a) ? value : broadcast_value(value, tail),
                 a);
  }
  tail.insert(tail.begin(), value.shape(0));
  return masked_put(a, mask, broadcast_to(value, tail));
}

/// The value of an assignment in the dtype of the array; assigned to everything at once, it keeps
/// its own.
array value_from(const array& a, PyObject* index, PyObject* value) {
  const bool everything = index == Py_Ellipsis || index == Py_None ||
                          (a.ndim() == 0 && PyTuple_Check(index) && !PyTuple_GET_SIZE(index));
  const auto cast = [&](const array& x) { return everything ? x : astype(x, a.dtype()); };
  if (is_array(value)) return cast(array_of(value));
  if (value == Py_None) throw type_error("an array element cannot be set to None.");
  if (is_number(value)) return cast(to_array_beside(number_of(value), a.dtype()));
  if (const std::optional<Operand> operand = foreign_operand(value, {}))
    return astype(to_array(*operand), a.dtype());
  fail("assignment", "an object of type ", Py_TYPE(value)->tp_name,
       " is neither a number nor an array.");
}

/// a.at and a.at[index].
struct ArrayAt {
  array value;
  py::object index;

  ArrayAt at(const py::object& where) const { return {value, where}; }
  array updated(const py::object& by, ScatterMode mode, array (*prepare)(const array&)) const {
    if (!index) fail("at", "Must give indices to array.at (e.g. `x.at[0].add(4)`).");
    const array v = value_from(value, index.ptr(), by.ptr());
    if (mask_from(index.ptr())) fail("at", "a boolean mask is not supported; use mx.where.");
    return write(value, index.ptr(), prepare ? prepare(v) : v, {mode});
  }
};

array negated(const array& x) {
  return negative(x);
}
array inverted(const array& x) {
  return astype(reciprocal(x), x.dtype());
}
array combined(const ArrayAt& at, const py::object& value, ScatterMode mode) {
  return at.updated(value, mode, nullptr);
}

}  // namespace

PyObject* array_getitem(const array& a, PyObject* index) {
  return wrap(read(a, index));
}

array array_setitem(const array& a, PyObject* index, PyObject* value) {
  const array v = value_from(a, index, value);
  if (const std::optional<array> mask = mask_from(index)) return write_masked(a, *mask, v);
  return write(a, index, v, {ScatterMode::set});
}

PyObject* array_at(const array& a) {
  return py::cast(ArrayAt{a, {}}).release().ptr();
}

static const std::vector<int> no_ints;
static const Registered<DeferredCall<&spread_over>> spread_over_class("SpreadOver");
static const Registered<DeferredCall<&updated_part>> updated_part_class("UpdatedPart", no_ints,
                                                                        no_ints, Shape{}, Shape{},
                                                                        Shape{}, no_ints,
                                                                        ScatterMode::set);

void bind_indexing(py::module_& m) {
  using At = const ArrayAt&;
  using Value = const py::object&;
  py::class_<ArrayAt>(m, "ArrayAt",
                      "An array with the places that an update is for: x.at[index].add(value).")
      .def("__getitem__", &ArrayAt::at)
      .def(
          "add", [](At at, Value value) { return combined(at, value, ScatterMode::add); },
          py::arg("value"),
          "The array with `value` added at these places, as often as each is named.")
      .def(
          "subtract",
          [](At at, Value value) { return at.updated(value, ScatterMode::add, negated); },
          py::arg("value"),
          "The array with `value` subtracted at these places, as often as each is named.")
      .def(
          "multiply", [](At at, Value value) { return combined(at, value, ScatterMode::multiply); },
          py::arg("value"),
          "The array multiplied by `value` at these places, as often as each is named.")
      .def(
          "divide",
          [](At at, Value value) { return at.updated(value, ScatterMode::multiply, inverted); },
          py::arg("value"),
          "The array divided by `value` at these places, as often as each is named.")
      .def(
          "maximum", [](At at, Value value) { return combined(at, value, ScatterMode::maximum); },
          py::arg("value"), "The array with the larger of its element and `value` at these places.")
      .def(
          "minimum", [](At at, Value value) { return combined(at, value, ScatterMode::minimum); },
          py::arg("value"),
          "The array with the smaller of its element and `value` at these places.")
      .def(
          "set", [](At at, Value value) { return combined(at, value, ScatterMode::set); },
          py::arg("value"),
          "The array with `value` at these places; which one wins is open where a place is named "
          "twice.");
}

}  // namespace mlx
