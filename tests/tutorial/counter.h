// The counter of docs/tutorial.md, for its tests and its command.

#pragma once

#include "sim/family.h"

reprise::Family CounterFamily();
