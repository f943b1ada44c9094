// The functions of raft.h's raft_io and raft_fsm, which are the server's. Private to libraft_*.cc.

#pragma once

#include "protocols/engines/libraft_server.h"

namespace reprise::libraft {

// Fill in the two tables.
void SetIo(raft_io& io, Server& server);
void SetMachine(raft_fsm& fsm, Server& server);

// Memory that the library will free.
void* NewBytes(std::string_view bytes);
raft_entry* NewEntries(const std::deque<Entry>& entries);
raft_configuration NewConfiguration(const std::vector<Member>& members);

}  // namespace reprise::libraft
