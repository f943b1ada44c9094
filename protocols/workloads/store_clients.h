// Clients of a store (store.h), which report what they do in the words of models/spec/history.h.
//
// Each client sits on absolute slots of virtual time: its k-th operation starts in slot k, at a
// moment of its own, and is left out where the one before is still under way. So taking one
// operation away moves no other. An operation is tried at one server after another, always under
// the same sequence number, until it is answered or the client has lost patience; then it is in
// doubt. At the end, when all has healed, each client reads every key.

#pragma once

#include "sim/env.h"

namespace reprise::store {

struct Plan {
  bool lists = false;  // Appends and reads, judged as AppendList; else get, put, cas: as KeyValue.
  uint64_t keys = 2;   // Few, so that operations meet.
  Duration slot = 200ms;
  Duration patience = 500ms;
  Duration retry = 100ms;     // How long one server may take.
  Duration last = 9s;         // When the last slot begins.
  Duration finale = 10500ms;  // When every key is read, and before that one written.
};

// Draws nothing but "client-op" and "client-when", once for each slot. Without a draw operations
// of each kind take turns on one key. Reports Progress (converges.h) when its last write
// and all of its last reads were answered. REQUIRES: its role is called "clients".
NodeMain Client(Plan plan);

}  // namespace reprise::store
