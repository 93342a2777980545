// Ownership links, packed: about 40 bytes each, because there is one for every person.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "service/model/account.h"

namespace rollcall {

/// A link as a LinkList holds it; valid while the list is unchanged.
struct LinkView {
  Link::Kind kind = Link::Kind::user;
  std::string_view okta_id;
  std::string_view logical_key;
  bool released = false;

  Link copy() const { return {kind, std::string(okta_id), std::string(logical_key), released}; }
};

class LinkList {
 public:
  LinkList() = default;
  explicit LinkList(std::span<const Link> links) {
    for (const Link& link : links) {
      add({link.kind, link.okta_id, link.logical_key, link.released});
    }
  }
  LinkList(std::initializer_list<Link> links)
      : LinkList(std::span<const Link>(links.begin(), links.size())) {}

  void add(const LinkView& link);
  /// Gives back what growing has left over.
  void pack();
  std::size_t size() const { return entries_.size(); }
  LinkView operator[](std::size_t i) const;

  class Iterator {
   public:
    Iterator(const LinkList& list, std::size_t at) : list_(&list), at_(at) {}
    LinkView operator*() const { return (*list_)[at_]; }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return at_ != other.at_; }

   private:
    const LinkList* list_;
    std::size_t at_;
  };
  Iterator begin() const { return {*this, 0}; }
  Iterator end() const { return {*this, size()}; }

 private:
  struct Entry {
    std::uint32_t offset = 0;
    std::uint16_t key_length = 0;
    std::uint8_t id_length = 0;
    Link::Kind kind : 7 = Link::Kind::user;
    bool released : 1 = false;
  };
  std::string bytes_;
  std::vector<Entry> entries_;
};

}  // namespace rollcall
