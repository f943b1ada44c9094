// Blobs are what was written, and no older than what was settled before.
//
// Each version of a blob has bytes that anybody can make again from the blob's number and the
// version, so every read can be verified by itself. A version is *settled* once a write or a read
// of it has returned: an operation that begins later must not give, or write, an older one. That is
// linearizability for objects whose versions say in which order they come, and needs no search.
//
// A store may say that a blob is lost: that its newest version cannot be read any more. This is the
// truth or a violation, depending on what was promised; silence about it is always one. It may also
// not answer, which is for liveness oracles to judge.

#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "models/spec/history.h"
#include "sim/oracle.h"

namespace reprise::models {

// What version `version` of that blob consists of: letters, or zeros for version 0, which is what a
// blob is before it is first written.
inline std::string BlobBytes(uint64_t blob, uint64_t version, size_t size) {
  std::string bytes(size, '\0');
  if (version == 0) return bytes;
  uint64_t x = blob * 0x9e3779b97f4a7c15 + version;
  for (char& c : bytes) {  // splitmix64
    uint64_t z = x += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    c = static_cast<char>('a' + (z ^ (z >> 31)) % 26);
  }
  return bytes;
}

// FNV-1a, so that facts are short.
constexpr uint64_t Fingerprint(std::string_view bytes) {
  uint64_t h = 0xcbf29ce484222325;
  for (char c : bytes) h = (h ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  return h;
}

// clang-format off
struct BlobBegun { OpId op; uint64_t blob; };            // A read, or a write.
struct BlobVersion { OpId op; uint64_t version; };       // To be written; before it is sent.
struct BlobWritten { OpId op; };
struct BlobRead { OpId op; uint64_t version, size, fingerprint; };
struct BlobLost { OpId op; };                            // "It cannot be read any more."
struct BlobUnanswered { OpId op; };                      // The client gave up.
// clang-format on

class Intact final : public Oracle {
 public:
  // Whether blobs may be lost, if the store says so.
  explicit Intact(bool may_lose = false) : may_lose_(may_lose) {}

  std::string name() const override { return "intact"; }

  Complaint OnFact(const Event& event) override {
    Complaint complaint;
    event.Match(
        [&](const BlobBegun& m) {
          open_[m.op] = {m.blob, blobs_[m.blob].settled, {}};
        },
        [&](const BlobVersion& m) { complaint = Choose(m); },
        [&](const BlobWritten& m) { complaint = Written(m); },
        [&](const BlobRead& m) { complaint = Read(m); },
        [&](const BlobLost& m) { complaint = Lost(m); },
        [&](const BlobUnanswered& m) { open_.erase(m.op); });
    return complaint;
  }

 private:
  struct Blob {
    uint64_t settled = 0;
    std::set<uint64_t> versions = {0};  // That were to be written.
  };
  struct Open {
    uint64_t blob = 0;
    uint64_t settled = 0;  // When it began.
    std::optional<uint64_t> version = {};
  };

  static std::string Of(uint64_t version, uint64_t blob) {
    return "version " + std::to_string(version) + " of blob " + std::to_string(blob);
  }

  Complaint Choose(const BlobVersion& m) {
    const auto at = open_.find(m.op);
    if (at == open_.end()) return Text(m.op) + " chose a version, but was not open";
    Open& op = at->second;
    const std::string what = Text(m.op) + " writes " + Of(m.version, op.blob);
    if (m.version <= op.settled) {
      return what + ", though " + std::to_string(op.settled) + " was settled";
    }
    if (!blobs_[op.blob].versions.insert(m.version).second) return what + ", as another does";
    op.version = m.version;
    return std::nullopt;
  }

  Complaint Written(const BlobWritten& m) {
    const auto at = open_.find(m.op);
    if (at == open_.end() || !at->second.version) return Text(m.op) + " was written, but not open";
    Settle(at->second.blob, *at->second.version);
    open_.erase(at);
    return std::nullopt;
  }

  Complaint Read(const BlobRead& m) {
    const auto at = open_.find(m.op);
    if (at == open_.end()) return Text(m.op) + " was read, but not open";
    const Open op = at->second;
    open_.erase(at);
    const std::string what = Text(m.op) + " read " + Of(m.version, op.blob);
    if (!blobs_[op.blob].versions.contains(m.version)) return what + ", which nobody has written";
    if (m.fingerprint != Fingerprint(BlobBytes(op.blob, m.version, m.size))) {
      return what + ", with other bytes";
    }
    if (m.version < op.settled) {
      return what + ", though " + std::to_string(op.settled) + " was settled before";
    }
    Settle(op.blob, m.version);
    return std::nullopt;
  }

  Complaint Lost(const BlobLost& m) {
    const auto at = open_.find(m.op);
    if (at == open_.end()) return Text(m.op) + " was lost, but not open";
    const uint64_t blob = at->second.blob;
    open_.erase(at);
    if (may_lose_) return std::nullopt;
    return Text(m.op) + " was told that blob " + std::to_string(blob) + " is lost";
  }

  void Settle(uint64_t blob, uint64_t version) {
    blobs_[blob].settled = std::max(blobs_[blob].settled, version);
  }

  bool may_lose_;
  std::map<uint64_t, Blob> blobs_;
  std::map<OpId, Open> open_;
};

}  // namespace reprise::models
