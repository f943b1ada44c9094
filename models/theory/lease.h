// Leases: how long nobody can have a lock whose holder has crashed. After C. Gray and D. Cheriton,
// "Leases", SOSP 1989, section 3.1: the term is what a failure costs.

#pragma once

namespace reprise::theory {

// The mean time from the crash of a holder until somebody else has the lock. The holder had a lease
// for `term`, and renewed it once every `renew`; the crash comes at any moment between two
// renewals. Who waits asks once every `poll`, and knows nothing of the holder. Messages take
// `delay`, and the grantor waits longer than the term by a part `drift` of it. All in one unit.
//
// The lease ends a term after the last renewal came, which was renew / 2 before the crash and a
// delay, on average; then it takes poll / 2 until the next request comes, and a delay for the
// answer. That the crash may come while a renewal is under way changes nothing: it arrives.
inline double MeanUnavailability(double term, double renew, double poll, double delay,
                                 double drift) {
  return term * (1 + drift) - renew / 2 + poll / 2 + 2 * delay;
}

}  // namespace reprise::theory
