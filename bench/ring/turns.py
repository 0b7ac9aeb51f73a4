"""How a peer takes turns with the program that compares it: one JSON object when it is ready, one a repetition."""
import json
import os
import sys
import time


def keep_to(processors):
    """Binds this process, and the threads it will start, to so many processors: the other side uses as many."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:processors])


def take_turns(work, **facts):
    print(json.dumps({"ready": facts}), flush=True)
    for line in sys.stdin:
        if line.strip() != "run":
            break
        started = time.perf_counter()
        work()
        print(json.dumps({"ms": (time.perf_counter() - started) * 1e3}), flush=True)


def missing(error):
    """Says what is not installed, and ends without an error: the comparison goes on without this peer."""
    print(json.dumps({"missing": str(error)}), flush=True)
    sys.exit(0)
