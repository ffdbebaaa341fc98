#!/usr/bin/env python3
"""Measures a host with many routes: routes.py PROXY_DLL KIND COUNT EDITS.

KIND is `networks` (routes of one endpoint, told apart by source networks) or `addresses` (a route and a cluster for each address). Starts the
program, edits one route EDITS times, and prints the cells of a row: seconds and CPU seconds of the start, kB of heap and of memory for each route,
then for an edit the median CPU seconds, the memory and heap in MB after the first and after the last edit, and the 99th percentile in ms of echoes
through one connection before the edits and during them. Every wait has a limit.
"""

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

LIMIT = 120  # seconds, for each wait
TICKS = os.sysconf("SC_CLK_TCK")


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def echo_server():
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            client, _ = listener.accept()
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=echo, args=(client,), daemon=True).start()

    def echo(client):
        try:
            while data := client.recv(4096):
                client.sendall(data)
        except ConnectionError:
            pass  # the host has stopped

    threading.Thread(target=serve, daemon=True).start()
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
            time.sleep(0.05)

    def cpu(self):
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory(self):
        with open(f"/proc/{self.process.pid}/smaps_rollup") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("Pss:")) / 1000

    def heap(self):
        return self.status()["process"]["gc"]["heapBytes"] / 1e6


class Probe(threading.Thread):
    """One running connection: echoes, one after the other."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=LIMIT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.times = []
        self.start()

    def run(self):
        try:
            while True:
                begun = time.monotonic()
                self.socket.sendall(b"x")
                if not self.socket.recv(1):
                    return
                self.times.append((time.monotonic() - begun) * 1000)
                time.sleep(0.001)
        except ConnectionError:
            pass  # the host has stopped

    def p99(self):
        times, self.times = self.times, []
        return statistics.quantiles(times, n=100)[98]


def main():
    program, kind, count, edits = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    host = Host(program, kind, count)
    start_cpu = host.cpu()
    probe = Probe(host.first)
    time.sleep(5)
    quiet = probe.p99()
    heap, memory = host.heap(), host.memory()
    used, after_first = [], None
    for number in range(1, edits + 1):
        before, revision = host.cpu(), host.status()["revision"]["id"]
        host.edit(number)
        host.wait(lambda: host.status()["revision"]["id"] != revision)
        used.append(host.cpu() - before)
        if number == 1:
            after_first = (host.memory(), host.heap())
    busy = probe.p99()
    print(
        f"{host.start:.1f} | {start_cpu:.1f} | {heap * 1000 / count:.1f} | {memory * 1000 / count:.1f} | {statistics.median(used):.2f}"
        f" | {after_first[0]:.0f}, {after_first[1]:.0f} | {host.memory():.0f}, {host.heap():.0f} | {quiet:.1f} | {busy:.1f}"
    )
    host.process.terminate()
    host.process.wait(LIMIT)


main()
