#include "tests/bench/made_org.h"

#include <fmt/core.h>

#include <algorithm>
#include <fstream>
#include <random>
#include <vector>

namespace rollcall::bench {
namespace {

constexpr std::array<std::string_view, 12> kFirst{"Ada",    "Bilal",  "Chiara", "Dörte",
                                                  "Émile",  "Farah",  "Gaël",   "Hana",
                                                  "Ingrid", "Jürgen", "Kofi",   "Łucja"};
constexpr std::array<std::string_view, 10> kLast{"Abbott",  "Brandão", "Castillo", "D'Angelo",
                                                 "Eriksen", "Fischer", "Grübel",   "Hašek",
                                                 "Ibrahim", "Jansen"};
constexpr std::array<std::string_view, 8> kTitle{
    "Nurse",   "Analyst, Credit",      "Driver", "Director, Plant Safety",
    "Teacher", "Engineer of Networks", "Buyer",  "Clerk of Records II"};
constexpr std::array<std::string_view, 6> kDepartment{"Care",     "Finance & Control", "Fleet",
                                                      "Networks", "Purchasing",        "Records"};
constexpr std::array<std::string_view, 4> kDivision{"North", "South", "East", "West"};
struct Place {
  std::string_view city, state, zip, country;
};
constexpr std::array<Place, 5> kPlaces{{{"Zürich", "ZH", "8001", "CH"},
                                        {"Lyon", "ARA", "69001", "FR"},
                                        {"Łódź", "LD", "90-001", "PL"},
                                        {"Austin", "TX", "78701", "US"},
                                        {"Osaka", "27", "530-0001", "JP"}}};

using Person = std::array<std::string, kAttributes.size()>;

class Maker {
 public:
  explicit Maker(std::uint32_t size) : size_(size), random_(size) {}

  Person person(std::uint32_t i) {
    const auto first = pick(kFirst);
    const auto last = pick(kLast);
    const Place place = kPlaces[below(kPlaces.size())];
    const std::string login = fmt::format("person{:07}@corp.example", i);
    const std::uint32_t boss = below(size_);
    return {fmt::format("W{:07}", i),
            login,
            login,
            std::string(first),
            std::string(last),
            fmt::format("{} {}", first, last),
            std::string(pick(kTitle)),
            std::string(pick(kDepartment)),
            std::string(pick(kDivision)),
            "Corp, and Sons",
            fmt::format("CC{:04}", below(900)),
            fmt::format("person{:07}@corp.example", boss),
            fmt::format("W{:07}", boss),
            "Employee",
            fmt::format("+1 555 {:07}", below(10'000'000)),
            fmt::format("+1 444 {:07}", below(10'000'000)),
            fmt::format("{} Long Street", below(9999)),
            std::string(place.city),
            std::string(place.state),
            std::string(place.zip),
            std::string(place.country)};
  }
  std::uint32_t below(std::size_t n) { return static_cast<std::uint32_t>(random_() % n); }
  std::mt19937& random() { return random_; }

 private:
  template <class List>
  std::string_view pick(const List& list) {
    return list[below(list.size())];
  }
  std::uint32_t size_;
  std::mt19937 random_;
};

std::string csv_row(const Person& person) {
  std::string row;
  for (const std::string& cell : person) {
    if (!row.empty()) row += ',';
    row += cell.find(',') == std::string::npos ? cell : '"' + cell + '"';
  }
  return row + "\r\n";
}

std::string user_json(const Person& person, const std::string& id, std::string_view status) {
  std::string profile;
  for (std::size_t a = 0; a < kAttributes.size(); ++a) {
    profile += fmt::format("\"{}\":\"{}\",", kAttributes[a], person[a]);
  }
  // As long as what Okta shows in a list, with its properties in its order.
  constexpr const char* kAt = "2024-05-06T07:08:09.000Z";
  return fmt::format(
      "{{\"id\":\"{0}\",\"status\":\"{1}\",\"created\":\"{2}\",\"activated\":\"{2}\","
      "\"statusChanged\":\"{2}\",\"lastLogin\":null,\"lastUpdated\":\"{2}\",\"passwordChanged\":"
      "\"{2}\",\"realmId\":\"guo0000000000000001\",\"type\":{{\"id\":\"oty0000000000000001\"}},"
      "\"profile\":{{{3}\"secondEmail\":null}},\"credentials\":{{\"password\":{{}},\"emails\":[{{"
      "\"value\":\"{4}\",\"status\":\"VERIFIED\",\"type\":\"PRIMARY\"}}],\"provider\":{{\"type\":"
      "\"OKTA\",\"name\":\"OKTA\"}}}},\"_links\":{{\"self\":{{\"href\":"
      "\"https://corp.example/api/v1/users/{0}\"}}}}}}",
      id, status, kAt, profile, person[2]);
}

}  // namespace

MadeOrg make_org(const std::string& dir, std::uint32_t size) {
  constexpr std::uint32_t kPerMille = 1000, kPageSize = 200;
  MadeOrg made;
  Maker maker(size);
  std::vector<std::string> rows;
  rows.reserve(size);
  std::ofstream org(dir + "/org.jsonl"), links(dir + "/links.tsv"), hr(dir + "/hr.csv");
  std::uint32_t on_page = 0;
  for (std::uint32_t i = 0; i < size; ++i) {
    Person person = maker.person(i);
    const std::uint32_t fate = maker.below(kPerMille);
    const bool leaver = fate < 5, joiner = fate >= 995, changed = fate >= 5 && fate < 15;
    if (!leaver) rows.push_back(csv_row(person));
    made.leavers += leaver ? 1 : 0;
    made.joiners += joiner ? 1 : 0;
    made.changed += changed ? 1 : 0;
    if (joiner) continue;
    if (changed) person[6] = "Acting " + person[6];
    const std::string id = fmt::format("00ub{:012}K5d7", i);
    org << (on_page == 0 ? "[" : ",")
        << user_json(person, id, i % 40 == 0 ? "PROVISIONED" : "ACTIVE");
    links << id << '\t' << person[0] << '\n';
    ++made.accounts;
    if (++on_page == kPageSize) {
      org << "]\n";
      on_page = 0;
    }
  }
  if (on_page > 0) org << "]\n";
  std::shuffle(rows.begin(), rows.end(), maker.random());
  for (std::size_t a = 0; a < kAttributes.size(); ++a) hr << (a == 0 ? "" : ",") << kAttributes[a];
  hr << "\r\n";
  for (const std::string& row : rows) hr << row;
  made.people = rows.size();
  made.same = made.accounts - made.leavers - made.changed;
  return made;
}

}  // namespace rollcall::bench
