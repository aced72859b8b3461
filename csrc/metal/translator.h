// The translation of one kernel: environments, instances of templates, lowering of expressions and
// statements. Its members are spread over the files named below.
//
// Work-items of a simdgroup meet in local memory, so every item of the group has to reach each
// simd_ function and barrier. Where control flow differs between items, statements that hold such a
// meeting are lowered in masked form (masked.cpp): all items walk through them, and what is not a
// meeting is guarded by the item's mask.
#pragma once

#include <functional>
#include <set>
#include <utility>

#include "metal/divergence.h"
#include "metal/parse.h"
#include "metal/translate.h"
#include "metal/value.h"

namespace mlx::metal {

struct Symbol {
  enum Kind { variable, type };
  Kind kind = variable;
  Value value;  ///< of a variable or constant
  Type named;   ///< of a type
};
using Scope = std::map<std::string, Symbol>;

/// A loop in masked form: `break` clears `stay`, `continue` clears `turn`, and every mask inside.
struct MaskedLoop {
  size_t stay = 0, turn = 0;  ///< indices into Frame::masks
  bool plain = false;         ///< all items leave it together: C's own break and continue serve
};

/// The function that is being lowered.
struct Frame {
  std::vector<Scope> scopes;
  std::vector<std::string> lines;
  int indent = 1;
  std::optional<Type> result;
  bool is_kernel = false, collective = false;
  Divergence divergence;
  std::vector<std::string> masks;  ///< open ones, outermost first
  std::vector<MaskedLoop> loops;
  bool returns_reference = false;
  int nested = 0;      ///< braces opened inside the guard
  bool alone = false;  ///< in a branch that is walked through when no item takes part
  bool in_guard = false;
  size_t guard_line = 0;
  int plain_loops = 0, plain_switches = 0;  ///< opened inside the guard
  std::string leave;                        ///< label after the guard, where it is jumped to
  const std::string& mask() const {
    static const std::string all;
    return masks.empty() ? all : masks.back();
  }
};

struct Instance {
  std::string name;
  Type result;
  std::vector<Type> parameters;
  std::vector<bool> by_reference;
  bool collective = false, has_self = false, returns_reference = false;
};

class Translator {
 public:
  explicit Translator(const Kernel& kernel);
  std::string run();

 private:
  /// A function with its template parameters filled in, for these arguments.
  struct Binding {
    Scope scope;
    std::vector<Type> parameters;
    std::vector<bool> by_reference;
    std::vector<int> ranks;
    std::string key;
  };

  // kernel.cpp
  void define_arguments(std::string& signature);
  void define_attributes();
  std::optional<Type> built_in_type_or_library(const std::string& name);
  void globals(const Unit& unit);

  // environment.cpp
  Frame& frame() { return *frame_; }
  const Symbol* find(const std::string& name) const;
  void bind(const std::string& name, Symbol symbol) {
    frame().scopes.back()[name] = std::move(symbol);
  }
  void bind_type(Scope& scope, const std::string& name, const Type& type);
  std::string variable_name(const std::string& name);
  std::string fresh(const std::string& stem);
  Type resolve(const TypeName& type);
  Type resolve_base(const TypeName& type);
  Type trait(const TypeName& type);
  Type argument_type(const TemplateArgument& argument);
  int64_t argument_value(const TemplateArgument& argument);
  std::optional<Type> named_type(const NodePtr& node);
  int64_t constant_of(const NodePtr& node, const char* what);

  // conversion.cpp
  Value load(const Value& value);
  Value convert(const Value& value, const Type& type, Place place);
  std::string store(const Value& value, const Type& type, Place place);
  std::string rounded_call(const Type& type, const char* form) const;
  Value rounded(std::string code, Level level, const Type& type);
  Value address_of(const Value& value, Place place);
  Value dereferenced(const Value& pointer, Place place);
  int rank(const Value& value, const Type& type) const;

  // expression.cpp
  Value lower(const Node& node);
  Value lower_computed(const Node& node) { return load(lower(node)); }
  Value number(const Node& node);
  Value name(const Node& node);
  Value index(const Node& node);
  Value member(const Node& node);
  Value ternary(const Node& node);
  Value cast_to_reference(const Node& node);
  Value cast(const Node& node);
  Value construct(const Node& node);
  Value construct_vector(const Type& type, const std::vector<Value>& parts, Place place);
  std::string initial_text(const Node& list, const Type& type);
  Value size_of(const Node& node);

  // operator.cpp
  Value unary(const Node& node);
  Value binary(const Node& node);
  Value arithmetic(const std::string& sign, const Value& left, const Value& right, Place place);
  Value assign(const Node& node);
  Value step(const Node& node, bool after);
  std::optional<Value> overloaded(const std::string& sign, const std::vector<Value>& operands,
                                  Place place);

  // call.cpp
  Value call(const Node& node);
  std::vector<Value> lower_arguments(const Node& call);
  Value call_function(const std::vector<FunctionPtr>& candidates, const Node* callee,
                      const std::vector<Value>& arguments, const Value* self,
                      const std::string& shown, Place place);
  Value call_instance(const Instance& instance, const std::vector<Value>& arguments,
                      const Value* self, Place place);
  Value call_method(const Value& object, const std::string& name, const Node* callee,
                    const std::vector<Value>& arguments, Place place);
  Value meet(const std::string& call, const Type& type);
  std::string for_meeting(const std::string& code, const Type& type);
  std::string present_mask() { return frame().masks.empty() ? "1" : frame().mask(); }

  // builtin.cpp
  std::optional<Value> builtin(const std::string& name, const Node& call,
                               const std::vector<Value>& arguments);
  std::optional<Value> from_table(const std::string& name, const std::vector<Value>& arguments,
                                  Place place);
  Value fill(const std::string& pattern, const std::vector<Value>& arguments, const Type& operand,
             const Type& result, Place place);
  std::optional<Value> limit(const TypeName& scope, const std::string& name, Place place);
  std::optional<Value> constant_name(const std::string& name);
  // builtin_simd.cpp
  std::optional<Value> simd(const std::string& name, const Node& call,
                            const std::vector<Value>& arguments);
  Value component_met(const std::string& function, const std::vector<Value>& parts,
                      const std::string& rest, const Type& type, Place place);
  // builtin_memory.cpp
  std::optional<Value> memory(const std::string& name, const Node& call,
                              const std::vector<Value>& arguments);
  std::optional<Value> atomic(const std::string& name, const std::vector<Value>& arguments,
                              Place place);
  Value reinterpreted(const Value& value, const Type& type, Place place);
  // builtin_matrix.cpp
  std::optional<Value> matrix(const std::string& name, const Node& call,
                              const std::vector<Value>& arguments);

  // instance.cpp
  std::optional<Binding> bind_parameters(const Function& function, const Node* callee,
                                         const std::vector<Value>& arguments, const Value* self);
  void deduce(const TypeName& pattern, const Type& actual, const Function& function, Scope& bound);
  Instance& instantiate(const FunctionPtr& function, const Binding& binding,
                        const std::vector<Value>& arguments, const Value* self);
  void parameter_types(const Function& function, const std::vector<Value>& arguments,
                       const Scope& members, Binding& binding);
  void define_function(const Function& function, const Binding& binding,
                       const std::vector<Value>& arguments, const Value* self, Instance& made);
  Scope members_by_self(const Record& record, Space space);
  static const Symbol* find_member(const Scope& scope, const std::string& name);
  static Scope scope_copy(const Frame& frame);
  void free_names(const Node& node, std::set<std::string>& names) const;
  Value result_of_lambda(const Node& node);

  // record.cpp
  const Record* record_of(const StructPtr& structure, Scope bound, const std::string& key);
  const Record* record_named(const TypeName& type);
  Scope scope_of(const Record& record);
  std::vector<FunctionPtr> methods_of(const Record& record, const std::string& name) const;
  std::optional<Value> constant_in(const Record& record, const std::string& name);
  void enumeration(const Struct& structure);

  // statement.cpp
  void body_of_function(const Node& body);
  void statements(const Node& block);
  void statement(const Node& node);
  void plain_statement(const Node& node);
  void expression_statement(const Node& node);
  // declaration.cpp
  void declaration(const Node& node);
  void declare_one(const Declared& declared);
  void declare_reference(const Declared& declared, const Value& initial);
  void declare_variable(const Declared& declared, Type type, const std::optional<Value>& initial);
  void declare_list(const std::string& name, const Type& type, const Node& list);
  void declare_flat(const std::string& name, const Type& type, const Node& list, size_t& next);
  void close_if_masked();
  bool is_masked() { return !frame().masks.empty() && frame().nested == 0; }
  void declare_threadgroup(const Declared& declared, Type type);
  // statement.cpp
  void plain_choose(const Node& node);
  void plain_loop(const Node& node);
  void plain_select(const Node& node);
  void give_back(const Node& node);
  void leave(const Node& node);
  void scoped(const std::function<void()>& body);
  void line(const std::string& text);
  void braces(const std::string& head, const std::function<void()>& body);

  // masked.cpp
  bool meets(const Node& node) const { return meetings_.contains(node); }
  void masked_choose(const Node& node);
  void masked_loop(const Node& node);
  void guarded(const std::function<void()>& body);
  void close_guard();
  void hoist(const std::string& declaration);
  void meet_again();
  void exit_masks(size_t from);
  bool uniform(const Node& node) const {
    return !frame_->alone && frame_->divergence.uniform(node);
  }
  bool meets_directly(const Node& node) const;
  std::string condition_mask(const NodePtr& condition, const char* stem);

  const Kernel& kernel_;
  KnownNames known_;
  Macros macros_;
  Frame* frame_ = nullptr;
  Scope globals_;
  std::map<std::string, std::vector<FunctionPtr>> functions_;
  std::map<std::string, std::vector<StructPtr>> structs_;
  Meetings meetings_;
  std::map<std::string, Instance> instances_;
  std::map<std::string, std::unique_ptr<Record>> records_;
  std::map<const Record*, Scope> record_scopes_;
  std::map<std::string, int> name_counts_;
  bool tiles_ = false;  ///< simdgroup_matrix is used
  std::string record_text_, constant_text_, function_text_, threadgroup_text_;
  std::set<const void*> defining_;
};

}  // namespace mlx::metal
