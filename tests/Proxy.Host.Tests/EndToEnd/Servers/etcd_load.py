"""Puts keys into etcd from some connections at once, and writes down each that was acknowledged: IP NAME FILE."""

import base64
import http.client
import itertools
import json
import sys
import threading
import time

WORKERS = 4
ip, name, file = sys.argv[1:]
acknowledged = open(file, "a", encoding="ascii")
gate = threading.Lock()


def encode(text):
    return base64.b64encode(text.encode()).decode()


def work(worker):
    connection = None
    for number in itertools.count():
        key = f"load-{name}-{worker}-{number}"
        try:
            connection = connection or http.client.HTTPConnection(ip, 2379, timeout=5)
            connection.request("POST", "/v3/kv/put", json.dumps({"key": encode(key), "value": encode("x" * 1000)}))
            answer = connection.getresponse()
            if b"revision" in answer.read() and answer.status == 200:
                with gate:
                    print(key, file=acknowledged, flush=True)
        except (OSError, http.client.HTTPException):
            connection = None
            time.sleep(0.05)


for index in range(WORKERS):
    threading.Thread(target=work, args=(index,)).start()
