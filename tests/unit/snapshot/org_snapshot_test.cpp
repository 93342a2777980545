#include "service/snapshot/org_snapshot.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "service/base/text.h"

namespace rollcall {
namespace {

struct Org {
  AttrSchema schema;
  AttrId login = schema.add({"login"});
  AttrId number = schema.add({"employeeNumber"});
  OrgSnapshot snapshot{SnapshotKeys{login, number, std::nullopt}};

  void add(const std::string& id, const std::string& name, const std::string& key) {
    Record record(schema.size());
    record.set(login, name);
    if (key.empty()) {
      record.set_cleared(number);
    } else {
      record.set(number, key);
    }
    AccountView account;
    account.id = id;
    account.status = AccountStatus::active;
    account.last_updated = {1234};
    account.profile = record.view();
    snapshot.add_account(account);
  }
  std::vector<AccountRef> find(MatchKey key, std::string_view text) const {
    std::vector<AccountRef> found;
    snapshot.find(key, text, found);
    return found;
  }
};

TEST(OrgSnapshot, FindsAccountsByEveryKey) {
  Org org;
  for (int i = 0; i < 20000; ++i) {
    org.add(fmt::format("00u{}", i), fmt::format("Person.{}@X.example", i), fmt::format("E{}", i));
  }
  org.snapshot.seal();
  for (const int i : {0, 1, 777, 19999}) {
    const auto ref = org.snapshot.by_id(fmt::format("00u{}", i));
    ASSERT_TRUE(ref);
    EXPECT_EQ(org.snapshot.at(*ref).login, fmt::format("Person.{}@X.example", i));
    EXPECT_EQ(org.snapshot.at(*ref).last_updated.ms, 1234);
    EXPECT_EQ(org.find(MatchKey::login, fmt::format("person.{}@x.example", i)),
              std::vector<AccountRef>{*ref});
    EXPECT_EQ(org.find(MatchKey::attribute_1, fmt::format("e{}", i)),
              std::vector<AccountRef>{*ref});
  }
  EXPECT_FALSE(org.snapshot.by_id("00u20000"));
  EXPECT_TRUE(org.find(MatchKey::attribute_2, "e1").empty());
}

TEST(OrgSnapshot, GivesEveryCandidateOfASharedKey) {
  Org org;
  org.add("00u1", "a@x.example", "E1");
  org.add("00u2", "b@x.example", "e1");
  org.add("00u3", "c@x.example", "");
  org.snapshot.seal();
  EXPECT_EQ(org.find(MatchKey::attribute_1, "e1").size(), 2U);
}

TEST(OrgSnapshot, LoginsFoldCaseAndDiacritics) {
  Org org;
  org.add("00u1", "Zoé@x.example", "");
  org.snapshot.seal();
  EXPECT_EQ(org.find(MatchKey::login, fold_login("zoe@X.example")).size(), 1U);
}

TEST(OrgSnapshot, KeepsEachMembershipOnceAndCountsUnknownMembers) {
  Org org;
  org.snapshot.add_group({"00g1", GroupType::okta_group, "one", "", {}, {}, false, {}});
  org.snapshot.add_group({"00g2", GroupType::okta_group, "two", "", {}, {}, false, {}});
  org.add("00u1", "a@x.example", "E1");
  org.add("00u2", "b@x.example", "E2");
  org.snapshot.add_member("00g2", "00u2");
  org.snapshot.add_member("00g1", "00u2");
  org.snapshot.add_member("00g1", "00u2");
  org.snapshot.add_member("00g1", "00u9");
  org.snapshot.seal();
  EXPECT_TRUE(org.snapshot.groups_of(0).empty());
  ASSERT_EQ(org.snapshot.groups_of(1).size(), 2U);
  EXPECT_EQ(org.snapshot.groups_of(1)[0], 0U);
  EXPECT_EQ(org.snapshot.unknown_members(), 1U);
}

}  // namespace
}  // namespace rollcall
