#!/usr/bin/env python3
"""Many connections: `serve PORT` echoes, `hold PORT COUNT` opens COUNT and follows commands from standard input, `rate PORT RATE` makes
at most RATE HTTP requests a second, each on a connection of its own, and prints how many were made and how many failed, every second, and
a line `failed ...` with the reason of each that failed.

Commands: `warm N` opens, uses and closes N connections, few at once; `open` opens COUNT; `traffic BYTES` sends that many over
each and reads them back; `close` closes all. Every command is answered by one line, `done` or what went wrong.
"""

import select
import socket
import sys
import time

CHUNK = 65536
AT_ONCE = 20


def serve(port):
    listener = socket.create_server(("127.0.0.1", port), backlog=4096)
    listener.setblocking(False)
    poll = select.epoll()
    poll.register(listener, select.EPOLLIN)
    connections, pending = {}, {}
    while True:
        for number, events in poll.poll():
            if number == listener.fileno():
                try:
                    while True:
                        accepted, _ = listener.accept()
                        accepted.setblocking(False)
                        connections[accepted.fileno()] = accepted
                        poll.register(accepted, select.EPOLLIN)
                except (BlockingIOError, ConnectionAbortedError):
                    pass
                continue
            connection = connections[number]
            try:
                data = pending.pop(number, None) or connection.recv(CHUNK)
                if data:
                    try:
                        sent = connection.send(data)
                    except BlockingIOError:
                        sent = 0
                    if sent < len(data):
                        pending[number] = data[sent:]
                    poll.modify(number, select.EPOLLOUT if number in pending else select.EPOLLIN)
                    continue
            except BlockingIOError:
                continue
            except OSError:
                pass
            poll.unregister(number)
            connections.pop(number).close()


def dial(port):
    connection = socket.create_connection(("127.0.0.1", port), timeout=30)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def exchange(connections, size):
    """Sends and reads back on a few connections at once; sizes up to the socket buffers keep this simple."""
    block = b"x" * CHUNK
    for first in range(0, len(connections), AT_ONCE):
        some = connections[first : first + AT_ONCE]
        for offset in range(0, size, CHUNK):
            part = block[: min(CHUNK, size - offset)]
            for connection in some:
                connection.sendall(part)
            for connection in some:
                left = len(part)
                while left:
                    got = len(connection.recv(left))
                    if not got:
                        raise ConnectionError("closed early")
                    left -= got


def hold(port, count):
    held = []
    for line in sys.stdin:
        command, *arguments = line.split()
        try:
            if command == "warm":
                for _ in range(0, int(arguments[0]), AT_ONCE):
                    some = [dial(port) for _ in range(AT_ONCE)]
                    exchange(some, 1024)
                    for connection in some:
                        connection.close()
            elif command == "open":
                # A byte is echoed, so that a connection counts only if its upstream side exists too.
                while len(held) < count:
                    some = [dial(port) for _ in range(min(AT_ONCE, count - len(held)))]
                    exchange(some, 1)
                    held += some
            elif command == "traffic":
                exchange(held, int(arguments[0]))
            elif command == "close":
                for connection in held:
                    connection.close()
                held.clear()
            print("done", flush=True)
        except OSError as error:
            print(f"{command}: {error}", flush=True)


REQUEST = b"GET / HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n"


def rate(port, per_second):
    """One thread, non-blocking; a connection that is not answered within ten seconds has failed."""
    poll = select.epoll()
    live = {}
    made = failed = 0
    begin = time.monotonic()

    def fail(started, why):
        nonlocal failed
        failed += 1
        print(f"failed {started - begin:.1f} s after the beginning, after {time.monotonic() - started:.3f} s: {why}", flush=True)

    due, shown = begin, begin
    while True:
        now = time.monotonic()
        if now - shown >= 1:
            print(made, failed, flush=True)
            shown = now
            for number, (connection, started, sent) in list(live.items()):
                if now - started > 10:
                    state = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
                    fail(started, f"no answer from {connection.getsockname()}, {'request sent' if sent else 'not connected'}, state {state}")
                    live.pop(number)
                    connection.close()
        due = max(due, now - 0.1)  # a backlog of more than 0.1 s is dropped, because catching up would overload a busy machine further
        while due <= now:
            due += 1 / per_second
            try:
                connection = socket.socket()
            except OSError as error:
                fail(now, error)  # no descriptor is left, because too many connections wait for an answer
                continue
            connection.setblocking(False)
            connection.connect_ex(("127.0.0.1", port))
            live[connection.fileno()] = (connection, now, False)
            poll.register(connection, select.EPOLLOUT)
        for number, _ in poll.poll(max(0, due - time.monotonic())):
            connection, started, sent = live[number]
            try:
                if not sent:
                    connection.send(REQUEST)
                    live[number] = (connection, started, True)
                    poll.modify(number, select.EPOLLIN)
                    continue
                answer = connection.recv(CHUNK)
                if not answer.startswith(b"HTTP/1.1 200"):
                    raise ConnectionError(f"answered {answer[:40]}")
                made += 1
            except BlockingIOError:
                continue
            except OSError as error:
                fail(started, error)
            live.pop(number)
            connection.close()


if sys.argv[1] == "serve":
    serve(int(sys.argv[2]))
elif sys.argv[1] == "rate":
    rate(int(sys.argv[2]), int(sys.argv[3]))
else:
    hold(int(sys.argv[2]), int(sys.argv[3]))
