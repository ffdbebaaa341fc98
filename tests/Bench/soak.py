#!/usr/bin/env python3
"""The load, the faults and the checks of `soak`.

`serve NAME STREAM LOCK LINE WEB` is a destination with four services; it prints each violation that it sees as a line `wrong ...`.
`run SECONDS EVERY PID FOLDER PORTS...` drives a running proxy, and ends with 1 if integrity is violated or memory, descriptors or threads
rise steadily.

Every byte is predictable from the id of its connection and its place, so that a byte that is lost, doubled, or of another connection is
seen at once.
"""

import sys

sys.path.pop(0)  # queue.py beside this file is not that of the library

import asyncio
import json
import os
import random
import re
import signal
import socket
import ssl
import statistics
import struct
import subprocess
import time
import traceback
import urllib.request

PATTERN = random.Random(1).randbytes(1 << 20)
CHUNK = 1 << 16
HEAD = struct.Struct(">QQQ")  # id, bytes up, bytes down
RESET = struct.pack("ii", 1, 0)

LONG = PATTERN + PATTERN[:CHUNK]


def part(seed, offset, length):
    """The bytes of a stream at a place; at most a chunk."""
    start = (seed * 7919 + offset) % len(PATTERN)
    return LONG[start : start + length]


async def send(writer, seed, length):
    for offset in range(0, length, CHUNK):
        writer.write(part(seed, offset, min(CHUNK, length - offset)))
        await writer.drain()


class Wrong(Exception):
    pass


class Short(Exception):
    """The stream ended with FIN before it was complete."""


async def receive(reader, seed, length):
    """Reads and compares; a reset is an OSError."""
    offset = 0
    while offset < length:
        data = await reader.read(min(CHUNK, length - offset))
        if not data:
            raise Short(f"{offset} of {length} bytes")
        if data != part(seed, offset, len(data)):
            raise Wrong(f"stream {seed} differs within {len(data)} bytes from {offset} on")
        offset += len(data)


def resets(writer):
    """Lets a process that is killed, and an abort, end the connection with a reset, so that a cut is never taken for an end."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


def orderly(writer):
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 0, 0))


# --- Destinations -----------------------------------------------------------------------------------------------------


async def serve(name, stream, lock, line, web):
    held = 0

    def guarded(service):
        async def handle(reader, writer):
            try:
                await service(reader, writer)
                orderly(writer)
            except (OSError, asyncio.IncompleteReadError, Short):
                pass
            except Wrong as wrong:
                print(f"wrong {name}: {wrong}", flush=True)
            finally:
                writer.close()

        return handle

    async def streams(reader, writer):
        seed, up, down = HEAD.unpack(await reader.readexactly(HEAD.size))
        await asyncio.gather(receive(reader, seed, up), send(writer, seed + 1, down))
        if await reader.read(1):
            raise Wrong(f"stream {seed} has more than {up} bytes")
        writer.write_eof()

    async def office(reader, writer):
        nonlocal held
        held += 1
        try:
            if held > 1:
                print(f"wrong {name}: {held} clients are served by the lock at once", flush=True)
            writer.write(b"hello\n")
            while text := await reader.readline():
                writer.write(b"%b served\n" % text[:-1])
                await writer.drain()
        finally:
            held -= 1

    async def device(reader, writer):
        while text := await reader.readline():
            if not re.fullmatch(rb"M[0-9]+ [x]*\n", text):
                raise Wrong(f"the device received {text[:80]}")
            writer.write(b"%b answered\n" % text[:-1])
            await writer.drain()

    async def site(reader, writer):
        while head := await reader.readuntil(b"\r\n\r\n"):
            seed, size = (int(number) for number in re.match(rb"\w+ /([0-9]+)/([0-9]+) ", head).groups())
            length = re.search(rb"(?i)content-length: *([0-9]+)", head)
            await receive(reader, seed, int(length[1]) if length else 0)
            writer.write(b"HTTP/1.1 200 OK\r\nX-Seed: %d\r\nContent-Length: %d\r\n\r\n" % (seed, size))
            await send(writer, seed + 1, size)

    for service, port in ((streams, stream), (office, lock), (device, line), (site, web)):
        listener = socket.create_server(("127.0.0.1", port), backlog=1024)
        # Accepted sockets inherit it: a process that is killed resets also those that it has not looked at yet.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        await asyncio.start_server(guarded(service), sock=listener)
    print("ready", flush=True)
    await asyncio.Event().wait()


class Destination:
    """A process of `serve`, which can be killed, frozen and started again."""

    def __init__(self, name, ports, folder):
        self.name, self.ports, self.log = name, ports, open(f"{folder}/{name}.log", "ab")
        self.path = self.log.name
        self.process = None

    def start(self):
        self.process = subprocess.Popen([sys.executable, __file__, "serve", self.name, *map(str, self.ports)], stdout=self.log)

    def signal(self, number):
        self.process.send_signal(number)
        if number == signal.SIGKILL:
            self.process.wait()

    def wrong(self):
        with open(self.path) as lines:
            return [line.strip() for line in lines if line.startswith("wrong")]


# --- Load -------------------------------------------------------------------------------------------------------------


class Totals:
    def __init__(self):
        self.exchanges = dict.fromkeys(("forward", "lock", "multiplex", "http", "https", "reset"), 0)
        self.cut = dict.fromkeys(self.exchanges, 0)
        self.bytes = self.short = self.edits = self.faults = 0
        self.wrong = []


class Load:
    PATIENCE = 60

    def __init__(self, ports, totals, folder):
        self.ports, self.totals = ports, totals
        self.tls = ssl.create_default_context(cafile=f"{folder}/soak.crt")
        self.ids = 0
        self.running = True

    def id(self):
        self.ids += 1
        return self.ids

    async def repeat(self, kind, once, pause):
        """Runs a conversation again and again; one that a fault cuts is counted, and never taken for complete."""
        while self.running:
            try:
                self.totals.bytes += await asyncio.wait_for(once(), self.PATIENCE)
                self.totals.exchanges[kind] += 1
            except Wrong as wrong:
                self.totals.wrong.append(f"{kind}: {wrong}")
            except Short as short:
                self.totals.short += 1
                print(f"short {kind}: {short}", flush=True)
            except (OSError, asyncio.IncompleteReadError):
                self.totals.cut[kind] += 1
                await asyncio.sleep(0.2)
            except asyncio.TimeoutError:
                self.totals.wrong.append(f"{kind}: nothing for {self.PATIENCE} s")
            await asyncio.sleep(pause * random.random())

    async def dial(self, port):
        return await asyncio.open_connection("127.0.0.1", self.ports[port], limit=1 << 20)

    async def forward(self):
        reader, writer = await self.dial("stream")
        try:
            seed, up, down = self.id() * 2, *(int(10 ** random.uniform(0, 6.5)) for _ in range(2))
            writer.write(HEAD.pack(seed, up, down))

            async def say():
                await send(writer, seed, up)
                writer.write_eof()

            await asyncio.gather(say(), receive(reader, seed + 1, down))
            if await reader.read(1):
                raise Wrong(f"stream {seed} got more than {down} bytes")
            return up + down
        finally:
            writer.close()

    async def reset(self):
        reader, writer = await self.dial("stream")
        seed = self.id() * 2
        writer.write(HEAD.pack(seed, 1 << 30, 1 << 30))
        writer.write(part(seed, 0, random.randrange(CHUNK)))
        await reader.read(random.randrange(1, CHUNK))
        resets(writer)
        writer.transport.abort()
        return 0

    async def lock(self):
        reader, writer = await self.dial("lock")
        try:
            if await reader.readexactly(6) != b"hello\n":
                raise Wrong("no greeting")
            text = b"%d" % self.id()
            writer.write(text + b"\n")
            answer = await reader.readexactly(len(text) + 8)
            if answer != text + b" served\n":
                raise Wrong(f"{text} was answered {answer}")
            return len(answer)
        finally:
            writer.close()

    async def multiplex(self):
        reader, writer = await self.dial("line")
        try:
            for _ in range(random.randrange(1, 50)):
                text = b"M%d %b" % (self.id(), b"x" * random.randrange(200))
                writer.write(text + b"\n")
                answer = await reader.readline()
                if not answer:
                    raise ConnectionResetError  # a request that was not answered ends its client
                if answer != text + b" answered\n":
                    raise Wrong(f"{text} was answered {answer[:80]}")
                await asyncio.sleep(0.02 * random.random())
            return 300
        finally:
            writer.close()

    async def http(self):
        return await self.requests(*await self.dial("web"))

    async def https(self):
        """The same through the TLS of a TCP route that passes its connections to the HTTP server."""
        return await self.requests(
            *await asyncio.open_connection("127.0.0.1", self.ports["shared"], limit=1 << 20, ssl=self.tls, server_hostname="soak")
        )

    async def requests(self, reader, writer):
        count = 0
        try:
            for _ in range(random.randrange(1, 20)):
                seed, up, down = self.id() * 2, *(int(10 ** random.uniform(0, 5)) for _ in range(2))
                writer.write(b"POST /%d/%d HTTP/1.1\r\nHost: soak\r\nContent-Length: %d\r\n\r\n" % (seed, down, up))
                await send(writer, seed, up)
                head = await reader.readuntil(b"\r\n\r\n")
                if not head.startswith(b"HTTP/1.1 200"):
                    raise ConnectionResetError
                if b"X-Seed: %d\r\n" % seed not in head:
                    raise Wrong(f"request {seed} got the answer {head[:200]}")
                length = re.search(rb"(?i)content-length: *([0-9]+)", head)
                if not length or int(length[1]) != down:
                    raise Wrong(f"request {seed} for {down} bytes got {head[:200]}")
                await receive(reader, seed + 1, down)
                count += up + down
            return count
        except Short as short:  # HTTP says how long an answer is, and YARP ends a cut one as HTTP/1.1 does
            raise ConnectionResetError from short
        finally:
            writer.close()


# --- Faults and edits -------------------------------------------------------------------------------------------------


async def break_things(load, totals, destinations, proxy):
    """One fault after the other, each undone."""
    while load.running:
        for fault in random.sample(("kill", "freeze", "stop"), 3):
            await asyncio.sleep(random.uniform(5, 10))
            if not load.running:
                return
            victim = random.choice(destinations)
            totals.faults += 1
            if fault == "kill":
                victim.signal(signal.SIGKILL)
                await asyncio.sleep(random.uniform(0, 3))
                victim.start()
            elif fault == "freeze":
                victim.signal(signal.SIGSTOP)
                await asyncio.sleep(random.uniform(0, 8))
                victim.signal(signal.SIGCONT)
            else:
                os.kill(proxy, signal.SIGSTOP)
                await asyncio.sleep(random.uniform(0, 4))
                os.kill(proxy, signal.SIGCONT)


async def edit(load, totals, path):
    """Edits what changes nothing for the routes under load: a route comes and goes, and values change."""
    with open(path) as file:
        config = json.load(file)
    spare = load.ports["spare"]
    while load.running:
        await asyncio.sleep(random.uniform(5, 10))
        routes = config["ReverseProxy"]["TcpRoutes"]
        if routes.pop("spare", None) is None:
            routes["spare"] = {"Listen": f"127.0.0.1:{spare}", "ClusterId": "stream"}
        routes["stream"]["IdleTimeout"] = random.choice(("00:01:00", "00:02:00", "00:03:00"))
        with open(path + ".new", "w") as file:
            json.dump(config, file)
        os.replace(path + ".new", path)
        totals.edits += 1


# --- Measuring --------------------------------------------------------------------------------------------------------


class Sample:
    def __init__(self, proxy, admin):
        with open(f"/proc/{proxy}/status") as file:
            status = dict(line.split(":", 1) for line in file)
        self.rss = int(status["VmRSS"].split()[0]) / 1024
        self.threads = int(status["Threads"])
        self.descriptors = len(os.listdir(f"/proc/{proxy}/fd"))
        try:
            page = urllib.request.urlopen(f"http://127.0.0.1:{admin}/metrics", timeout=20).read().decode()
            heap = re.findall(r"^dotnet_gc_last_collection_heap_size_bytes\{[^}]*\} (\S+)", page, re.M)
            self.heap = sum(map(float, heap)) / 2**20
            self.accepted = sum(
                float(value) for value in re.findall(r'^proxy_config_reloads_total\{[^}]*"accepted"[^}]*\} (\S+)', page, re.M)
            )
        except OSError:
            self.heap = self.accepted = None


def rises(samples, name, slack):
    """Whether the last third of a run is steadily above the third before it, and that above the first one: more than slack in all."""
    third = len(samples) // 3
    if third < 3:
        return False
    first, second, last = (
        statistics.median(getattr(sample, name) for sample in samples[i * third : (i + 1) * third]) for i in range(3)
    )
    return first < second < last and last - first > slack(first)


def short_connections(folder):
    """How many short connections were made and how many failed, if there are such, and the lines about those that failed."""
    try:
        with open(f"{folder}/rate.log") as file:
            lines = file.read().splitlines()
    except OSError:
        lines = []
    counts = [line for line in lines if re.fullmatch("[0-9]+ [0-9]+", line)] or [""]
    made, failed = counts[-1].split() or ("", "")
    return made, failed, [line for line in lines if line.startswith("failed")]


def outcomes(admin, route):
    """How the connections of a route ended, by the proxy's count."""
    page = urllib.request.urlopen(f"http://127.0.0.1:{admin}/metrics", timeout=20).read().decode()
    ended = re.findall(r"^proxy_connections_total\{([^}]*)\} (\S+)", page, re.M)
    found = {re.search('proxy_outcome="([^"]*)"', tags)[1]: int(float(value)) for tags, value in ended if f'proxy_route_id="{route}"' in tags}
    return {outcome: count for outcome, count in sorted(found.items()) if count}


async def run(seconds, every, proxy, folder, ports):
    try:
        return await soak(seconds, every, proxy, folder, ports)
    except Exception:
        traceback.print_exc()
        os._exit(2)  # the load would not let go


async def soak(seconds, every, proxy, folder, ports):
    totals = Totals()
    load = Load(ports, totals, folder)
    destinations = [
        Destination("a", (ports["a.stream"], ports["a.lock"], ports["a.line"], ports["a.web"]), folder),
        Destination("b", (ports["b.stream"], ports["b.lock"], ports["b.line"], ports["b.web"]), folder),
    ]
    for destination in destinations:
        destination.start()
    await asyncio.sleep(1)
    before = Sample(proxy, ports["admin"])
    kinds = {"forward": (10, 0.1), "reset": (2, 0.2), "lock": (5, 0.1), "multiplex": (20, 0.1), "http": (5, 0.1), "https": (5, 0.1)}
    tasks = [
        asyncio.create_task(load.repeat(kind, getattr(load, kind), pause))
        for kind, (count, pause) in kinds.items()
        for _ in range(count)
    ]
    breaking = asyncio.create_task(break_things(load, totals, destinations, proxy))
    editing = asyncio.create_task(edit(load, totals, f"{folder}/proxy.json"))
    samples = []
    columns = ("second", "exchanges", "cut", "GB", "wrong", "faults", "edits", "short", "short failed", "RSS MB", "heap MB", "descriptors", "threads")
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}", flush=True)
    begin = time.monotonic()
    failed = None
    while (left := seconds - (time.monotonic() - begin)) > 0:
        await asyncio.sleep(min(every, left))
        # In a thread: the proxy may be stopped at this moment.
        try:
            sample = await asyncio.to_thread(Sample, proxy, ports["admin"])
        except OSError:
            failed = "the proxy is gone"
            break
        samples.append(sample)
        row = (
            round(time.monotonic() - begin),
            sum(totals.exchanges.values()),
            sum(totals.cut.values()),
            f"{totals.bytes / 1e9:.2f}",
            len(totals.wrong) + sum(len(destination.wrong()) for destination in destinations),
            totals.faults,
            totals.edits,
            *short_connections(folder)[:2],
            round(sample.rss),
            "" if sample.heap is None else round(sample.heap),
            sample.descriptors,
            sample.threads,
        )
        print(f"| {' | '.join(map(str, row))} |", flush=True)
    load.running = False
    await asyncio.gather(breaking, editing)
    await asyncio.gather(*tasks)
    for destination in destinations:
        destination.signal(signal.SIGKILL)
    await asyncio.sleep(10)
    try:
        after = Sample(proxy, ports["admin"])
    except OSError:
        after = before
        failed = "the proxy is gone"

    made, refused, reasons = short_connections(folder)
    violations = totals.wrong + [line for destination in destinations for line in destination.wrong()]
    print()
    for kind in kinds:
        print(f"{kind}: {totals.exchanges[kind]} exchanges, {totals.cut[kind]} cut by a fault")
    print(f"{totals.bytes / 1e9:.3f} GB compared, {totals.faults} faults, {totals.edits} edits, of which {after.accepted:.0f} were applied (with the first).")
    if made != "":
        print(f"{made} short connections, {int(made) / (time.monotonic() - begin):.0f} a second, {refused} failed; the proxy counted {outcomes(ports['admin'], 'short')}.")
        print("\n".join(reasons[:20]))
    print(f"Wrong: {len(violations)}. Ended with FIN before they were complete: {totals.short}.")
    print(f"Descriptors {before.descriptors} before, {after.descriptors} after; threads {before.threads}, {after.threads}; RSS {before.rss:.0f} MB, {after.rss:.0f} MB.")
    problems = violations[:20]
    problems += [failed] if failed else []
    problems += [f"{totals.short} streams ended with FIN before they were complete"] if totals.short else []
    problems += [f"no {kind} exchange" for kind in kinds if totals.exchanges[kind] == 0]
    problems += ["no edit was applied"] if totals.edits > 1 and (after.accepted or 0) < 2 else []
    problems += [f"descriptors stay: {after.descriptors}"] if after.descriptors > before.descriptors + 40 else []
    problems += [f"threads stay: {after.threads}"] if after.threads > before.threads + 40 else []
    settled = samples[len(samples) // 10 :]
    problems += ["memory rises steadily"] if rises(settled, "rss", lambda first: max(40, first / 5)) else []
    problems += ["threads rise steadily"] if rises(settled, "threads", lambda first: 10) else []
    problems += ["descriptors rise steadily"] if rises(settled, "descriptors", lambda first: max(50, first / 5)) else []
    for problem in problems:
        print(f"FAILED: {problem}")
    return 1 if problems else 0


if sys.argv[1] == "serve":
    asyncio.run(serve(sys.argv[2], *map(int, sys.argv[3:7])))
else:
    given = dict(argument.split("=") for argument in sys.argv[6:])
    sys.exit(
        asyncio.run(
            run(int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5], {name: int(port) for name, port in given.items()})
        )
    )
