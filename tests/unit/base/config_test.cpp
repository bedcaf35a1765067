// SPDX-License-Identifier: Apache-2.0
#include "thor/base/config.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "thor/base/error.h"

namespace thor {
namespace {

using ::testing::HasSubstr;

struct Inner {
  double rate = 0.5;
  std::vector<int64_t> steps{1, 2};
  void describe(Fields& fields) {
    fields.add("rate", &rate, "a share", between(0, 1));
    fields.add("steps", &steps, "some steps", at_least(0));
  }
};

enum class Kind { Ddpm, Ddim };
Names names_of(Kind) { return {"ddpm", "ddim"}; }

struct Outer {
  Kind kind = Kind::Ddpm;
  std::string word = "a";
  bool flag = false;
  int64_t count = 3;
  Inner inner;
  void describe(Fields& fields) {
    fields.add("kind", &kind, "which");
    fields.add("word", &word, "one of some", one_of({"a", "b"}));
    fields.add("flag", &flag, "whether");
    fields.add("count", &count, "how many", between(1, 10));
    fields.group("inner", inner);
  }
};

std::string refusal(const std::string& yaml) {
  Outer outer;
  try {
    Fields(outer).read(yaml);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Usage);
    return error.what();
  }
  return "nothing was refused";
}

TEST(Config, ReadsNestedYamlAndJson) {
  Outer outer;
  Fields fields(outer);
  fields.read("kind: ddim\ninner:\n  rate: 0.25\n  steps: [5, 6, 7]\n");
  EXPECT_EQ(outer.kind, Kind::Ddim);
  EXPECT_EQ(outer.inner.rate, 0.25);
  EXPECT_EQ(outer.inner.steps, (std::vector<int64_t>{5, 6, 7}));
  Outer copy;
  Fields(copy).read(fields.to_json().dump());
  EXPECT_EQ(Fields(copy).to_json(), fields.to_json());
}

TEST(Config, RefusesUnknownKeysWithTheNearestOne) {
  EXPECT_THAT(refusal("cuont: 4"), HasSubstr("did you mean 'count'?"));
  EXPECT_THAT(refusal("inner: {rte: 1}"), HasSubstr("did you mean 'inner.rate'?"));
  EXPECT_THAT(refusal("rate: 1"), HasSubstr("did you mean 'inner.rate'?"));
}

TEST(Config, RefusesWrongTypesAndRanges) {
  EXPECT_THAT(refusal("count: many"), HasSubstr("expected a whole number"));
  EXPECT_THAT(refusal("count: 2.5"), HasSubstr("expected a whole number"));
  EXPECT_THAT(refusal("count: 11"), HasSubstr("outside its range [1, 10]"));
  EXPECT_THAT(refusal("flag: perhaps"), HasSubstr("expected true or false"));
  EXPECT_THAT(refusal("kind: ddpn"), HasSubstr("did you mean 'ddpm'?"));
  EXPECT_THAT(refusal("inner: {rate: .nan}"), HasSubstr("expected a number"));
  EXPECT_THAT(refusal("inner: {steps: 3}"), HasSubstr("must be a list"));
  EXPECT_THAT(refusal("inner: 3"), HasSubstr("unknown config key 'inner'"));
  EXPECT_THAT(refusal("[1, 2]"), HasSubstr("a mapping"));
  EXPECT_THAT(refusal("a: [1"), HasSubstr("not valid YAML"));
}

TEST(Config, AFailedValueLeavesTheFieldAsItWas) {
  Outer outer;
  EXPECT_THROW(Fields(outer).assign("inner.steps=[1, -2]"), Error);
  EXPECT_EQ(outer.inner.steps, (std::vector<int64_t>{1, 2}));
  EXPECT_THROW(Fields(outer).assign("count"), Error);
}

TEST(Config, AnEnumIsReadAndWrittenByTheNamesOfItsValues) {
  Outer outer;
  Fields fields(outer);
  fields.assign("kind=ddim");
  EXPECT_EQ(outer.kind, Kind::Ddim);
  EXPECT_EQ(fields.to_json().at("kind"), "ddim");
  EXPECT_EQ(fields.list()[0].limits.choices, names_of(Kind()));
  EXPECT_EQ(value_called<Kind>("ddpm"), Kind::Ddpm);
  EXPECT_EQ(value_called<Kind>("Ddpm"), std::nullopt);
  EXPECT_EQ(refusal("kind: ddpn"), "'kind' is 'ddpn', expected one of: ddpm, ddim; did you mean 'ddpm'?");
  EXPECT_THAT(refusal("word: c"), HasSubstr("'word' is 'c', expected one of: a, b"));
  EXPECT_EQ(refusal("kind: [ddpm]"), "'kind' is 'a list or mapping', expected text");
}

TEST(Config, ReadKnownPassesOverOtherKeys) {
  Outer outer;
  Fields some;
  some.add("inner.rate", &outer.inner.rate, "");
  some.read_known("kind: nonsense\ninner: {rate: 0.75, other: 2}\n");
  EXPECT_EQ(outer.inner.rate, 0.75);
  EXPECT_EQ(outer.kind, Kind::Ddpm);
  some.read_known("- 1\n- 2\n");  // left to `read` to refuse
  EXPECT_EQ(outer.inner.rate, 0.75);
}

struct Recipe {
  std::string name;
  std::vector<std::string> set;
  std::vector<YamlText> values;
  void describe(Fields& fields) {
    fields.add("name", &name, "");
    fields.add("set", &set, "");
    fields.add("values", &values, "");
  }
};

struct Book {
  std::vector<YamlText> recipes;
  void describe(Fields& fields) { fields.add("recipes", &recipes, ""); }
};

TEST(Config, ListsOfMappingsAreReadItemByItem) {
  Book book;
  Fields(book).read(
      "recipes:\n  - name: a\n    set: [x=1, 'y=[1, 2]']\n  - {name: 'b: c', values: [300, [1, 2], lpips]}\n");
  const auto recipes = read_items<Recipe>("recipes", book.recipes);
  ASSERT_EQ(recipes.size(), 2u);
  EXPECT_EQ(recipes[0].set, (std::vector<std::string>{"x=1", "y=[1, 2]"}));
  EXPECT_EQ(recipes[1].name, "b: c");
  ASSERT_EQ(recipes[1].values.size(), 3u);
  EXPECT_EQ(recipes[1].values[0].text, "300");
  EXPECT_EQ(recipes[1].values[1].text, "[1, 2]");
  EXPECT_EQ(recipes[1].values[2].text, "lpips");
}

TEST(Config, AnItemWithAnUnknownKeySaysWhichItemItIs) {
  Book book;
  EXPECT_THROW(Fields(book).read("recipes: 3"), Error);
  Fields(book).read("recipes: [{name: a}, {nmae: b}]");
  try {
    read_items<Recipe>("recipes", book.recipes);
    ADD_FAILURE() << "was accepted";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("did you mean 'name'?"));
    EXPECT_THAT(error.what(), HasSubstr("item 2 of 'recipes'"));
  }
}

}  // namespace
}  // namespace thor
