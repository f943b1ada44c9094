"""gdb commands for a run of the simulator:

  fibers         all fibers: which node's, what they wait for, and where in its code they are
  fiber N [bt]   the stack of fiber N, as `backtrace` prints it

Loaded with `gdb -x tools/gdb/reprise.py`. `reprise replay TRACE --break-at N` stops the run at event
N, in the fiber that made it. Stacks of fibers that do not run are shown on x86-64 only.
"""

import gdb

FIBERS_TO_A_CHUNK = 64  # Slab's kEach (sim/slab.h).
STATES = ["free", "ready", "running", "waiting"]  # Fiber::State (sim/node.h).
# Where Boost.Context keeps the registers of a context that does not run, from its handle.
SAVED = {"r12": 0x08, "r13": 0x10, "r14": 0x18, "r15": 0x20, "rbx": 0x28, "rbp": 0x30, "rip": 0x38}
SAVED_BYTES = 0x40


def the_world():
    for name in ("reprise::(anonymous namespace)::current", "(anonymous namespace)::current"):
        symbol = gdb.lookup_static_symbol(name) or gdb.lookup_global_symbol(name)
        if symbol is not None and int(symbol.value()) != 0:
            return symbol.value().dereference()
    raise gdb.GdbError("no run is under way here")


def all_fibers(world):
    """Each fiber that is not free, in the order of their numbers."""
    slab = world["fibers_"]
    start = slab["chunks_"]["_M_impl"]["_M_start"]
    kind = gdb.lookup_type("reprise::Fiber")
    pointer = gdb.lookup_type("void").pointer().pointer()
    for i in range(int(slab["size_"])):
        chunk = start[i // FIBERS_TO_A_CHUNK].address.cast(pointer).dereference()
        fiber = (chunk.cast(kind.pointer()) + i % FIBERS_TO_A_CHUNK).dereference()
        if int(fiber["state"]) != 0:
            yield fiber


def ms(ns):
    return "%.3f ms" % (ns / 1e6)


def describe(fiber, world):
    node = fiber["node"].dereference()
    state = STATES[int(fiber["state"])]
    if int(fiber["fresh"]):
        state = "has not run yet"
    elif state == "waiting":
        deadline = int(fiber["deadline"])
        state = "waits" if deadline == 2**63 - 1 else "waits until " + ms(deadline)
    role = node["role_"]["name"].format_string().strip('"')
    return "n%d  %-10s %-8s boot %d  %s" % (
        int(node["id_"]), role, "Main" if int(fiber["main"]) else "spawned", int(node["boot_"]), state)


class OtherStack:
    """While it lasts, gdb's registers are those of a fiber that does not run."""

    def __init__(self, fiber):
        self.handle = int(fiber["context"]["handle_"])

    def __enter__(self):
        gdb.selected_thread().switch()
        gdb.newest_frame().select()
        names = list(SAVED) + ["rsp"]
        self.before = {name: int(gdb.parse_and_eval("(unsigned long)$" + name)) for name in names}
        words = gdb.lookup_type("unsigned long").pointer()
        for name, offset in SAVED.items():
            value = int(gdb.Value(self.handle + offset).cast(words).dereference())
            gdb.execute("set var $%s = %d" % (name, value))
        gdb.execute("set var $rsp = %d" % (self.handle + SAVED_BYTES))

    def __exit__(self, *error):
        gdb.newest_frame().select()
        for name, value in self.before.items():
            gdb.execute("set var $%s = %d" % (name, value))


def stack_of(fiber, command="backtrace"):
    """What the command prints in that fiber; empty where there is no telling."""
    if int(fiber["fresh"]):
        return ""
    if STATES[int(fiber["state"])] == "running":
        return gdb.execute(command, to_string=True)
    if "x86-64" not in gdb.selected_inferior().architecture().name():
        return ""
    with OtherStack(fiber):
        return gdb.execute(command, to_string=True)


def in_node_code(stack):
    """The innermost frame outside the simulator: "protocols/raft.cc:312"."""
    for line in stack.splitlines():
        if " at " not in line:
            continue
        place = line.rsplit(" at ", 1)[1].strip()
        if not any(part in place for part in ("/sim/", "boost", "sysdeps", "/usr/include", "nptl")):
            return place
    return ""


class Fibers(gdb.Command):
    """All fibers of the run: node, role, boot, state, and where in the node's code they are."""

    def __init__(self):
        super().__init__("fibers", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        world = the_world()
        print("virtual time " + ms(int(world["now_"])))
        for fiber in all_fibers(world):
            running = STATES[int(fiber["state"])] == "running"
            place = in_node_code(stack_of(fiber, "backtrace -frame-arguments none"))
            print("%s %3d  %s%s" % ("*" if running else " ", int(fiber["index"]), describe(fiber, world),
                                    "  " + place if place else ""))


class FiberStack(gdb.Command):
    """fiber N: the stack of the fiber of that number."""

    def __init__(self):
        super().__init__("fiber", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        words = argument.split()
        if not words or not words[0].isdigit():
            raise gdb.GdbError("fiber wants a number; fibers lists them")
        world = the_world()
        for fiber in all_fibers(world):
            if int(fiber["index"]) == int(words[0]):
                print(describe(fiber, world))
                print(stack_of(fiber), end="")
                return
        raise gdb.GdbError("no fiber " + words[0])


Fibers()
FiberStack()
