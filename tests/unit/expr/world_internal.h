// What most expression tests need: a record of HR, one of Okta, and short ways to ask.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "service/expr/expression.h"

namespace rollcall::expr_test {

/// hr: title, department, blank (cleared), lost (unknown), active, level, tags.
struct People {
  AttrSchema hr;
  AttrSchema user;
  Record hr_record;
  Record user_record;
  Json roots = Json::object();
  CompileOptions options;
  EvalScope scope;

  People() {
    for (const char* name : {"title", "department", "blank", "lost", "first name"}) {
      hr.add({name, AttrType::text, false});
    }
    hr.add({"active", AttrType::boolean, false});
    hr.add({"level", AttrType::integer, false});
    hr.add({"ratio", AttrType::number, false});
    hr.add({"tags", AttrType::text_array, false});
    hr.add({"unset_flag", AttrType::boolean, false});
    user.add({"login", AttrType::text, false});
    user.add({"city", AttrType::text, false});
    hr_record.reset(hr.size());
    set("title", "Engineer");
    set("department", "Sales");
    set("first name", "Ada");
    set("active", "true");
    set("level", "42");
    set("ratio", "2.5");
    set("tags", R"(["a","b"])");
    hr_record.set_cleared(*hr.find("blank"));
    hr_record.set_cleared(*hr.find("unset_flag"));
    user_record.reset(user.size());
    user_record.set(*user.find("login"), "ada@x.example");
    user_record.set(*user.find("city"), "Bonn");
    options.hr = &hr;
    options.user = &user;
    options.roots = {"app"};
    roots.set("app", *parse_json(R"({"name":"HR","none":null})"));
    look();
  }
  People(const People&) = delete;

  void set(std::string_view name, std::string_view text) { hr_record.set(*hr.find(name), text); }
  void look() {
    scope.hr = hr_record.view();
    scope.user = user_record.view();
    scope.roots = &roots;
    scope.now = *parse_rfc3339("2026-03-01T06:00:00Z");
  }

  /// The value as text; "null", "unknown", or "error: message (column)".
  std::string operator()(std::string_view source) const {
    const auto compiled = compile(source, options);
    if (!compiled) return shown(compiled.error());
    return value_of(*compiled);
  }
  std::string value_of(const Expression& expression) const {
    const auto value = evaluate(expression, scope);
    if (!value) return shown(value.error());
    if (value->is_null()) return "null";
    if (value->is_unknown()) return "unknown";
    return attribute_text(*value);
  }
  static std::string shown(const Error& error) {
    return std::string(info(error.code).id) + ": " + error.message + " (" + error.where + ")";
  }
};

}  // namespace rollcall::expr_test
