#!/usr/bin/env python3
"""Measures a host with many routes: routes.py PROXY_DLL KIND COUNT EDITS.

KIND is `networks` (routes of one endpoint, told apart by source networks) or `addresses` (a route and a cluster for each address). Starts the program
without those routes, then with them, edits one route EDITS times, sends traffic, and prints lines `figure value`. The echo server and the client whose
latency counts are processes of their own. Every wait has a limit.
"""

import atexit
import json
import multiprocessing
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

LIMIT = 120  # seconds, for each wait
CONNECTIONS, BYTES = 1000, 65536  # of the traffic after the edits
TICKS = os.sysconf("SC_CLK_TCK")


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def echo(listener):
    signal.signal(signal.SIGTERM, signal.SIG_DFL)

    def serve(client):
        try:
            while data := client.recv(65536):
                client.sendall(data)
        except ConnectionError:
            pass  # the host has stopped

    while True:
        client, _ = listener.accept()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=serve, args=(client,), daemon=True).start()


def echo_server():
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    multiprocessing.Process(target=echo, args=(listener,), daemon=True).start()
    return listener.getsockname()[1]


class Host:
    def __init__(self, program, kind, count):
        self.kind, self.count = kind, count
        self.folder = tempfile.mkdtemp()
        self.file = os.path.join(self.folder, "proxy.json")
        self.upstream = echo_server()
        self.admin, self.first = free_ports(2)
        self.edit(0)
        begun = time.monotonic()
        self.process = subprocess.Popen(
            ["dotnet", program, "run", "--config", self.file], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        atexit.register(self.stop)
        self.wait(lambda: self.api("/healthz/ready") is not None)
        self.start = time.monotonic() - begun

    def edit(self, number):
        to = lambda port: {"Destinations": {"a": {"Address": f"tcp://127.0.0.1:{port}"}}}
        routes = {"probe": {"Listen": f"127.0.0.1:{self.first}", "ClusterId": "probe"}}
        clusters, endpoints = {"probe": to(self.upstream)}, {}
        if self.kind == "networks":
            clusters |= {"even": to(9), "odd": to(9)}
            endpoints["all"] = {"Address": "127.0.0.2:" + str(self.first)}
            for index in range(self.count):
                routes[f"r{index}"] = {
                    "Match": {"Endpoints": ["all"], "SourceNetworks": [f"10.{index >> 8}.{index & 255}.0/24"]},
                    "ClusterId": "odd" if index == 0 and number % 2 else "even",
                }
        else:
            # Unix sockets are as many addresses as are wanted, and take no ports of the machine.
            for index in range(self.count):
                routes[f"r{index}"] = {"Listen": f"unix:{self.folder}/{index}", "ClusterId": f"c{index}"}
                clusters[f"c{index}"] = to(9 if index or number % 2 else 10)
        with open(self.file + ".new", "w") as file:
            json.dump(
                {
                    "Admin": {"Url": f"http://127.0.0.1:{self.admin}"},
                    "Log": {"Access": {"Path": os.devnull}},
                    "ReverseProxy": {"TcpEndpoints": endpoints, "TcpRoutes": routes, "Clusters": clusters},
                },
                file,
            )
        os.replace(self.file + ".new", self.file)

    def api(self, path):
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{self.admin}{path}", timeout=LIMIT).read()
        except OSError:
            return None

    def status(self):
        return json.loads(self.api("/api/status"))

    def wait(self, fact):
        end = time.monotonic() + LIMIT
        while not fact():
            if self.process.poll() is not None or time.monotonic() > end:
                sys.exit(f"The program has ended ({self.process.poll()}) or takes longer than {LIMIT} s.")
            time.sleep(0.1)

    def cpu(self):
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory(self):
        with open(f"/proc/{self.process.pid}/smaps_rollup") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("Pss:")) / 1000

    def heap(self):
        return self.status()["process"]["gc"]["heapBytes"] / 1e6

    def stop(self):
        atexit.unregister(self.stop)
        self.process.terminate()
        try:
            self.process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def probe(port, pipe):
    """One running connection: echoes, one after the other. Answers each message of the pipe with the 99th percentile since the last."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    connection = socket.create_connection(("127.0.0.1", port), timeout=LIMIT)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    times = []
    while True:
        begun = time.monotonic()
        connection.sendall(b"x")
        connection.recv(1)
        times.append((time.monotonic() - begun) * 1000)
        time.sleep(0.001)
        if pipe.poll():
            pipe.recv()
            pipe.send(statistics.quantiles(times, n=100)[98])
            times = []


def traffic(port):
    """Opens connections, sends some bytes through each and back, and closes them."""
    connections = [socket.create_connection(("127.0.0.1", port), timeout=LIMIT) for _ in range(CONNECTIONS)]
    for connection in connections:
        connection.sendall(bytes(BYTES))
        left = BYTES
        while left and (got := len(connection.recv(left))):
            left -= got
        if left:
            sys.exit("A connection was closed early.")
    for connection in connections:
        connection.close()


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the host is ended then too
    program, kind, count, edits = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    empty = Host(program, kind, 0)
    time.sleep(5)
    empty_heap, empty_memory = empty.heap(), empty.memory()
    empty.stop()
    host = Host(program, kind, count)
    start_cpu = host.cpu()
    ours, theirs = multiprocessing.Pipe()
    client = multiprocessing.Process(target=probe, args=(host.first, theirs), daemon=True)
    client.start()

    def p99():
        ours.send(None)
        return ours.recv() if ours.poll(LIMIT) else sys.exit("The running connection has ended.")

    time.sleep(5)
    p99()  # the first seconds of a process count for nothing
    time.sleep(5)
    quiet = p99()
    heap, memory = host.heap(), host.memory()
    used, took, first = [], [], None
    for number in range(1, edits + 1):
        before, revision, begun = host.cpu(), host.status()["revision"]["id"], time.monotonic()
        host.edit(number)
        host.wait(lambda: host.status()["revision"]["id"] != revision)
        took.append(time.monotonic() - begun)
        time.sleep(0.5)  # what follows an edit belongs to it
        used.append(host.cpu() - before)
        if number == 1:
            first = (host.memory(), host.heap())
    busy = p99()
    edited = (host.memory(), host.heap())
    traffic(host.first)
    time.sleep(2)
    figures = {
        "start": host.start,
        "start_cpu": start_cpu,
        "heap_kb": (heap - empty_heap) * 1000 / count,
        "memory_kb": (memory - empty_memory) * 1000 / count,
        "edit_cpu": statistics.median(used),
        "edit": statistics.median(took),
        "memory_before": memory,
        "memory_first": first[0],
        "memory_edited": edited[0],
        "memory_traffic": host.memory(),
        "heap_before": heap,
        "heap_first": first[1],
        "heap_edited": edited[1],
        "p99_quiet": quiet,
        "p99_edits": busy,
        "p99_moved": busy - quiet,
    }
    for figure, value in figures.items():
        print(figure, value)
    client.terminate()
    host.stop()


main()
