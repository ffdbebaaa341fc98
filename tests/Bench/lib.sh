# Shared by the scripts here: packages, limits, free ports, the upstreams and every proxy under test.
# shellcheck shell=bash

bench=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$bench/../.." && pwd)
cores=$(nproc)
work=''                     # the folder of all files of this run, removed at the end
started=()                  # the processes that this run has started, ended at the end
declare -A pid_of port_of   # subject -> process; subject.service -> port
next_port=0

note() { printf '%s\n' "$*" >&2; }
die() { note "$*"; exit 1; }

# Installs missing packages if the user is root, and otherwise prints what to install.
need_packages() {
  local package missing=()
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${Status}' "$package" 2> /dev/null)" = 'install ok installed' ] || missing+=("$package")
  done
  [ "${#missing[@]}" -gt 0 ] || return 0
  [ "$(id -u)" = 0 ] || die "Missing Debian packages; install them first: apt-get install ${missing[*]}"
  note "Installing ${missing[*]}"
  apt-get update -qq > /dev/null || true
  # The packages must not start services of their own on the default ports.
  local policy=/usr/sbin/policy-rc.d own=no
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' > "$policy"
    chmod +x "$policy"
    own=yes
  fi
  local status=0
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" > /dev/null || status=$?
  [ "$own" = no ] || rm -f "$policy"
  [ "$status" = 0 ] || die "apt-get install ${missing[*]} failed."
}

# Root may also raise the hard limit; for other users the hard limit stays.
raise_limits() {
  ulimit -n 200000 2> /dev/null || ulimit -n "$(ulimit -Hn)"
  files=$(ulimit -n)
}

prepare() {
  work=$(mktemp -d "${TMPDIR:-/tmp}/proxy-bench.XXXXXX")
  chmod 711 "$work"
  trap clean_up EXIT
  trap 'exit 130' INT TERM
}

clean_up() {
  local pid
  for pid in "${started[@]}"; do
    kill -TERM "$pid" 2> /dev/null || true
  done
  for pid in "${started[@]}"; do
    wait "$pid" 2> /dev/null || true
  done
  [ -z "$work" ] || rm -rf "$work"
}

# Finds a free port below the range of ephemeral ports, so that no outgoing connection of the run takes it: sets $free.
take_port() {
  [ "$next_port" -gt 0 ] || next_port=$((20000 + RANDOM % 8000))
  while true; do
    next_port=$((next_port + 1))
    [ -z "$(ss -Htan "( sport = :$next_port )")" ] && break
  done
  free=$next_port
}

# launch NAME COMMAND...: starts a command in the background and keeps its output; sets $launched.
launch() {
  local name=$1
  shift
  "$@" > "$work/$name.log" 2>&1 < /dev/null &
  launched=$!
  started+=("$launched")
}

# wait_port PORT PID: waits until a process listens on the port; returns 1 if the process ends or after half a minute.
wait_port() {
  local deadline=$((SECONDS + 30))
  until [ -n "$(ss -Htln "( sport = :$1 )")" ]; do
    kill -0 "$2" 2> /dev/null && [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.05
  done
}

# end PID: ends a process and waits until it has exited.
end() {
  kill -TERM "$1" 2> /dev/null || true
  local _ 
  for _ in $(seq 100); do
    kill -0 "$1" 2> /dev/null || break
    sleep 0.05
  done
  kill -KILL "$1" 2> /dev/null || true
  wait "$1" 2> /dev/null || true
  local pid keep=()
  for pid in "${started[@]}"; do
    [ "$pid" = "$1" ] || keep+=("$pid")
  done
  started=("${keep[@]}")
}

# --- Upstreams, which are the subject "direct" too ------------------------------------------------------------------

services=(iperf redis web echo)

start_upstreams() {
  local service
  for service in "${services[@]}"; do
    take_port
    port_of[direct.$service]=$free
  done
  launch iperf iperf3 -s -B 127.0.0.1 -p "${port_of[direct.iperf]}"
  wait_port "${port_of[direct.iperf]}" "$launched" || die "iperf3 does not start."
  launch redis redis-server --bind 127.0.0.1 --port "${port_of[direct.redis]}" --save '' --appendonly no --dir "$work" \
    --maxclients 20000 --tcp-backlog 4096
  wait_port "${port_of[direct.redis]}" "$launched" || die "redis-server does not start."
  # The key that redis-benchmark -t get reads; without it the answers would be empty.
  redis-benchmark -p "${port_of[direct.redis]}" -t set -n 1 -c 1 -d 64 -q > /dev/null
  mkdir -p "$work/web"
  cat > "$work/web/nginx.conf" <<CONF
daemon off;
worker_processes 1;
worker_rlimit_nofile $files;
pid $work/web/pid;
error_log stderr error;
events { worker_connections 20000; }
http {
  access_log off;
  server {
    listen 127.0.0.1:${port_of[direct.web]} backlog=4096;
    location / { default_type text/plain; return 200 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"; }
  }
}
CONF
  launch web nginx -p "$work/web" -e stderr -c "$work/web/nginx.conf"
  wait_port "${port_of[direct.web]}" "$launched" || die "nginx does not start: $(cat "$work/web.log")"
  launch echo python3 "$bench/connections.py" serve "${port_of[direct.echo]}"
  wait_port "${port_of[direct.echo]}" "$launched" || die "connections.py does not start: $(cat "$work/echo.log")"
}

# --- Proxies --------------------------------------------------------------------------------------------------------

watchers=() # the processes that observe the running subject

# start_subject NAME: starts a new process that proxies all services; returns 1 if the program does not start.
start_subject() {
  local name=$1 service
  [ "$name" != direct ] || return 0
  for service in "${services[@]}"; do
    take_port
    port_of[$name.$service]=$free
  done
  mkdir -p "$work/$name"
  case $name in
    haproxy*) start_haproxy "$name" ;;
    nginx*) start_nginx "$name" ;;
    *) start_ours "$name" ;;
  esac
  pid_of[$name]=$launched
  for service in "${services[@]}"; do
    wait_port "${port_of[$name.$service]}" "$launched" || return 1
  done
}

stop_subject() {
  [ "$1" != direct ] || return 0
  end "${pid_of[$1]}"
  unset "pid_of[$1]"
  local watcher
  for watcher in "${watchers[@]}"; do
    end "$watcher"
  done
  watchers=()
}

start_haproxy() {
  local name=$1 service config=$work/$1/haproxy.cfg
  {
    echo global
    echo "  nbthread $cores"
    # A connection needs two descriptors, and with splicing every fourth connection also a pipe.
    echo "  maxconn $(((files > 100000 ? 100000 : files) * 2 / 5 - 200))"
    [[ $name != *-64k ]] || echo '  tune.bufsize 65536'
    echo defaults
    echo '  mode tcp'
    echo '  timeout connect 10s'
    echo '  timeout client 1h'
    echo '  timeout server 1h'
    [[ $name != *-splice ]] || echo '  option splice-auto'
    for service in "${services[@]}"; do
      echo "listen $service"
      echo "  bind 127.0.0.1:${port_of[$name.$service]} backlog 4096"
      echo "  server upstream 127.0.0.1:${port_of[direct.$service]}"
    done
  } > "$config"
  launch "$name" haproxy -db -f "$config"
}

start_nginx() {
  local name=$1 service config=$work/$1/nginx.conf reuse=
  [[ $name != *-reuseport ]] || reuse=' reuseport'
  {
    echo 'load_module /usr/lib/nginx/modules/ngx_stream_module.so;'
    echo 'daemon off;'
    echo "worker_processes $cores;"
    echo "worker_rlimit_nofile $files;"
    echo "pid $work/$name/pid;"
    echo 'error_log stderr error;'
    echo 'events { worker_connections 40000; }'
    echo 'stream {'
    echo '  access_log off;'
    echo '  proxy_timeout 1h;'
    echo '  proxy_half_close on;'
    [[ $name != *-64k ]] || echo '  proxy_buffer_size 64k;'
    for service in "${services[@]}"; do
      echo "  server { listen 127.0.0.1:${port_of[$name.$service]} backlog=4096$reuse; proxy_pass 127.0.0.1:${port_of[direct.$service]}; }"
    done
    echo '}'
  } > "$config"
  launch "$name" nginx -p "$work/$name" -e stderr -c "$config"
}

# The name is the kind of transport; ADMIN=1 adds the admin endpoint. With the suffix -observed the access log is written, the metrics
# are scraped every second, and a client reads the event stream like a dashboard.
start_ours() {
  local name=$1 service kind=${1%-observed} routes=() clusters=() admin='null' log=false
  kind=${kind^}
  [[ $name != *-observed ]] || log=true
  for service in "${services[@]}"; do
    routes+=("\"$service\": { \"Listen\": \"127.0.0.1:${port_of[$name.$service]}\", \"ClusterId\": \"$service\", \"AccessLog\": $log }")
    clusters+=("\"$service\": { \"Destinations\": { \"a\": { \"Address\": \"tcp://127.0.0.1:${port_of[direct.$service]}\" } } }")
  done
  if [ "${ADMIN:-0}" = 1 ] || $log; then
    take_port
    port_of[$name.admin]=$free
    admin="{ \"Url\": \"http://127.0.0.1:$free\" }"
  fi
  local joined_routes joined_clusters
  joined_routes=$(printf '%s,' "${routes[@]}")
  joined_clusters=$(printf '%s,' "${clusters[@]}")
  jq -n --argjson routes "{${joined_routes%,}}" --argjson clusters "{${joined_clusters%,}}" --argjson admin "$admin" --arg kind "$kind" --arg log "$work/$name/access.log" '
    { Transport: { Kind: $kind }, Log: { Access: { Path: $log } }, ReverseProxy: { TcpRoutes: $routes, Clusters: $clusters } }
    + if $admin then { Admin: $admin } else {} end' > "$work/$name/proxy.json"
  if $log; then
    launch scrapes bash -c "while sleep 1; do curl -sf -o /dev/null http://127.0.0.1:${port_of[$name.admin]}/metrics; done"
    watchers=("$launched")
    launch events bash -c "while sleep 1; do curl -sfN -o /dev/null http://127.0.0.1:${port_of[$name.admin]}/api/events; done"
    watchers+=("$launched")
  fi
  launch "$name" env DOTNET_NOLOGO=1 dotnet "$published/proxy.dll" run --config "$work/$name/proxy.json"
}

# Publishes the program in Release, unless PUBLISHED names a folder: sets $published.
publish() {
  published=${PUBLISHED:-}
  [ -z "$published" ] || return 0
  published=$work/published
  note 'Publishing the proxy in Release'
  DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 dotnet publish -c Release "$root/src/Proxy.Host" -o "$published" > "$work/publish.log" 2>&1 ||
    die "$(cat "$work/publish.log")"
}

# Whether the program supports this kind of transport.
takes() {
  printf '{ "Transport": { "Kind": "%s" } }' "${1^}" > "$work/kind.json"
  dotnet "$published/proxy.dll" check "$work/kind.json" > "$work/kind.log" 2>&1
}

# --- What a process uses --------------------------------------------------------------------------------------------

# The processes of a subject with their children, because nginx has workers.
processes() { echo "${pid_of[$1]}"; pgrep -P "${pid_of[$1]}" || true; }

# CPU time in hundredths of a second, user and system: sets $cpu.
cpu_of() {
  cpu=0
  [ "$1" != direct ] || return 0
  local pid line
  for pid in $(processes "$1"); do
    line=$(< "/proc/$pid/stat")
    # shellcheck disable=SC2086
    set -- ${line##*) }
    cpu=$((cpu + ${12} + ${13}))
  done
}

# Proportional set size in kB: sets $pss.
pss_of() {
  pss=0
  local pid
  for pid in $(processes "$1"); do
    pss=$((pss + $(awk '/^Pss:/ { print $2 }' "/proc/$pid/smaps_rollup")))
  done
}

# Open descriptors: sets $descriptors.
descriptors_of() {
  descriptors=0
  local pid
  for pid in $(processes "$1"); do
    descriptors=$((descriptors + $(find "/proc/$pid/fd" -mindepth 1 -maxdepth 1 | wc -l)))
  done
}
