// One key of a store: its value is got, put, compared and swapped, and deleted.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "models/spec/linearizable.h"

namespace reprise::models {

struct KeyValueOperation {
  enum class Kind : uint8_t { kGet, kPut, kCas, kDelete };
  Kind kind;
  uint64_t value = 0;                     // To be put.
  std::optional<uint64_t> expected = {};  // By kCas; none: puts only where there is no value yet.
};

// Whether kDelete found anything is not asked: many stores do not say.
struct KeyValueResult {
  std::optional<uint64_t> value = {};  // What kGet got.
  bool swapped = true;                 // Whether kCas put.
};

struct KeyValue {
  using State = std::optional<uint64_t>;
  using Operation = KeyValueOperation;
  using Result = KeyValueResult;
  using Kind = Operation::Kind;

  static State Init() { return std::nullopt; }
  static State Apply(const State& now, const Operation& op) {
    switch (op.kind) {
      case Kind::kGet: break;
      case Kind::kPut: return op.value;
      case Kind::kCas: return op.expected == now ? op.value : now;
      case Kind::kDelete: return std::nullopt;
    }
    return now;
  }
  static std::optional<State> Step(const State& now, const Operation& op, const Result& result) {
    if (op.kind == Kind::kGet && result.value != now) return std::nullopt;
    if (op.kind == Kind::kCas && result.swapped != (op.expected == now)) return std::nullopt;
    return std::make_optional<State>(Apply(now, op));
  }
  static Effect EffectOf(const Operation& op) {
    if (op.kind == Kind::kGet) return Effect::kNone;
    return op.kind == Kind::kCas ? Effect::kAny : Effect::kOverwrites;
  }

  // Words for clients.
  static Operation Get() { return {Kind::kGet}; }
  static Operation Put(uint64_t value) { return {Kind::kPut, value}; }
  static Operation Cas(std::optional<uint64_t> expected, uint64_t value) {
    return {Kind::kCas, value, expected};
  }
  static Operation Delete() { return {Kind::kDelete}; }
  static Result Got(std::optional<uint64_t> value) { return {.value = value}; }
  static Result Done() { return {}; }
  static Result Swapped(bool swapped) { return {.swapped = swapped}; }

  static std::string Text(const Operation& op) {
    const std::string value = std::to_string(op.value);
    switch (op.kind) {
      case Kind::kGet: break;
      case Kind::kPut: return "put " + value;
      case Kind::kCas:
        return "cas " + (op.expected ? std::to_string(*op.expected) : "none") + " to " + value;
      case Kind::kDelete: return "delete";
    }
    return "get";
  }
};

using LinearizableKeyValue = Linearizable<KeyValue>;

}  // namespace reprise::models
