"""The clients and upstreams of tests/Bench/tls: TLS load of which only the proxy's CPU and memory are measured."""

import asyncio
import resource
import socket
import ssl
import sys
import threading
import time

BLOCK = bytes(1 << 20)
TRAFFIC = 32 * 1024


def context():
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    made.minimum_version = ssl.TLSVersion.TLSv1_3
    return made


def connect(made, port, name, session=None):
    plain = socket.create_connection(("127.0.0.1", port))
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made.wrap_socket(plain, server_hostname=name, session=session)


def exchange(tls):
    """One byte there and back: the destination is connected, and the tickets of TLS 1.3 are read."""
    tls.sendall(b"x")
    if tls.recv(1) != b"x":
        raise OSError("no echo")


def end(tls):
    """Ends in an orderly way, without waiting for the answer, so that no connection stays in TIME_WAIT here for want of a reset."""
    try:
        tls.setblocking(False)
        tls.unwrap()
    except OSError:
        pass
    tls.close()


def handshakes(port, name, seconds, resumed):
    """Counts handshakes in so many seconds, each with a byte that is echoed."""
    made, session, count, reused = context(), None, 0, 0
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        tls = connect(made, port, name, session if resumed else None)
        exchange(tls)
        reused += tls.session_reused
        session = tls.session
        end(tls)
        count += 1
    print(count, reused)


def download(port, name, seconds):
    """Counts the bytes that arrive."""
    tls, count, buffer = connect(context(), port, name), 0, bytearray(1 << 17)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        count += tls.recv_into(buffer)
    tls.close()
    print(count)


def upload(port, name, seconds):
    """Counts the bytes that are sent."""
    tls, count = connect(context(), port, name), 0
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        tls.sendall(BLOCK)
        count += len(BLOCK)
    tls.close()
    print(count)


async def hold(port, name, number):
    """Holds connections. Commands on standard input: open, traffic, close; each is answered with done."""
    made, lines = context(), asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    held, gate = [], asyncio.Semaphore(50)

    async def open_one():
        async with gate:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=made, server_hostname=name, limit=TRAFFIC)
            writer.write(b"x")
            await reader.readexactly(1)
            held.append((reader, writer))

    async def traffic(reader, writer):
        async with gate:
            writer.write(bytes(TRAFFIC))
            await reader.readexactly(TRAFFIC)

    while command := (await lines.readline()).decode().strip():
        if command == "open":
            await asyncio.gather(*(open_one() for _ in range(number)))
        elif command == "traffic":
            await asyncio.gather(*(traffic(*one) for one in held))
        elif command == "close":
            for _, writer in held:
                writer.transport.abort()
            held.clear()
        print("done", flush=True)


def serve(port, handle):
    with socket.create_server(("127.0.0.1", port), backlog=4096) as listener:
        while True:
            client, _ = listener.accept()
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=quietly, args=(handle, client), daemon=True).start()


def quietly(handle, client):
    with client:
        try:
            handle(client)
        except OSError:
            pass


def source(client):
    while True:
        client.sendall(BLOCK)


def sink(client):
    buffer = bytearray(1 << 20)
    while client.recv_into(buffer):
        pass


def main():
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    what, port, rest = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    if what == "full" or what == "resumed":
        handshakes(port, rest[0], float(rest[1]), what == "resumed")
    elif what == "down":
        download(port, rest[0], float(rest[1]))
    elif what == "up":
        upload(port, rest[0], float(rest[1]))
    elif what == "hold":
        asyncio.run(hold(port, rest[0], int(rest[1])))
    else:
        serve(port, {"source": source, "sink": sink}[what])


if __name__ == "__main__":
    main()
