// The lock server, for its tests and its command.

#pragma once

#include "sim/family.h"

reprise::Family LockServer();

// "lock-server", or a mutant of it: "lock-server:no-fence".
inline reprise::Scenario LockServerNamed(const std::string& name) {
  reprise::Catalogue catalogue;
  catalogue.Add(LockServer());
  return *catalogue.Make(name);
}
