#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "models/spec/append_list.h"
#include "models/spec/key_value.h"
#include "models/spec/linearizable.h"
#include "models/spec/register.h"
#include "tests/fact_helper.h"

namespace reprise::models {
namespace {

constexpr OpId Op(uint64_t sequence) { return {NodeId{9}, sequence}; }

// Clients that write histories down as they would report them.
template <class Spec>
struct Clients {
  Linearizable<Spec> oracle;
  uint64_t key = 1;

  Complaint Invoke(uint64_t op, const typename Spec::Operation& operation) {
    return Tell(oracle, Invoked{Op(op), key, operation});
  }
  Complaint Return(uint64_t op, const typename Spec::Result& result) {
    return Tell(oracle, Returned{Op(op), result});
  }
  Complaint Do(uint64_t op, const typename Spec::Operation& operation,
               const typename Spec::Result& result) {
    if (Complaint complaint = Invoke(op, operation)) return complaint;
    return Return(op, result);
  }
};

TEST(LinearizableTest, AcceptsWhatASequentialRegisterDoes) {
  Clients<Register> c;
  EXPECT_FALSE(c.Do(1, Register::Read(), Register::Got(0)));
  EXPECT_FALSE(c.Do(2, Register::Write(5), Register::Wrote()));
  EXPECT_FALSE(c.Do(3, Register::Cas(5, 6), Register::Swapped(true)));
  EXPECT_FALSE(c.Do(4, Register::Cas(5, 7), Register::Swapped(false)));
  EXPECT_FALSE(c.Do(5, Register::Read(), Register::Got(6)));
}

TEST(LinearizableTest, RejectsAStaleReadAtItsAnswer) {
  Clients<Register> c;
  EXPECT_FALSE(c.Do(1, Register::Write(5), Register::Wrote()));
  const Complaint complaint = c.Do(2, Register::Read(), Register::Got(0));
  ASSERT_TRUE(complaint);
  EXPECT_EQ(*complaint,
            "no order of operations on key 1 explains that n9's operation 2, read, returned "
            "(0 true)");
}

TEST(LinearizableTest, RejectsReadsThatGoBack) {
  Clients<Register> c;
  EXPECT_FALSE(c.Invoke(1, Register::Write(5)));
  EXPECT_FALSE(c.Do(2, Register::Read(), Register::Got(5)));  // Early, but it may be seen.
  EXPECT_TRUE(c.Do(3, Register::Read(), Register::Got(0)));
}

TEST(LinearizableTest, AcceptsAWriteInDoubtThatTakesEffectLate) {
  Clients<Register> c;
  EXPECT_FALSE(c.Invoke(1, Register::Write(5)));
  EXPECT_FALSE(Tell(c.oracle, InDoubt{Op(1)}));
  for (uint64_t op = 2; op < 200; op += 2) {  // Far past any settling.
    EXPECT_FALSE(c.Do(op, Register::Write(100 + op), Register::Wrote()));
    EXPECT_FALSE(c.Do(op + 1, Register::Read(), Register::Got(100 + op)));
  }
  EXPECT_FALSE(c.Do(201, Register::Read(), Register::Got(5)));
  EXPECT_FALSE(c.Do(202, Register::Write(6), Register::Wrote()));
  EXPECT_TRUE(c.Do(203, Register::Read(), Register::Got(5))) << "but only once";
}

TEST(LinearizableTest, AnOperationWithoutAnEndIsInDoubtToo) {
  Clients<Register> c;
  EXPECT_FALSE(c.Invoke(1, Register::Write(5)));
  for (uint64_t op = 2; op < 200; ++op) {
    EXPECT_FALSE(c.Do(op, Register::Write(100 + op), Register::Wrote()));
  }
  EXPECT_FALSE(c.Do(201, Register::Read(), Register::Got(5)));
  EXPECT_FALSE(c.Do(202, Register::Write(6), Register::Wrote()));
  EXPECT_TRUE(c.Do(203, Register::Read(), Register::Got(5)));
}

TEST(LinearizableTest, AnAnswerMayContradictWhatItWasTakenFor) {
  // The cas must have swapped for the read to be right; its own answer says that it did not.
  Clients<Register> c;
  EXPECT_FALSE(c.Invoke(1, Register::Cas(0, 5)));
  EXPECT_FALSE(c.Do(2, Register::Read(), Register::Got(5)));
  EXPECT_TRUE(c.Return(1, Register::Swapped(false)));
}

TEST(LinearizableTest, AFailedOperationHasNoEffect) {
  Clients<Register> c;
  EXPECT_FALSE(c.Invoke(1, Register::Write(5)));
  EXPECT_FALSE(Tell(c.oracle, Failed{Op(1)}));
  EXPECT_FALSE(c.Do(2, Register::Read(), Register::Got(0)));
  EXPECT_TRUE(c.Do(3, Register::Read(), Register::Got(5)));
}

TEST(LinearizableTest, AFailureComesTooLateForWhatWasSeen) {
  Clients<Register> c;
  EXPECT_FALSE(c.Invoke(1, Register::Write(5)));
  EXPECT_FALSE(c.Do(2, Register::Read(), Register::Got(5)));
  const Complaint complaint = Tell(c.oracle, Failed{Op(1)});
  ASSERT_TRUE(complaint);
  EXPECT_EQ(
      *complaint,
      "no order of operations on key 1 explains that n9's operation 1, write 5, had no effect");
}

TEST(LinearizableTest, IgnoresAnswersToWhatWasGivenUp) {
  Clients<Register> c;
  EXPECT_FALSE(c.Invoke(1, Register::Read()));
  EXPECT_FALSE(Tell(c.oracle, InDoubt{Op(1)}));
  EXPECT_FALSE(Tell(c.oracle, InDoubt{Op(1)}));
  EXPECT_FALSE(c.Return(1, Register::Got(17)));
  EXPECT_FALSE(Tell(c.oracle, Failed{Op(1)}));
}

TEST(LinearizableTest, ComplainsOfClientsThatMisreport) {
  Clients<Register> c;
  EXPECT_TRUE(c.Return(1, Register::Wrote()));
  EXPECT_FALSE(c.Do(2, Register::Read(), Register::Got(0)));
  EXPECT_TRUE(c.Return(2, Register::Got(0)));
  EXPECT_FALSE(c.Invoke(3, Register::Read()));
  EXPECT_TRUE(c.Invoke(3, Register::Read()));
}

TEST(LinearizableTest, KeysAreJudgedApart) {
  Clients<Register> c;
  EXPECT_FALSE(c.Do(1, Register::Write(5), Register::Wrote()));
  c.key = 2;
  EXPECT_FALSE(c.Do(2, Register::Read(), Register::Got(0)));
  c.key = 1;
  EXPECT_FALSE(c.Do(3, Register::Read(), Register::Got(5)));
}

TEST(LinearizableTest, ObjectsMayStartOutOtherwise) {
  Clients<Register> c{Linearizable<Register>(7)};
  EXPECT_FALSE(c.Do(1, Register::Read(), Register::Got(7)));
}

TEST(LinearizableTest, IgnoresOperationsOfOtherSpecifications) {
  Clients<Register> c;
  EXPECT_FALSE(Tell(c.oracle, Invoked{Op(1), 1, KeyValue::Put(5)}));
  EXPECT_FALSE(Tell(c.oracle, Returned{Op(1), KeyValue::Done()}));
  EXPECT_FALSE(Tell(c.oracle, Failed{Op(1)}));
  EXPECT_FALSE(c.Do(2, Register::Read(), Register::Got(0)));
}

TEST(LinearizableTest, KeyValueStore) {
  Clients<KeyValue> c;
  EXPECT_FALSE(c.Do(1, KeyValue::Get(), KeyValue::Got(std::nullopt)));
  EXPECT_FALSE(c.Do(2, KeyValue::Cas(std::nullopt, 5), KeyValue::Swapped(true)));
  EXPECT_FALSE(c.Do(3, KeyValue::Cas(std::nullopt, 6), KeyValue::Swapped(false)));
  EXPECT_FALSE(c.Do(4, KeyValue::Get(), KeyValue::Got(5)));
  EXPECT_FALSE(c.Do(5, KeyValue::Delete(), KeyValue::Done()));
  EXPECT_FALSE(c.Do(6, KeyValue::Get(), KeyValue::Got(std::nullopt)));
  EXPECT_FALSE(c.Do(7, KeyValue::Put(8), KeyValue::Done()));
  EXPECT_FALSE(c.Invoke(8, KeyValue::Delete()));
  EXPECT_FALSE(c.Do(9, KeyValue::Get(), KeyValue::Got(8)));
  EXPECT_FALSE(c.Do(10, KeyValue::Get(), KeyValue::Got(std::nullopt)));
  EXPECT_TRUE(c.Do(11, KeyValue::Get(), KeyValue::Got(8))) << "deleted by a delete in doubt";
}

TEST(LinearizableTest, AppendList) {
  Clients<AppendList> c;
  EXPECT_FALSE(c.Invoke(1, AppendList::Append(1)));
  EXPECT_FALSE(c.Do(2, AppendList::Append(2), AppendList::Done()));
  EXPECT_FALSE(c.Do(3, AppendList::Read(), AppendList::Got({2})));
  EXPECT_FALSE(c.Do(4, AppendList::Append(3), AppendList::Done()));
  EXPECT_FALSE(c.Do(5, AppendList::Read(), AppendList::Got({2, 3, 1})));
  EXPECT_TRUE(c.Do(6, AppendList::Read(), AppendList::Got({2, 1, 3})));
}

TEST(LinearizableTest, AppendsTakeEffectOnce) {
  Clients<AppendList> c;
  EXPECT_FALSE(c.Invoke(1, AppendList::Append(1)));
  EXPECT_TRUE(c.Do(2, AppendList::Read(), AppendList::Got({1, 1})));
}

TEST(LinearizableTest, ThirtyAppendsInDoubtBetweenReads) {
  Clients<AppendList> c;
  for (uint64_t i = 1; i <= 30; ++i) {
    EXPECT_FALSE(c.Invoke(i, AppendList::Append(i)));
    EXPECT_FALSE(Tell(c.oracle, InDoubt{Op(i)}));
  }
  for (uint64_t i = 100; i < 130; ++i) {
    EXPECT_FALSE(c.Do(i, AppendList::Append(i), AppendList::Done()));
  }
  std::vector<uint64_t> list;
  for (uint64_t i = 100; i < 130; ++i) {
    list.push_back(i);
    if (i % 2 == 1) list.push_back(130 - i);
  }
  EXPECT_FALSE(c.Do(200, AppendList::Read(), AppendList::Got(list)));
  list.push_back(2);
  EXPECT_FALSE(c.Do(201, AppendList::Read(), AppendList::Got(list)));
  list.erase(list.begin());
  EXPECT_TRUE(c.Do(202, AppendList::Read(), AppendList::Got(list)));
  EXPECT_FALSE(c.oracle.Undecided());
}

TEST(LinearizableTest, HundredWritesInDoubtAndAStaleRead) {
  Clients<Register> c;
  for (uint64_t i = 1; i <= 100; ++i) {
    EXPECT_FALSE(c.Invoke(i, Register::Write(i)));
    if (i % 2 == 0) {
      EXPECT_FALSE(Tell(c.oracle, InDoubt{Op(i)}));
    }
  }
  EXPECT_FALSE(c.Do(200, Register::Read(), Register::Got(40)));
  EXPECT_FALSE(c.Do(201, Register::Read(), Register::Got(41)));
  EXPECT_FALSE(c.Do(202, Register::Write(1000), Register::Wrote()));
  EXPECT_FALSE(c.Do(203, Register::Read(), Register::Got(42)));
  EXPECT_TRUE(c.Do(204, Register::Read(), Register::Got(40)));
  EXPECT_FALSE(c.oracle.Undecided());
}

TEST(LinearizableTest, UndecidedWhenOutOfStepsAndNeverAComplaint) {
  Clients<Register> c{Linearizable<Register>(0, 10)};
  for (uint64_t i = 1; i <= 20; ++i) EXPECT_FALSE(c.Invoke(i, Register::Write(i)));
  EXPECT_FALSE(c.oracle.Undecided());
  EXPECT_FALSE(c.Do(30, Register::Read(), Register::Got(99)));
  ASSERT_TRUE(c.oracle.Undecided());
  EXPECT_EQ(*c.oracle.Undecided(),
            "10 steps on key 1 cannot tell that n9's operation 30, read, returned (99 true)");
  EXPECT_FALSE(c.Do(31, Register::Read(), Register::Got(98))) << "nothing is known of this key";
  EXPECT_FALSE(Tell(c.oracle, Failed{Op(1)}));
  EXPECT_FALSE(Tell(c.oracle, InDoubt{Op(2)}));
  c.key = 2;
  EXPECT_TRUE(c.Do(32, Register::Read(), Register::Got(98))) << "of this one all is";
}

// Long histories.

TEST(LinearizableTest, TenThousandOperationsOneByOne) {
  Clients<Register> c;
  Linearizer<Register> order(0, 1000);
  for (uint64_t i = 1; i <= 10'000; ++i) {
    ASSERT_FALSE(i % 2 == 0 ? c.Do(i, Register::Read(), Register::Got(i - 1))
                            : c.Do(i, Register::Write(i), Register::Wrote()));
    order.Return(order.Invoke(Register::Write(i)), Register::Wrote());
    ASSERT_LE(order.unsettled(), 32u);
  }
}

// A real object behind a network: an operation takes effect at some moment between, or never.
template <class Spec>
class Simulated {
 public:
  Simulated(uint64_t seed, size_t clients) : random_(seed), clients_(clients) {}

  uint64_t Random(uint64_t bound) { return random_() % bound; }

  // One event of one client; false where the oracle complained.
  template <class Draw, class Answer>
  bool Step(Clients<Spec>& c, Draw draw, Answer answer, uint64_t doubt_one_in) {
    Client& client = clients_[Random(clients_.size())];
    if (!client.op) {
      client.op = ++count;
      client.operation = draw(client.op);
      client.result.reset();
      return !c.Invoke(client.op, client.operation);
    }
    if (!client.result) {
      client.result = answer(state_, client.operation);
      state_ = Spec::Apply(state_, client.operation);
      return true;
    }
    const uint64_t op = std::exchange(client.op, 0);
    if (doubt_one_in != 0 && Random(doubt_one_in) == 0) return !Tell(c.oracle, InDoubt{Op(op)});
    return !c.Return(op, *client.result);
  }

  uint64_t count = 0;

 private:
  struct Client {
    uint64_t op = 0;
    typename Spec::Operation operation{};
    std::optional<typename Spec::Result> result;
  };
  std::mt19937_64 random_;
  std::vector<Client> clients_;
  typename Spec::State state_ = Spec::Init();
};

RegisterResult AnswerOf(uint64_t now, const RegisterOperation& op) {
  return {now, op.expected == now};
}

class LongHistory : public testing::TestWithParam<uint64_t> {};

TEST_P(LongHistory, TenThousandReadsAndWritesOfFourClients) {
  Clients<Register> c;
  Simulated<Register> sim(GetParam(), 4);
  const auto draw = [&](uint64_t op) {
    return sim.Random(2) == 0 ? Register::Read() : Register::Write(op);
  };
  while (sim.count < 10'000) ASSERT_TRUE(sim.Step(c, draw, AnswerOf, GetParam()));
  EXPECT_FALSE(c.oracle.Undecided());
}

// A swap that failed says little, and n operations in doubt could each be why.
TEST_P(LongHistory, ThousandReadsWritesAndSwapsOfFourClients) {
  Clients<Register> c;
  Simulated<Register> sim(GetParam(), 4);
  const auto draw = [&](uint64_t op) {
    const uint64_t kind = sim.Random(3);
    if (kind == 0) return Register::Read();
    return kind == 1 ? Register::Write(op) : Register::Cas(op - sim.Random(8), op);
  };
  while (sim.count < 1'000) ASSERT_TRUE(sim.Step(c, draw, AnswerOf, GetParam()));
  EXPECT_FALSE(c.oracle.Undecided());
}

TEST_P(LongHistory, ThousandOperationsOnAList) {
  Clients<AppendList> c;
  Simulated<AppendList> sim(GetParam(), 4);
  const auto draw = [&](uint64_t op) {
    return sim.Random(4) == 0 ? AppendList::Read() : AppendList::Append(op);
  };
  const auto answer = [](const std::vector<uint64_t>& now, const ListOperation& op) {
    return op.kind == ListOperation::Kind::kRead ? AppendList::Got(now) : AppendList::Done();
  };
  while (sim.count < 1'000) ASSERT_TRUE(sim.Step(c, draw, answer, GetParam()));
  EXPECT_FALSE(c.oracle.Undecided());
}

// One operation in so many is in doubt; none for 0.
INSTANTIATE_TEST_SUITE_P(InDoubt, LongHistory, testing::Values(0, 1000, 100, 50));

// Against a checker that tries every order.

struct Naive {
  struct Op {
    RegisterOperation operation;
    std::optional<RegisterResult> result;
    size_t begin = 0, end = SIZE_MAX;
    bool failed = false;
  };
  std::vector<Op> ops;

  bool Explained() const { return Explained(std::vector<bool>(ops.size()), 0); }

 private:
  bool Explained(std::vector<bool> done, uint64_t state) const {
    size_t first_end = SIZE_MAX;
    for (size_t i = 0; i < ops.size(); ++i) {
      if (!done[i]) first_end = std::min(first_end, ops[i].end);
    }
    if (first_end == SIZE_MAX) return true;
    for (size_t i = 0; i < ops.size(); ++i) {
      const Op& op = ops[i];
      if (done[i] || op.failed || op.begin > first_end) continue;
      const auto after = op.result ? Register::Step(state, op.operation, *op.result)
                                   : Register::Apply(state, op.operation);
      if (!after) continue;
      done[i] = true;
      if (Explained(done, *after)) return true;
      done[i] = false;
    }
    return false;
  }
};

// Draws what happens next in a history of at most `most` operations, and tells `judge` of it.
class RandomHistory {
 public:
  RandomHistory(std::mt19937_64& random, size_t most) : random_(random), most_(most) {}

  template <class Judge>
  void Next(Judge&& judge) {
    if (count_ < most_ && (open_.empty() || (open_.size() < 6 && random_() % 2 == 0))) {
      const uint64_t kind = random_() % 5, value = 1 + random_() % 2, expected = random_() % 3;
      open_.push_back(count_);
      judge.Invoke(count_++, kind < 2    ? Register::Read()
                             : kind == 2 ? Register::Cas(expected, value)
                                         : Register::Write(value));
    } else if (!open_.empty()) {
      const size_t which = random_() % open_.size();
      const size_t op = open_[which];
      open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(which));
      const uint64_t end = random_() % 10, value = random_() % 3;
      if (end == 0) return judge.GiveUp(op);
      if (end == 1) return judge.Fail(op);
      judge.Return(op, {value, random_() % 2 == 0});
    }
  }

 private:
  std::mt19937_64& random_;
  size_t most_, count_ = 0;
  std::vector<size_t> open_;
};

// Answers are guessed, so most histories are wrong at some point; operations end in every way or
// in none.
TEST(LinearizableTest, AgreesWithANaiveCheckerOnRandomHistories) {
  struct Both {
    Clients<Register>& c;
    Naive& naive;
    size_t now;
    Complaint& complaint;
    void Invoke(size_t op, RegisterOperation operation) {
      complaint = c.Invoke(op, operation);
      naive.ops.push_back({.operation = operation, .result = {}, .begin = now});
    }
    void Return(size_t op, RegisterResult result) {
      complaint = c.Return(op, result);
      naive.ops[op].result = result;
      naive.ops[op].end = now;
    }
    void Fail(size_t op) {
      complaint = Tell(c.oracle, Failed{Op(op)});
      naive.ops[op].failed = true;
    }
    void GiveUp(size_t op) { complaint = Tell(c.oracle, InDoubt{Op(op)}); }
  };
  std::mt19937_64 random(1);
  int complaints = 0, passed = 0;
  for (int i = 0; i < 6'000; ++i) {
    Clients<Register> c;
    Naive naive;
    RandomHistory history(random, 7);
    bool fine = true;
    for (size_t now = 0; now < 14 && fine; ++now) {
      Complaint complaint;
      history.Next(Both{c, naive, now, complaint});
      fine = naive.Explained();
      ASSERT_EQ(!complaint, fine) << "history " << i << ", event " << now;
    }
    (fine ? passed : complaints)++;
  }
  EXPECT_GT(complaints, 500);
  EXPECT_GT(passed, 500);
}

// What has been settled must not matter to any later answer. Wrong guesses are corrected here, as
// far as possible, so that histories grow long.
TEST(LinearizableTest, SettlingChangesNoJudgement) {
  using Order = Linearizer<Register>;
  struct Both {
    Order &settles, &never;
    bool& fine;
    bool& same;
    void Invoke(size_t op, RegisterOperation operation) {
      ASSERT_EQ(settles.Invoke(operation), op);
      ASSERT_EQ(never.Invoke(operation), op);
    }
    void Return(size_t op, RegisterResult guess) {
      for (uint64_t wrong = 0; wrong < 6; ++wrong) {
        const RegisterResult result{(guess.value + wrong) % 3, guess.swapped != (wrong >= 3)};
        Order tried = never;
        const auto expected = tried.Return(op, result);
        Order also = settles;
        same = same && also.Return(op, result) == expected;
        fine = expected == Order::Judgement::kExplained;
        if (!fine) continue;
        settles = std::move(also);
        never = std::move(tried);
        return;
      }
    }
    void Fail(size_t op) {
      const auto expected = never.Fail(op);
      same = same && settles.Fail(op) == expected;
      fine = expected == Order::Judgement::kExplained;
    }
    void GiveUp(size_t op) {
      settles.GiveUp(op);
      never.GiveUp(op);
    }
  };
  std::mt19937_64 random(2);
  size_t settled = 0;
  for (int i = 0; i < 400; ++i) {
    Order settles(0, 1'000'000, 1), never(0, 1'000'000, SIZE_MAX / 2);
    RandomHistory history(random, 30);
    bool fine = true, same = true;
    for (int now = 0; now < 60 && fine; ++now) {
      history.Next(Both{settles, never, fine, same});
      ASSERT_TRUE(same) << "history " << i << ", event " << now;
    }
    settled += never.unsettled() - settles.unsettled();
  }
  EXPECT_GT(settled, 1'000u);
}

}  // namespace
}  // namespace reprise::models
