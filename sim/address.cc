#include "sim/address.h"

#include <algorithm>
#include <charconv>
#include <deque>
#include <tuple>

#include "sim/check.h"
#include "sim/choices.h"

namespace reprise {
namespace {

// A deque, because names must stay where they are while others are added.
std::deque<std::string>& Names() {
  static std::deque<std::string> names;
  return names;
}

uint64_t KeyOf(std::string_view name) {
  uint64_t h = 0xcbf29ce484222325;
  for (char c : name) h = (h ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  return Choices::Mix(h);
}

bool IsLabel(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, fits);
}

// Takes a decimal number from 1 off the front of text. A leading zero is an error, so that each
// address has one text.
template <class T>
bool TakeNumber(std::string_view& text, T& value) {
  if (text.starts_with('0')) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end == text.data()) return false;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return true;
}

bool TakeChar(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

bool TakeNode(std::string_view& text, NodeId& node) {
  uint32_t n = 0;
  if (!TakeChar(text, 'n') || !TakeNumber(text, n)) return false;
  node = NodeId{n};
  return true;
}

}  // namespace

Label::Label(std::string_view name) : index_(0), key_(KeyOf(name)) {
  CHECK(IsLabel(name));
  auto& names = Names();
  const auto at = std::ranges::find(names, name);
  index_ = static_cast<uint16_t>(at - names.begin());
  if (at == names.end()) names.emplace_back(name);
  CHECK(names.size() < kMost);
}

Label Label::Reserved(std::string_view name) {
  const Label label(name);
  reserved_[label.index_] = true;
  return label;
}

std::optional<Label> Label::Find(std::string_view name) {
  const auto at = std::ranges::find(Names(), name);
  if (at == Names().end()) return std::nullopt;
  return Label(static_cast<uint16_t>(at - Names().begin()), KeyOf(name));
}

size_t Label::count() { return Names().size(); }

Label Label::At(uint16_t index) { return Label(index, KeyOf(Names()[index])); }

const std::string& Label::name() const { return Names()[index_]; }

bool Before(const Address& a, const Address& b) {
  if (a.site.label != b.site.label) return a.site.label.name() < b.site.label.name();
  const auto rest = [](const Address& x) {
    return std::tuple(x.site.node, x.site.peer, x.ordinal, x.sub);
  };
  return rest(a) < rest(b);
}

void Sort(Departures& departures) { std::ranges::sort(departures, Before, &Departure::address); }

std::string Describe(const Site& site) {
  std::string out = site.label.name();
  if (site.node != kNobody) out += " " + Name(site.node);
  if (site.peer != kNobody) out += ">" + Name(site.peer);
  return out;
}

std::string Describe(const Address& address) {
  std::string out = Describe(address.site) + " #" + std::to_string(address.ordinal);
  if (address.sub != 0) out += "." + std::to_string(address.sub);
  return out;
}

std::optional<Address> ParseAddress(std::string_view text) {
  const auto label = Label::Find(text.substr(0, text.find(' ')));
  if (!label) return std::nullopt;
  Address address{.site = {.label = *label}};
  text.remove_prefix(label->name().size());
  if (text.starts_with(" n")) {
    text.remove_prefix(1);
    if (!TakeNode(text, address.site.node)) return std::nullopt;
    if (TakeChar(text, '>') && !TakeNode(text, address.site.peer)) return std::nullopt;
  }
  if (!TakeChar(text, ' ') || !TakeChar(text, '#')) return std::nullopt;
  if (!TakeNumber(text, address.ordinal)) return std::nullopt;
  if (TakeChar(text, '.') && !TakeNumber(text, address.sub)) return std::nullopt;
  if (!text.empty()) return std::nullopt;
  return address;
}

}  // namespace reprise
