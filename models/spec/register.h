// A register: it is read, written, and compared and swapped.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "models/spec/linearizable.h"

namespace reprise::models {

struct RegisterOperation {
  enum class Kind : uint8_t { kRead, kWrite, kCas };
  Kind kind;
  uint64_t value = 0;     // To be written.
  uint64_t expected = 0;  // By kCas, which writes only where it finds this.
};

struct RegisterResult {
  uint64_t value = 0;   // What kRead read.
  bool swapped = true;  // Whether kCas wrote.
};

struct Register {
  using State = uint64_t;
  using Operation = RegisterOperation;
  using Result = RegisterResult;
  using Kind = Operation::Kind;

  static State Init() { return 0; }
  static State Apply(State now, const Operation& op) {
    if (op.kind == Kind::kRead) return now;
    return op.kind == Kind::kWrite || op.expected == now ? op.value : now;
  }
  static std::optional<State> Step(State now, const Operation& op, const Result& result) {
    if (op.kind == Kind::kRead && result.value != now) return std::nullopt;
    if (op.kind == Kind::kCas && result.swapped != (op.expected == now)) return std::nullopt;
    return Apply(now, op);
  }
  static Effect EffectOf(const Operation& op) {
    if (op.kind == Kind::kRead) return Effect::kNone;
    return op.kind == Kind::kWrite ? Effect::kOverwrites : Effect::kAny;
  }

  // Words for clients.
  static Operation Read() { return {Kind::kRead}; }
  static Operation Write(uint64_t value) { return {Kind::kWrite, value}; }
  static Operation Cas(uint64_t expected, uint64_t value) { return {Kind::kCas, value, expected}; }
  static Result Got(uint64_t value) { return {.value = value}; }
  static Result Wrote() { return {}; }
  static Result Swapped(bool swapped) { return {.swapped = swapped}; }

  static std::string Text(const Operation& op) {
    if (op.kind == Kind::kRead) return "read";
    const std::string value = std::to_string(op.value);
    if (op.kind == Kind::kWrite) return "write " + value;
    return "cas " + std::to_string(op.expected) + " to " + value;
  }
};

using LinearizableRegister = Linearizable<Register>;

}  // namespace reprise::models
