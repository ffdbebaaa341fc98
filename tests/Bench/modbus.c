// A Modbus device that serves one connection at a time, and clients that send requests without a pause. See README.md.
//   modbus device PORT
//   modbus load PORT CLIENTS SECONDS    prints: exchanges/s, p50 ms, p99 ms, exchanges
//   modbus hold PORT CLIENTS            each client sends one request; prints "ready" and waits for the end of standard input
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { REQUEST = 12, REGISTERS = 10, REPLY = 9 + 2 * REGISTERS, SLOWEST = 10 * 1000 * 1000 };

struct client {
  int socket, count;
  uint16_t number, address;
  int64_t asked;
  uint8_t reply[REPLY];
};

static int64_t microseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static struct sockaddr_in loopback(int port) {
  return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
}

static void no_delay(int socket) {
  int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

// Each register contains its own address, so that a reply to another client's request is detected.
static int answer(uint8_t *replies, const uint8_t *requests, int bytes) {
  int size = 0;
  for (int at = 0; at + REQUEST <= bytes; at += REQUEST, size += REPLY) {
    const uint8_t *request = requests + at;
    uint8_t *reply = replies + size;
    memcpy(reply, request, 8);
    reply[5] = REPLY - 6;
    reply[8] = 2 * REGISTERS;
    for (int index = 0; index < REGISTERS; index++) {
      uint16_t value = htons((request[8] << 8 | request[9]) + index);
      memcpy(reply + 9 + 2 * index, &value, 2);
    }
  }
  return size;
}

static void serve(int socket) {
  static uint8_t requests[64 * REQUEST], replies[64 * REPLY];
  int count = 0, got;
  while ((got = recv(socket, requests + count, sizeof requests - count, 0)) > 0) {
    count += got;
    int size = answer(replies, requests, count), rest = count % REQUEST;
    memmove(requests, requests + count - rest, rest);
    count = rest;
    if (size > 0 && send(socket, replies, size, MSG_NOSIGNAL) != size) break;
  }
  close(socket);
}

static void device(int port) {
  int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  struct sockaddr_in address = loopback(port);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (void *)&address, sizeof address) || listen(listener, 16)) fail("listen");
  for (;;) {
    int socket = accept(listener, 0, 0);
    if (socket < 0) fail("accept");
    no_delay(socket);
    serve(socket);
  }
}

static void ask(struct client *client) {
  uint16_t number = ++client->number, address = client->address += 7;
  uint8_t request[REQUEST] = {number >> 8, number, 0, 0, 0, 6, 1, 3, address >> 8, address, 0, REGISTERS};
  client->asked = microseconds();
  client->count = 0;
  if (send(client->socket, request, REQUEST, MSG_NOSIGNAL) != REQUEST) fail("send");
}

// Whether the reply is complete; ends the program if it is not the reply to the request.
static int has_reply(struct client *client) {
  int got = recv(client->socket, client->reply + client->count, REPLY - client->count, 0);
  if (got <= 0) fail("a client was closed");
  client->count += got;
  const uint8_t *reply = client->reply;
  if (client->count >= 9 && reply[7] != 3) {
    fprintf(stderr, "exception %d\n", reply[8]);
    exit(1);
  }
  if (client->count < REPLY) return 0;
  if ((reply[0] << 8 | reply[1]) != client->number || (uint16_t)(reply[9] << 8 | reply[10]) != client->address) {
    fprintf(stderr, "a reply to another question\n");
    exit(1);
  }
  return 1;
}

static struct client *connect_all(int port, int count, int poll) {
  struct client *clients = calloc(count, sizeof *clients);
  struct sockaddr_in address = loopback(port);
  for (int index = 0; index < count; index++) {
    struct client *client = clients + index;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
    client->socket = socket(AF_INET, SOCK_STREAM, 0);
    client->address = index * 977;
    if (connect(client->socket, (void *)&address, sizeof address)) fail("connect");
    no_delay(client->socket);
    epoll_ctl(poll, EPOLL_CTL_ADD, client->socket, &event);
  }
  return clients;
}

// The latency in microseconds at a quantile of all exchanges.
static double percentile(const uint32_t *latencies, long total, double share) {
  long seen = 0;
  for (int latency = 0; latency < SLOWEST; latency++)
    if ((seen += latencies[latency]) >= total * share) return latency / 1000.0;
  return SLOWEST / 1000.0;
}

static int load(int port, int count, double seconds) {
  int poll = epoll_create1(0);
  uint32_t *latencies = calloc(SLOWEST, sizeof *latencies);
  struct client *clients = connect_all(port, count, poll);
  struct epoll_event events[64];
  long total = 0;
  int64_t start = microseconds(), now, end = start + seconds * 1e6;
  for (int index = 0; index < count; index++) ask(clients + index);
  while ((now = microseconds()) < end) {
    int ready = epoll_wait(poll, events, 64, 1000);
    for (int index = 0; index < ready; index++) {
      struct client *client = events[index].data.ptr;
      if (!has_reply(client)) continue;
      int64_t latency = microseconds() - client->asked;
      latencies[latency < SLOWEST ? latency : SLOWEST - 1]++;
      total++;
      ask(client);
    }
  }
  printf("%.0f %.3f %.3f %ld\n", total * 1e6 / (now - start), percentile(latencies, total, 0.5), percentile(latencies, total, 0.99), total);
  return 0;
}

static int hold(int port, int count) {
  int poll = epoll_create1(0), left = count;
  struct client *clients = connect_all(port, count, poll);
  struct epoll_event events[64];
  for (int index = 0; index < count; index++) ask(clients + index);
  while (left > 0) {
    int ready = epoll_wait(poll, events, 64, -1);
    for (int index = 0; index < ready; index++) left -= has_reply(events[index].data.ptr);
  }
  puts("ready");
  fflush(stdout);
  while (getchar() != EOF) {}
  return 0;
}

int main(int count, char **words) {
  if (count == 3 && !strcmp(words[1], "device")) device(atoi(words[2]));
  if (count == 5 && !strcmp(words[1], "load")) return load(atoi(words[2]), atoi(words[3]), atof(words[4]));
  if (count == 4 && !strcmp(words[1], "hold")) return hold(atoi(words[2]), atoi(words[3]));
  fprintf(stderr, "modbus device PORT | load PORT CLIENTS SECONDS | hold PORT CLIENTS\n");
  return 2;
}
