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

TEST_P(LongHistory, TenThousandOperationsOfFourClients) {
  Clients<Register> c;
  Simulated<Register> sim(GetParam(), 4);
  const auto draw = [&](uint64_t op) {
    const uint64_t kind = sim.Random(3);
    if (kind == 0) return Register::Read();
    return kind == 1 ? Register::Write(op) : Register::Cas(op - sim.Random(8), op);
  };
  while (sim.count < 10'000) ASSERT_TRUE(sim.Step(c, draw, AnswerOf, GetParam()));
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
INSTANTIATE_TEST_SUITE_P(InDoubt, LongHistory, testing::Values(0, 1000, 100, 20));

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

// Answers are guessed, so that about half the histories are wrong at some point; operations may end
// in every way or in none.
TEST(LinearizableTest, AgreesWithANaiveCheckerOnRandomHistories) {
  std::mt19937_64 random(1);
  int complaints = 0, passed = 0;
  for (int history = 0; history < 6'000; ++history) {
    Clients<Register> c;
    Naive naive;
    std::vector<size_t> open;
    bool fine = true;
    for (size_t t = 0; t < 16 && fine; ++t) {
      if (naive.ops.size() < 7 && (open.empty() || random() % 2 == 0)) {
        const uint64_t kind = random() % 5, value = 1 + random() % 2, expected = random() % 3;
        const RegisterOperation op = kind < 2    ? Register::Read()
                                     : kind == 2 ? Register::Cas(expected, value)
                                                 : Register::Write(value);
        open.push_back(naive.ops.size());
        ASSERT_FALSE(c.Invoke(naive.ops.size(), op));
        naive.ops.push_back({.operation = op, .result = {}, .begin = t});
      } else if (!open.empty()) {
        const size_t which = random() % open.size();
        const size_t op = open[which];
        open.erase(open.begin() + static_cast<std::ptrdiff_t>(which));
        const uint64_t end = random() % 10;
        Complaint complaint;
        if (end == 0) {
          complaint = Tell(c.oracle, InDoubt{Op(op)});
        } else if (end == 1) {
          naive.ops[op].failed = true;
          complaint = Tell(c.oracle, Failed{Op(op)});
        } else {
          naive.ops[op].result = RegisterResult{random() % 3, random() % 2 == 0};
          naive.ops[op].end = t;
          complaint = c.Return(op, *naive.ops[op].result);
        }
        fine = naive.Explained();
        ASSERT_EQ(!complaint, fine) << "history " << history << ", event " << t;
      }
    }
    (fine ? passed : complaints)++;
  }
  EXPECT_GT(complaints, 1'000);
  EXPECT_GT(passed, 1'000);
}

}  // namespace
}  // namespace reprise::models
