# SPDX-License-Identifier: GPL-2.0-only
# usage: udp_get.py ADDRESS PORT KEY
import socket, struct, sys

def get(address, port, key, tries=3, timeout=0.2):
    family, _, _, _, where = socket.getaddrinfo(address, port, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        s.connect(where)                    # replies of others do not come
        s.settimeout(timeout)
        for number in range(tries):         # what is lost is asked for again, under another number
            s.send(struct.pack("!4H", number, 0, 1, 0) + b"get " + key + b"\r\n")
            parts, of = {}, 1
            try:
                while len(parts) < of:      # a long value comes in several datagrams, in any order
                    reply = s.recv(65536)
                    which, part, total, _ = struct.unpack("!4H", reply[:8])
                    if which == number:
                        parts[part], of = reply[8:], total
            except TimeoutError:
                continue
            head, _, rest = b"".join(parts[i] for i in range(of)).partition(b"\r\n")
            return None if head == b"END" else rest[:int(head.split()[3])]
    raise TimeoutError(f"no reply from {address} port {port} in {tries} tries")

value = get(sys.argv[1], int(sys.argv[2]), sys.argv[3].encode())
print("no such key" if value is None else value.decode(errors="replace"))
