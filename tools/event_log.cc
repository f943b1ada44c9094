#include "tools/event_log.h"

#include <xxhash.h>
#include <zstd.h>

#include <nlohmann/json.hpp>

#include "sim/trace.h"
#include "tools/console.h"

namespace reprise {
namespace {

constexpr size_t kBytesAtMost = size_t{1} << 30;
constexpr char kMagic[] = "reprise-events 1\n";

}  // namespace

std::string JsonLines(const Timeline& timeline) {
  std::string out;
  for (size_t i = 0; i < timeline.size(); ++i) {
    const Event e = timeline[i];
    nlohmann::ordered_json json;
    json["event"] = e.index;
    json["ns"] = Nanos(e.at);
    json["kind"] = std::string(KindName(e.kind));
    if (e.node != kNobody) json["node"] = Name(e.node);
    if (e.peer != kNobody) json["peer"] = Name(e.peer);
    if (e.id != 0) json["id"] = e.id;
    if (!e.message.name().empty()) json["type"] = std::string(e.message.name());
    json["text"] = What(e);
    out += json.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace) + "\n";
  }
  return out;
}

std::string EventLine(const Event& event) {
  const uint64_t hash = XXH3_64bits(event.message.bytes().data(), event.message.bytes().size());
  return Describe(event) + "  #" + std::to_string(event.id) + " " +
         std::to_string(Nanos(event.at)) + " " + Hex(hash);
}

absl::Status SaveEvents(const std::string& path, const Timeline& timeline) {
  if (path.ends_with(".jsonl")) return SaveFile(path, JsonLines(timeline));
  std::string text = kMagic;
  for (size_t i = 0; i < timeline.size(); ++i) text += EventLine(timeline[i]) + "\n";
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  const size_t size = ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), 3);
  if (ZSTD_isError(size) != 0) return absl::InternalError(ZSTD_getErrorName(size));
  packed.resize(size);
  return SaveFile(path, packed);
}

absl::StatusOr<std::vector<std::string>> LoadEvents(const std::string& path) {
  const absl::StatusOr<std::string> packed = LoadFile(path, kBytesAtMost);
  if (!packed.ok()) return packed.status();
  const unsigned long long size = ZSTD_getFrameContentSize(packed->data(), packed->size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN || size > kBytesAtMost) {
    return absl::InvalidArgumentError(path + ": no event log");
  }
  std::string text(size, '\0');
  const size_t got = ZSTD_decompress(text.data(), text.size(), packed->data(), packed->size());
  if (ZSTD_isError(got) != 0 || !text.starts_with(kMagic)) {
    return absl::InvalidArgumentError(path + ": no event log, or a damaged one");
  }
  std::vector<std::string> lines;
  for (size_t at = sizeof kMagic - 1; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

}  // namespace reprise
