// Departures, packed (sim/tape.h).

#include "sim/tape.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace reprise {
namespace {

const Label kPear("pear");
const Label kPlum("plum");

std::vector<Taken> Various() {
  const uint64_t wide = uint64_t{1} << 32;
  const NodeId a{1}, b{~uint32_t{0}};
  return {{{{{kPear, a, b}, 1, 0}, 2, 3}, 4},
          {{{{kPlum}, ~uint32_t{0}, ~uint32_t{0}}, ~uint32_t{0} - 1, ~uint32_t{0}}, wide},
          {{{{kPear, b}, wide, 0}, 1, 2}, 5},
          {{{{kPear, b}, 1, wide}, 1, 2}, 5},
          {{{{kPlum, b}, 1, 0}, wide, ~uint64_t{0}}, 6},
          {{{{kPlum, b}, 1, 0}, 1, wide}, 7}};
}

void ExpectEqual(const Tape& tape, const std::vector<Taken>& expected) {
  ASSERT_EQ(tape.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    ASSERT_EQ(tape[i].departure, expected[i].departure) << i;
    ASSERT_EQ(tape[i].event, expected[i].event) << i;
  }
}

// More than a few blocks of them.
std::vector<Taken> Many() {
  std::vector<Taken> many;
  for (uint64_t i = 0; i < 2000; ++i) {
    for (const Taken& t : Various()) many.push_back(t), many.back().event += i;
  }
  return many;
}

TEST(Tape, GivesBackWhatWasAdded) {
  Tape tape;
  EXPECT_TRUE(tape.empty());
  for (const Taken& t : Many()) tape.push_back(t);
  EXPECT_FALSE(tape.empty());
  ExpectEqual(tape, Many());
}

TEST(Tape, IteratesInOrder) {
  Tape tape;
  for (const Taken& t : Various()) tape.push_back(t);
  std::vector<Taken> seen;
  for (const Taken& t : tape) seen.push_back(t);
  ExpectEqual(tape, seen);
}

TEST(Tape, CopiesAndMoves) {
  Tape tape;
  for (const Taken& t : Many()) tape.push_back(t);
  const Tape copy = tape;
  Tape moved = std::move(tape);
  ExpectEqual(copy, Many());
  ExpectEqual(moved, Many());
  EXPECT_TRUE(tape.empty());  // NOLINT(bugprone-use-after-move)
  tape.push_back(Various()[0]);
  ExpectEqual(tape, {Various()[0]});
  moved = copy;
  ExpectEqual(moved, Many());
}

// Blocks go from one tape to the next, and nothing of the first shows in the second.
TEST(Tape, StartsEmptyInUsedBlocks) {
  for (int round = 0; round < 3; ++round) {
    Tape tape;
    EXPECT_TRUE(tape.empty());
    for (const Taken& t : Many()) tape.push_back(t);
    ExpectEqual(tape, Many());
  }
}

std::string Blocks(const Tape& tape) {
  std::string bytes;
  tape.ForEachBlock(
      [&](const void* block, size_t size) { bytes.append(static_cast<const char*>(block), size); });
  return bytes;
}

TEST(Tape, PassesAsBlocks) {
  Tape tape;
  ExpectEqual(Tape::FromBlocks(Blocks(tape)), {});
  for (const Taken& t : Many()) tape.push_back(t);
  ExpectEqual(Tape::FromBlocks(Blocks(tape)), Many());
}

TEST(Tape, CutOffBlocksAreNoTape) {
  Tape tape;
  for (const Taken& t : Various()) tape.push_back(t);
  const std::string bytes = Blocks(tape);
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_TRUE(Tape::FromBlocks(bytes.substr(0, size)).empty()) << size;
  }
}

}  // namespace
}  // namespace reprise
