// How the words of a command line are read, and what is said of those that will not do. Private to
// tools/.

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace reprise {

// Decimal, 0x and hexadecimal digits, or a 40-digit git commit, of which the first 16 digits count.
std::optional<uint64_t> ParseSeed(const std::string& text);

// "500ms", "60s", "5m", "1h", or seconds.
std::optional<std::chrono::milliseconds> ParseDuration(const std::string& text);

// "NAME=VALUE", each.
absl::StatusOr<std::vector<std::pair<std::string, std::string>>> SplitOptions(
    const std::vector<std::string>& texts);

// Checks of options, as CLI11 wants them: what is wrong, or nothing.
using Check = std::function<std::string(const std::string&)>;
inline constexpr uint64_t kNoEnd = UINT64_MAX;
Check Whole(uint64_t least, uint64_t most = kNoEnd);
Check OneOf(std::vector<std::string> known);
std::string CheckSeed(const std::string& text);
std::string CheckDuration(const std::string& text);
std::string CheckFaultName(const std::string& text);

}  // namespace reprise
