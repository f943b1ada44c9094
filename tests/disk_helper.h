// For tests of disks: departure lists from text, and files as letters, one a sector.

#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "sim/check.h"
#include "sim/disk.h"
#include "sim/scenario.h"

namespace reprise {

using Entries = std::vector<std::pair<std::string, uint64_t>>;

inline Departures List(const Entries& entries) {
  Departures out;
  for (const auto& [text, value] : entries) {
    const auto address = ParseAddress(text);
    EXPECT_TRUE(address.has_value()) << text;
    if (address) out.push_back({*address, value, 1 << 20});
  }
  Sort(out);
  return out;
}

inline File Open(Env& env, std::string_view path, OpenMode mode = OpenMode::kCreateIfMissing) {
  auto file = env.disk().Open(path, mode);
  CHECK(file.ok());
  return *file;
}
inline std::string ReadAll(Env& env, std::string_view path) {
  auto file = env.disk().Open(path, OpenMode::kExisting);
  if (!file.ok()) return absl::IsNotFound(file.status()) ? "(none)" : "(error)";
  const auto bytes = file->ReadAt(0, 1 << 20);
  if (!bytes.ok()) return absl::IsDataLoss(bytes.status()) ? "(lost)" : "(error)";
  return *bytes;
}
inline std::string Sectors(const std::string& letters) {
  std::string out;
  for (char c : letters) out += std::string(kSectorBytes, c);
  return out;
}
// The letters of sectors that are all of one letter; '?' for any other. '0' for zeros.
inline std::string Letters(const std::string& content) {
  if (content.starts_with("(")) return content;
  std::string out;
  for (size_t at = 0; at < content.size(); at += kSectorBytes) {
    const std::string sector = content.substr(at, kSectorBytes);
    const bool plain = sector == std::string(sector.size(), sector[0]);
    out += !plain ? '?' : sector[0] == '\0' ? '0' : sector[0];
  }
  return out;
}

}  // namespace reprise
