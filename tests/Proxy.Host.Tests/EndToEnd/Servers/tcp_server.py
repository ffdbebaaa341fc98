"""A server that greets and then echoes: tcp_server.py GREETING ADDRESS:PORT…"""
import socketserver
import sys
import threading


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


class Client(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.sendall(sys.argv[1].replace("ADDRESS", self.server.server_address[0]).encode())
        while data := self.request.recv(65536):
            self.request.sendall(data)


for address in sys.argv[2:]:
    host, port = address.rsplit(":", 1)
    threading.Thread(target=Server((host, int(port)), Client).serve_forever).start()
