#include "tools/wording.h"

#include <charconv>

namespace reprise {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

uint8_t Byte(std::string_view bytes, size_t i) { return static_cast<uint8_t>(bytes[i]); }
bool IsContinuation(char c) { return (static_cast<uint8_t>(c) & 0xc0) == 0x80; }

// The length of the well-formed character at the front of bytes; zero where there is none.
size_t CharacterAt(std::string_view bytes) {
  const uint8_t lead = Byte(bytes, 0);
  const size_t n = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (n == 0 || lead > 0xf4 || bytes.size() < n) return 0;
  uint32_t code = n == 1 ? lead : lead & (0x7fu >> n);
  for (size_t i = 1; i < n; ++i) {
    if (!IsContinuation(bytes[i])) return 0;
    code = code << 6 | (Byte(bytes, i) & 0x3f);
  }
  const bool overlong = (n == 3 && code < 0x800) || (n == 4 && code < 0x10000);
  const bool no_character = (code >= 0xd800 && code < 0xe000) || code > 0x10ffff ||
                            (code & 0xfffe) == 0xfffe;  // XML forbids U+FFFE and U+FFFF.
  return overlong || no_character ? 0 : n;
}

bool IsControl(std::string_view character) {
  const uint8_t lead = Byte(character, 0);
  return lead < 0x20 || lead == 0x7f || (lead == 0xc2 && Byte(character, 1) < 0xa0);
}

// A number of units, with as many decimals of the thousandths as asked for, less trailing zeros.
std::string WithFraction(int64_t thousandths, int decimals) {
  std::string out = std::to_string(thousandths / 1000);
  std::string fraction = std::to_string(1000 + thousandths % 1000).substr(1);
  fraction.resize(static_cast<size_t>(decimals));
  while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
  return fraction.empty() ? out : out + "." + fraction;
}

}  // namespace

std::string Clean(std::string_view bytes) {
  std::string out;
  while (!bytes.empty()) {
    const size_t n = CharacterAt(bytes);
    if (n == 0) {
      out += kReplacement;
    } else if (IsControl(bytes.substr(0, n))) {
      out += ' ';
    } else {
      out += bytes.substr(0, n);
    }
    bytes.remove_prefix(n == 0 ? 1 : n);
  }
  return out;
}

size_t Length(std::string_view text) {
  size_t n = 0;
  for (char c : text) n += IsContinuation(c) ? 0 : 1;
  return n;
}

std::string Shorten(std::string_view text, size_t length_most) {
  if (Length(text) <= length_most) return std::string(text);
  size_t end = 0;
  for (size_t length = 0; end < text.size(); ++end) {
    if (!IsContinuation(text[end]) && ++length >= length_most) break;
  }
  while (end > 0 && text[end - 1] == ' ') --end;
  return std::string(text.substr(0, end)) + "…";
}

std::string Thousands(uint64_t n) {
  std::string out = std::to_string(n);
  for (size_t i = out.size(); i > 3; i -= 3) out.insert(i - 3, ",");
  return out;
}

std::string Roughly(Duration length) {
  const int64_t ns = length.count();
  const auto decimals = [](int64_t thousandths) { return thousandths < 10'000 ? 1 : 0; };
  if (ns >= 1'000'000'000) {
    return WithFraction(ns / 1'000'000, decimals(ns / 1'000'000)) + " s";
  }
  if (ns >= 1'000'000) return WithFraction(ns / 1'000, decimals(ns / 1'000)) + " ms";
  return WithFraction(ns, decimals(ns)) + " µs";
}

std::string Exactly(Time at) {
  const int64_t ns = Nanos(at);
  if (ns % 1'000'000 == 0 && ns >= 1'000'000'000) return WithFraction(ns / 1'000'000, 3) + " s";
  std::string fraction = std::to_string(1'000'000 + ns % 1'000'000).substr(1);
  while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
  return std::to_string(ns / 1'000'000) + (fraction.empty() ? "" : "." + fraction) + " ms";
}

std::string Fixed(double value, int decimals) {
  char text[400];  // Room for the largest double there is.
  const auto end =
      std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, decimals);
  const std::string out(text, end.ptr);
  const bool zero = out.find_first_not_of("-0.") == out.npos;
  return zero && out[0] == '-' ? out.substr(1) : out;
}

}  // namespace reprise
