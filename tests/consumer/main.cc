// The command `reprise`, with a protocol of one's own.

#include "lock_server.h"
#include "tools/command.h"

int main(int argc, char** argv) {
  reprise::Catalogue catalogue;
  catalogue.Add(LockServer());
  return reprise::RepriseCommand(argc, argv, catalogue);
}
