#include "sim/posix/images.h"

#include <link.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <string_view>

#include "sim/check.h"
#include "sim/posix/arena.h"

namespace reprise::posix {
namespace {

constexpr uintptr_t kPage = 4096;

struct Search {
  std::string_view name;
  std::vector<Libraries::Segment>* found;
  bool any = false;
};

// What is writable and no longer the dynamic linker's.
void AddSegments(const dl_phdr_info& library, std::vector<Libraries::Segment>& to) {
  uintptr_t sealed_from = 0, sealed_to = 0;
  for (int i = 0; i < library.dlpi_phnum; ++i) {
    const auto& part = library.dlpi_phdr[i];
    if (part.p_type != PT_GNU_RELRO) continue;
    sealed_from = library.dlpi_addr + part.p_vaddr;
    sealed_to = (sealed_from + part.p_memsz) / kPage * kPage;
  }
  for (int i = 0; i < library.dlpi_phnum; ++i) {
    const auto& part = library.dlpi_phdr[i];
    if (part.p_type != PT_LOAD || (part.p_flags & PF_W) == 0) continue;
    uintptr_t from = library.dlpi_addr + part.p_vaddr;
    const uintptr_t end = from + part.p_memsz;
    if (from <= sealed_from && sealed_from < end) from = std::max(from, sealed_to);
    if (from < end) to.push_back({reinterpret_cast<char*>(from), end - from});
  }
}

int Look(dl_phdr_info* library, size_t, void* argument) {
  auto& search = *static_cast<Search*>(argument);
  std::string_view path = library->dlpi_name == nullptr ? "" : library->dlpi_name;
  path.remove_prefix(std::min(path.rfind('/') + 1, path.size()));
  if (!path.starts_with(search.name)) return 0;
  search.any = true;
  AddSegments(*library, *search.found);
  return 0;
}

}  // namespace

Libraries& Libraries::Of(const std::vector<std::string>& names) {
  static auto* known = new std::deque<Libraries>;  // Never destroyed, and none moves.
  for (Libraries& libraries : *known) {
    if (libraries.names_ == names) return libraries;
  }
  Libraries made;
  made.names_ = names;
  for (const std::string& name : names) {
    Search search{name, &made.segments_};
    dl_iterate_phdr(Look, &search);
    if (!search.any) throw CheckFailure("no shared library " + name + " is linked");
  }
  if (!names.empty() && Arena::used_at_load() != 0) {
    made.segments_.push_back({reinterpret_cast<char*>(Arena::kLoadBase), Arena::used_at_load()});
  }
  for (const Segment& segment : made.segments_) {
    made.pristine_.insert(made.pristine_.end(), segment.at, segment.at + segment.bytes);
  }
  return known->emplace_back(std::move(made));
}

Image::~Image() {
  if (libraries_.current_ != this) return;
  const char* from = libraries_.pristine_.data();
  for (const auto& segment : libraries_.segments_) {
    std::memcpy(segment.at, from, segment.bytes);
    from += segment.bytes;
  }
  libraries_.current_ = nullptr;
}

void Image::Exchange() {
  char* theirs = libraries_.current_ == nullptr ? nullptr : libraries_.current_->mine_.data();
  const char* ours = mine_.data();
  for (const auto& segment : libraries_.segments_) {
    if (theirs != nullptr) {
      std::memcpy(theirs, segment.at, segment.bytes);
      theirs += segment.bytes;
    }
    std::memcpy(segment.at, ours, segment.bytes);
    ours += segment.bytes;
  }
  libraries_.current_ = this;
}

}  // namespace reprise::posix
