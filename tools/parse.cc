#include "tools/parse.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

namespace reprise {

std::optional<uint64_t> ParseSeed(const std::string& text) {
  std::string_view digits = text;
  int base = 10;
  if (text.size() == 40) {
    digits = digits.substr(0, 16);
    base = 16;
  } else if (digits.starts_with("0x") || digits.starts_with("0X")) {
    digits = digits.substr(2);
    base = 16;
  }
  uint64_t seed = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), seed, base);
  if (error != std::errc() || end != digits.data() + digits.size() || digits.empty()) return {};
  return seed;
}

std::string CheckSeed(const std::string& text) {
  if (ParseSeed(text)) return "";
  return "\"" + text +
         "\" is not a seed; want 0 to 18446744073709551615, 0xHEX, or a 40-digit git commit";
}

std::function<std::string(const std::string&)> Whole(uint64_t least, uint64_t most) {
  return [=](const std::string& text) -> std::string {
    uint64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error == std::errc() && stop == end && number >= least && number <= most) return "";
    return "\"" + text + "\" will not do; want a whole number, " + std::to_string(least) +
           (most == kNoEnd ? " or more" : " to " + std::to_string(most));
  };
}

std::function<std::string(const std::string&)> OneOf(std::vector<std::string> known) {
  return [known = std::move(known)](const std::string& text) -> std::string {
    if (std::ranges::find(known, text) != known.end()) return "";
    std::string all;
    for (const std::string& k : known) {
      all += (all.empty() ? "" : &k == &known.back() ? " or " : ", ") + k;
    }
    return "\"" + text + "\" will not do; want " + all;
  };
}

std::optional<std::chrono::milliseconds> ParseDuration(const std::string& text) {
  uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [unit, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || number > 1'000'000'000) return {};
  const std::string_view rest(unit, static_cast<size_t>(end - unit));
  const uint64_t ms = rest == "ms"                  ? 1
                      : rest == "s" || rest.empty() ? 1000
                      : rest == "m"                 ? 60'000
                      : rest == "h"                 ? 3'600'000
                                                    : 0;
  if (ms == 0 || number == 0) return {};
  return std::chrono::milliseconds(number * ms);
}

std::string CheckDuration(const std::string& text) {
  if (ParseDuration(text)) return "";
  return "\"" + text + "\" is no length of time; want 500ms, 60s, 5m or 1h";
}

std::string CheckFaultName(const std::string& text) {
  if (!text.empty() && text[0] != '-') return "";
  return "\"" + text + "\" is no fault; want names, as reprise list --faults has them";
}

absl::StatusOr<std::vector<std::pair<std::string, std::string>>> SplitOptions(
    const std::vector<std::string>& texts) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    if (equals == text.npos || equals == 0) {
      return absl::InvalidArgumentError("--option: \"" + text + "\" is not NAME=VALUE");
    }
    out.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

}  // namespace reprise
