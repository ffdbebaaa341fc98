#!/usr/bin/env python3
"""Clients in a queue: `serve PORT` greets with how many clients it has and holds them; `wait PORT COUNT` follows commands from standard
input: `run N` brings N clients in and lets them be served one after the other; `come` brings COUNT in, `serve` lets those be served.
Prints, separated as cells: whether the order was kept, median and 99th percentile of the hand-over in ms, and the most clients at once.
A hand-over is the time from one client's close until the next hears the greeting.
"""

import select
import socket
import statistics
import sys
import time


def serve(port):
    listener = socket.create_server(("127.0.0.1", port), backlog=4096)
    poll = select.epoll()
    poll.register(listener, select.EPOLLIN)
    clients = {}
    while True:
        # Ended connections are handled first: a client that is accepted in the same round comes after them.
        for number, _ in sorted(poll.poll(), key=lambda event: event[0] == listener.fileno()):
            if number == listener.fileno():
                client, _ = listener.accept()
                clients[client.fileno()] = client
                poll.register(client, select.EPOLLIN)
                client.send(bytes([min(len(clients), 255)]))
            elif not clients[number].recv(4096):
                clients.pop(number).close()


def come(port, count):
    clients = []
    for _ in range(count):
        client = socket.create_connection(("127.0.0.1", port), timeout=60)
        clients.append(client)
    return clients


def be_served(clients):
    times, most, ordered = [], 0, True
    left = None
    for index, client in enumerate(clients):
        most = max(most, client.recv(1)[0])
        if left is not None:
            times.append((time.perf_counter() - left) * 1000)
        if index + 1 < len(clients):
            poll = select.poll()
            for later in clients[index + 1 : index + 20]:
                poll.register(later, select.POLLIN)
            ordered &= not poll.poll(0)
        left = time.perf_counter()
        client.close()
    times.sort()
    return f"{'kept' if ordered else 'BROKEN'} | {statistics.median(times):.3f} | {times[len(times) * 99 // 100]:.3f} | {most}"


def wait(port, count):
    clients = []
    for line in sys.stdin:
        command, *arguments = line.split()
        if command == "run":
            print(be_served(come(port, int(arguments[0]))), flush=True)
        elif command == "come":
            clients = come(port, count)
            print("done", flush=True)
        else:
            print(be_served(clients), flush=True)


if sys.argv[1] == "serve":
    serve(int(sys.argv[2]))
else:
    wait(int(sys.argv[2]), int(sys.argv[3]))
