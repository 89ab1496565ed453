# SPDX-License-Identifier: GPL-2.0-only
"""What unmodified clients get from memcached: clients.py LIBRARY PORT ROUNDS prints a line for each call.

The lines are the same with and without an accelerator. LIBRARY is pymemcache, pylibmc or pylibmc-binary.
"""

import random
import sys


def text(length, seed):
    return bytes(random.Random(seed).randbytes(length))


class Pymemcache:
    def __init__(self, port):
        from pymemcache.client.base import Client

        self.client = Client(("127.0.0.1", port), timeout=60, no_delay=True, default_noreply=False)

    def calls(self, key, other, n):
        c = self.client
        value, longer = text(n * 37 % 1200, n), text(n * 409 % 70000, n + 1)
        yield "set", c.set(key, value, flags=n)
        for _ in range(3):
            yield "get", c.get(key)
        yield "get_many", sorted(c.get_many([key, other, "none"]).items())
        for _ in range(2):
            got, cas = c.gets(key)
            yield "gets", got
        yield "cas", c.cas(key, value + b"+", cas)
        yield "stale cas", c.cas(key, b"never", cas)
        for _ in range(2):
            yield "get", c.get(key)
            yield "gets_many", sorted((k, v[0]) for k, v in c.gets_many([key, other]).items())
        yield "append", c.append(key, b"<" + value)
        yield "prepend", c.prepend(key, b">")
        yield "get", c.get(key)
        yield "add", c.add(key, b"never")
        yield "replace", c.replace(other, b"other %d" % n)
        yield "set_many", c.set_many({other: b"7", "number": b"41"})
        yield "incr", c.incr("number", n)
        yield "decr", c.decr("number", 2)
        yield "get", [c.get("number") for _ in range(2)]
        yield "touch", c.touch(key, 1000)
        yield "get", [c.get(key) for _ in range(2)]
        yield "long", c.set(other, longer)
        yield "get", [c.get(other) for _ in range(2)]
        yield "noreply", c.set(key, b"quick", noreply=True)
        yield "get", [c.get(key) for _ in range(2)]
        yield "delete", [c.delete(key), c.delete(key), c.get(key)]
        yield "missing", c.get("x" * 250)

    def flush(self):
        return self.client.flush_all()


class Pylibmc:
    binary = False

    def __init__(self, port):
        import pylibmc

        behaviors = {"tcp_nodelay": True, "cas": True}
        self.client = pylibmc.Client(["127.0.0.1:%d" % port], binary=self.binary, behaviors=behaviors)

    def calls(self, key, other, n):
        c = self.client
        value, longer = text(n * 37 % 1200, n), text(n * 409 % 70000, n + 1)
        yield "set", c.set(key, value)
        yield "get", [c.get(key) for _ in range(3)]
        yield "object", c.set(other, {"n": n, "list": [n, str(n)]})
        yield "get_multi", [sorted(c.get_multi([key, other, "none"]).items()) for _ in range(2)]
        for _ in range(2):
            got, cas = c.gets(key)
            yield "gets", got
        yield "cas", [c.cas(key, value + b"+", cas), c.cas(key, b"never", cas)]
        yield "get", [c.get(key) for _ in range(2)]
        yield "append", [c.append(key, b"<"), c.prepend(key, b">"), c.get(key)]
        yield "add", [c.add(key, b"never"), c.replace(other, n)]
        yield "get", [c.get(other) for _ in range(2)]
        yield "set_multi", c.set_multi({"number": 41, other: "text"})
        yield "incr", [c.incr("number", n), c.decr("number", 2), c.get("number"), c.get("number")]
        yield "touch", [c.touch(key, 1000), c.get(key)]
        yield "long", [c.set(other, longer), c.get(other), c.get(other)]
        yield "delete", [c.delete(key), c.delete(key), c.get(key)]
        yield "delete_multi", [c.delete_multi([other, "number"]), c.get(other)]

    def flush(self):
        return self.client.flush_all()


class PylibmcBinary(Pylibmc):
    binary = True


def main():
    library, port, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    kind = {"pymemcache": Pymemcache, "pylibmc": Pylibmc, "pylibmc-binary": PylibmcBinary}[library]
    client = kind(port)
    print("flush", client.flush())
    for n in range(1, rounds + 1):
        for name, result in client.calls("key%d" % (n % 7), "other%d" % (n % 3), n):
            print(n, name, repr(result))


main()
