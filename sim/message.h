// A message: any plain struct (see fields.h), flattened to bytes when it is sent.
//
// Flattening is what keeps nodes apart: no pointer can cross from one node's memory to another's,
// a corrupted message is a flipped byte, and a node could send the same bytes down a real socket.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "sim/bytes.h"
#include "sim/codec.h"

namespace reprise {

// What is known of the struct T behind a message's bytes. One object for each T; compared by
// address in the hot path, and by name in digests, which must not depend on addresses.
struct MessageType {
  std::string_view name;
  uint32_t hash;  // Of the name.
  std::string (*print)(std::string_view bytes);
};

namespace internal {

constexpr uint32_t HashOfName(std::string_view name) {  // FNV-1a: std::hash differs between builds.
  uint64_t h = 0xcbf29ce484222325;
  for (char c : name) h = (h ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  return static_cast<uint32_t>(h ^ (h >> 32));
}

template <class T>
std::string PrintBytes(std::string_view bytes) {
  std::string out(TypeName<T>());
  if (const auto whole = Decode<T>(bytes)) {
    Print(out, *whole);
  } else {
    out += "(damaged)";
  }
  return out;
}

template <class T>
inline constexpr MessageType kType{TypeName<T>(), HashOfName(TypeName<T>()), &PrintBytes<T>};

template <class T>
struct HandlerOf;
template <class H, class R, class T>
struct HandlerOf<R (H::*)(const T&) const> {
  using Parameter = T;
};
template <class H, class R, class T>
struct HandlerOf<R (H::*)(const T&)> {
  using Parameter = T;
};

}  // namespace internal

// Bytes of a known type that somebody else owns: how handlers and oracles look at messages.
class MessageView {
 public:
  MessageView() = default;
  MessageView(const MessageType* type, std::string_view bytes) : type_(type), bytes_(bytes) {}

  template <class T>
  bool Is() const {
    return type_ == &internal::kType<T>;
  }

  // The struct this message carries, where it is a T and its bytes are whole.
  template <class T>
  std::optional<T> As() const {
    return Is<T>() ? Decode<T>(bytes_) : std::nullopt;
  }

  // Runs the one handler whose parameter type this message is; a message that no handler names
  // is ignored. It reads as the papers do: upon <Prepare>, do this; upon <Collect>, do that.
  // True where a handler ran.
  template <class... Handlers>
  bool Match(Handlers&&... handlers) const {
    return (Try(handlers) || ...);
  }

  const MessageType* type() const { return type_; }
  std::string_view name() const { return type_ == nullptr ? std::string_view() : type_->name; }
  std::string_view bytes() const { return bytes_; }
  std::string text() const { return type_ == nullptr ? "" : type_->print(bytes_); }

 private:
  template <class H>
  bool Try(H& handler) const {
    using T = typename internal::HandlerOf<decltype(&H::operator())>::Parameter;
    if (!Is<T>()) return false;
    const auto value = Decode<T>(bytes_);
    if (value) handler(*value);
    return value.has_value();
  }

  const MessageType* type_ = nullptr;
  std::string_view bytes_;
};

// A message that owns its bytes. Short ones live inside, so that sending allocates nothing.
class Message {
 public:
  static constexpr uint32_t kInside = 88;

  Message() = default;
  Message(const MessageType* type, std::string_view bytes)
      : type_(type), size_(static_cast<uint32_t>(bytes.size())) {
    CopyFew(Room(), bytes.data(), bytes.size());
  }
  Message(const Message& o) : Message(o.type_, o.bytes()) {}
  Message(Message&& o) noexcept { Take(o); }
  Message& operator=(const Message& o) { return *this = Message(o); }
  Message& operator=(Message&& o) noexcept {
    if (this == &o) return *this;
    Clear();
    Take(o);
    return *this;
  }
  ~Message() { Clear(); }

  // Becomes those bytes, where it is.
  void Assign(const MessageType* type, std::string_view bytes) {
    Clear();
    type_ = type;
    size_ = static_cast<uint32_t>(bytes.size());
    CopyFew(Room(), bytes.data(), bytes.size());
  }
  void Clear() {
    if (size_ > kInside) delete[] at_.outside;
    size_ = 0;
  }

  template <class T>
  static Message Of(const T& value) {
    Message m;
    m.type_ = &internal::kType<T>;
    m.size_ = static_cast<uint32_t>(EncodedSize(value));
    Write(m.Room(), value);
    return m;
  }

  std::string_view bytes() const { return {size_ > kInside ? at_.outside : at_.inside, size_}; }
  MessageView view() const { return {type_, bytes()}; }
  const MessageType* type() const { return type_; }
  std::string text() const { return view().text(); }

  template <class T>
  std::optional<T> As() const {
    return view().As<T>();
  }
  template <class... Handlers>
  bool Match(Handlers&&... handlers) const {
    return view().Match(handlers...);
  }

 private:
  // Becomes what o is, where it has nothing of its own, and leaves o empty.
  void Take(Message& o) {
    type_ = o.type_;
    size_ = std::exchange(o.size_, 0);
    if (size_ > kInside) {
      at_.outside = o.at_.outside;
    } else {
      CopyFew(at_.inside, o.at_.inside,
              size_);  // Not what is not there: it is seldom in the cache.
    }
  }
  char* Room() {
    if (size_ <= kInside) return at_.inside;
    return at_.outside = new char[size_];
  }

  const MessageType* type_ = nullptr;
  uint32_t size_ = 0;
  union {
    char inside[kInside];
    char* outside;
  } at_;
};

// A message and who sent it.
struct Envelope {
  NodeId from = kNobody;
  Message message;

  template <class T>
  std::optional<T> As() const {
    return message.As<T>();
  }
  template <class... Handlers>
  bool Match(Handlers&&... handlers) const {
    return message.Match(handlers...);
  }
};

}  // namespace reprise
