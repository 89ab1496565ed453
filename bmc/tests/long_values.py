# SPDX-License-Identifier: GPL-2.0-only
"""Values of 64 KiB over TCP, every byte compared: long_values.py PORT whole|slow|closing KEY GETS"""
import random, socket, struct, sys, time

LEN = 65536
port, mode, key, gets = int(sys.argv[1]), sys.argv[2], sys.argv[3].encode(), int(sys.argv[4])
value = random.Random(1).randbytes(LEN - 7) + b"\r\nEND\r\n"


def connect(rcvbuf=0):
    s = socket.socket()
    if rcvbuf:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
    s.settimeout(60)
    s.connect(("127.0.0.1", port))
    # the first command is memcached's
    s.sendall(b"get nothing\r\n")
    expect(s, b"END\r\n")
    return s


def expect(s, reply, piece=1 << 16):
    got = bytearray()
    while len(got) < len(reply):
        bytes = s.recv(min(piece, len(reply) - len(got)))
        if not bytes:
            sys.exit(f"closed after {len(got)} bytes of {len(reply)}")
        got += bytes
    if got != reply:
        at = next(i for i, (a, b) in enumerate(zip(got, reply)) if a != b)
        sys.exit(f"byte {at} of {len(reply)} differs: {got[at:at + 40]!r}, not {reply[at:at + 40]!r}")


def reply(key):
    return b"VALUE %s 3 %d\r\n%s\r\nEND\r\n" % (key, LEN, value)


s = connect()
s.sendall(b"set %s 3 0 %d\r\n%s\r\n" % (key, LEN, value))
expect(s, b"STORED\r\n")
s.sendall(b"get %s\r\n" % key)
expect(s, reply(key))
if mode == "whole":
    for _ in range(gets):
        s.sendall(b"get %s\r\n" % key)
        expect(s, reply(key))
elif mode == "slow":
    # more than all buffers hold is asked for before anything is read
    s = connect(4096)
    s.sendall(b"get %s\r\n" % key * gets)
    time.sleep(0.3)
    expect(s, reply(key) * gets, 9000)
elif mode == "closing":
    for i in range(gets):
        doomed = connect(4096)
        doomed.sendall(b"get %s\r\n" % key)
        # its first byte says that the GET was answered
        expect(doomed, reply(key)[:1000 * i + 1], 1000)
        if i % 2:
            doomed.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        doomed.close()
    s.sendall(b"get %s\r\n" % key)
    expect(s, reply(key))
else:
    sys.exit(f"no such mode: {mode}")
