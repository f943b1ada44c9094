// The global variables of shared libraries, which outlive every boot: so that a process finds them
// as the dynamic linker made them, and two processes never share them, each has its own copy, and
// the libraries hold the copy of whoever runs. Private to sim/posix.

#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace reprise::posix {

// The writable memory of some libraries.
class Libraries {
 public:
  struct Segment {
    char* at;
    size_t bytes;
  };

  // Those of these names, as they are now. Known ones are found again, as they were then.
  static Libraries& Of(const std::vector<std::string>& names);

  const std::vector<Segment>& segments() const { return segments_; }
  size_t bytes() const { return pristine_.size(); }

 private:
  friend class Image;
  std::vector<std::string> names_;
  std::vector<Segment> segments_;
  std::vector<char> pristine_;
  class Image* current_ = nullptr;  // Whose content the libraries hold; null for the pristine one.
};

// One process's content of them.
class Image {
 public:
  explicit Image(Libraries& libraries) : libraries_(libraries), mine_(libraries.pristine_) {}
  ~Image();
  Image(const Image&) = delete;
  Image& operator=(const Image&) = delete;

  // From now on the libraries hold this.
  void Show() {
    if (libraries_.current_ != this) [[unlikely]]
      Exchange();
  }

 private:
  void Exchange();

  Libraries& libraries_;
  std::vector<char> mine_;  // While another one's is shown.
};

}  // namespace reprise::posix
