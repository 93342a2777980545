#include "tests/sim/rule_condition.h"

#include "service/expr/expression.h"
#include "tests/sim/packed_json.h"
#include "tests/sim/user_schema.h"

namespace rollcall::sim {

struct RuleCondition::Compiled {
  AttrSchema attributes;
  Expression expression;
};

namespace {

AttrType type_of(const Json& definition) {
  const std::string_view type = definition["type"].as_string();
  if (type == "boolean") return AttrType::boolean;
  if (type == "integer") return AttrType::integer;
  if (type == "number") return AttrType::number;
  if (type != "array") return AttrType::text;
  const bool text = definition["items"]["type"].as_string("string") == "string";
  return text ? AttrType::text_array : AttrType::number_array;
}

}  // namespace

std::optional<RuleCondition> RuleCondition::compile(std::string_view expression,
                                                    const UserSchema& schema) {
  auto compiled = std::make_shared<Compiled>();
  for (const auto* list : {&schema.base(), &schema.custom()}) {
    for (const SchemaAttribute& a : *list) {
      compiled->attributes.add({a.name, type_of(a.definition), false});
    }
  }
  CompileOptions options;
  options.user = &compiled->attributes;
  options.group_rule = true;
  options.extensions = false;
  auto result = rollcall::compile(expression, options);
  if (!result) return std::nullopt;
  compiled->expression = std::move(*result);
  RuleCondition condition;
  condition.compiled_ = std::move(compiled);
  return condition;
}

bool RuleCondition::matches(std::string_view profile) const {
  if (compiled_ == nullptr) return false;
  Record record(compiled_->attributes.size());
  for (const AttrId id : compiled_->expression.user_attributes()) {
    const std::string text = packed_text(profile, compiled_->attributes.at(id).name);
    if (text.empty()) {
      record.set_cleared(id);
    } else {
      record.set(id, text);
    }
  }
  EvalScope scope;
  scope.user = record.view();
  const auto value = evaluate(compiled_->expression, scope);
  return value && value->boolean() != nullptr && *value->boolean();
}

}  // namespace rollcall::sim
