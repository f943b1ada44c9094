// A list to which unique elements are appended, and which is read as a whole. A read shows the
// whole past, so it finds more wrong with fewer operations than a read of a register does.

#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "models/spec/linearizable.h"

namespace reprise::models {

struct ListOperation {
  enum class Kind : uint8_t { kRead, kAppend };
  Kind kind;
  uint64_t element = 0;  // To be appended; no two operations on a key append the same.
};

struct ListResult {
  std::vector<uint64_t> elements = {};  // What kRead read.
};

struct AppendList {
  using State = std::vector<uint64_t>;
  using Operation = ListOperation;
  using Result = ListResult;
  using Kind = Operation::Kind;

  static State Init() { return {}; }
  static State Apply(State now, const Operation& op) {
    if (op.kind == Kind::kAppend) now.push_back(op.element);
    return now;
  }
  static std::optional<State> Step(const State& now, const Operation& op, const Result& result) {
    if (op.kind == Kind::kRead && result.elements != now) return std::nullopt;
    return Apply(now, op);
  }

  // A list only grows at its end. Without this, the order of n concurrent appends would be guessed
  // up to n! times before a read confirms it.
  static bool Tells(const Operation& op) { return op.kind == Kind::kRead; }
  static bool MayBecome(const State& now, const Result& result) {
    return now.size() <= result.elements.size() &&
           std::equal(now.begin(), now.end(), result.elements.begin());
  }

  static Effect EffectOf(const Operation& op) {
    return op.kind == Kind::kRead ? Effect::kNone : Effect::kAny;
  }

  // Words for clients.
  static Operation Read() { return {Kind::kRead}; }
  static Operation Append(uint64_t element) { return {Kind::kAppend, element}; }
  static Result Got(std::vector<uint64_t> elements) { return {std::move(elements)}; }
  static Result Done() { return {}; }

  static std::string Text(const Operation& op) {
    return op.kind == Kind::kRead ? "read" : "append " + std::to_string(op.element);
  }
};

using LinearizableList = Linearizable<AppendList>;

}  // namespace reprise::models
