# Shared by the scripts here: packages, limits, free ports, the upstreams and every proxy under test.
# shellcheck shell=bash disable=SC2034 # the scripts that source this use the variables

bench=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$bench/../.." && pwd)
cores=$(nproc)
logging=off                 # whether the subjects write an access log: off, on
round=0
work=''                     # the folder of all files of this run, removed at the end
started=()                  # the processes that this run has started, ended at the end
declare -A pid_of port_of   # subject -> its processes; subject.service -> port
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
  values=$work/values
  : > "$values"
  place
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

# launch NAME COMMAND...: starts a command in the background and keeps its output; sets $launched and $launched_at.
launch() {
  local name=$1
  shift
  launched_at=$EPOCHREALTIME
  "$@" > "$work/$name.log" 2>&1 < /dev/null &
  launched=$!
  started+=("$launched")
}

# --- Cores ----------------------------------------------------------------------------------------------------------

# Every subject has the same place. With four cores or more, generators of load and upstreams have a core each and the proxies the others. With fewer, all
# may use all: README.md tells why. PIN=no leaves that to the kernel on every machine; PIN=yes puts generators on the first core and upstreams on the last of
# fewer.
place() {
  local -a all=() parts=()
  local part
  IFS=', ' read -ra parts < <(awk '/^Cpus_allowed_list/ { print $2 }' /proc/self/status)
  for part in "${parts[@]}"; do
    mapfile -t -O "${#all[@]}" all < <(seq "${part%-*}" "${part#*-}")
  done
  workers=${#all[@]} proxy_cpus=$(IFS=,; echo "${all[*]}")
  generator_cpus=$proxy_cpus upstream_cpus=$proxy_cpus
  [ "${PIN:-auto}" != no ] || return 0
  if [ "$workers" -ge 4 ]; then
    generator_cpus=${all[0]} upstream_cpus=${all[-1]} proxy_cpus=$(IFS=,; echo "${all[*]:1:workers-2}")
    workers=$((workers - 2))
  elif [ "${PIN:-auto}" = yes ]; then
    generator_cpus=${all[0]} upstream_cpus=${all[-1]}
  fi
}

# Runs a generator of load in its place.
generate() { taskset -c "$generator_cpus" "$@"; }

launch_upstream() { local name=$1; shift; launch "$name" taskset -c "$upstream_cpus" "$@"; }
launch_proxy() { local name=$1; shift; launch "$name" taskset -c "$proxy_cpus" "$@"; }
launch_ours() { launch_proxy "$1" env DOTNET_NOLOGO=1 dotnet "$published/proxy.dll" run --config "$2"; }

# wait_port PORT PID: waits until a process listens on the port; returns 1 if the process ends or after half a minute.
wait_port() {
  local deadline=$((SECONDS + 30))
  until [ -n "$(ss -Htln "( sport = :$1 )")" ]; do
    kill -0 "$2" 2> /dev/null && [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.02
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

# start_iperf ADDRESS PORT
start_iperf() {
  launch_upstream iperf iperf3 -s -B "$1" -p "$2"
  wait_port "$2" "$launched" || die 'iperf3 does not start.'
}

# start_redis PORT: with the key that redis-benchmark -t get reads; without it the answers would be empty.
start_redis() {
  launch_upstream redis redis-server --bind 127.0.0.1 --port "$1" --save '' --appendonly no --dir "$work" --maxclients 20000 --tcp-backlog 4096
  wait_port "$1" "$launched" || die 'redis-server does not start.'
  redis-benchmark -p "$1" -t set -n 1 -c 1 -d 64 -q > /dev/null
}

# start_web ADDRESS PORT [SETTINGS]: nginx with answers of 64 bytes; the settings are of its server.
start_web() {
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
    listen $1:$2 backlog=4096${3:+ ssl};
    ${3:-}
    location = / { default_type text/plain; return 200 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"; }
  }
}
CONF
  launch_upstream web nginx -p "$work/web" -e stderr -c "$work/web/nginx.conf"
  wait_port "$2" "$launched" || die "nginx does not start: $(cat "$work/web.log")"
}

# start_echo PORT
start_echo() {
  launch_upstream echo python3 "$bench/connections.py" serve "$1"
  wait_port "$1" "$launched" || die "connections.py does not start: $(cat "$work/echo.log")"
}

start_upstreams() {
  local service
  for service in "${services[@]}"; do
    take_port
    port_of[direct.$service]=$free
  done
  start_iperf 127.0.0.1 "${port_of[direct.iperf]}"
  start_redis "${port_of[direct.redis]}"
  start_web 127.0.0.1 "${port_of[direct.web]}"
  start_echo "${port_of[direct.echo]}"
}

# --- Proxies --------------------------------------------------------------------------------------------------------

declare -A watchers_of # subject -> the processes that observe it

# start_subject NAME: starts a new process that proxies all services; returns 1 if the program does not start. With logging=on every subject writes a line
# for each connection to a file: HAProxy with tcplog to its standard output, nginx with a buffer, this proxy with its own format.
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
  local pid
  for pid in ${pid_of[$1]} ${watchers_of[$1]:-}; do
    end "$pid"
  done
  unset "pid_of[$1]"
  watchers_of[$1]=
}

start_haproxy() {
  local name=$1 service config=$work/$1/haproxy.cfg
  {
    echo global
    echo "  nbthread $workers"
    # A connection needs two descriptors, and with splicing every fourth connection also a pipe.
    echo "  maxconn $(((files > 100000 ? 100000 : files) * 2 / 5 - 200))"
    [[ $name != *-64k ]] || echo '  tune.bufsize 65536'
    [ "$logging" = off ] || echo '  log stdout format raw local0'
    echo defaults
    echo '  mode tcp'
    echo '  timeout connect 10s'
    echo '  timeout client 1h'
    echo '  timeout server 1h'
    [ "$logging" = off ] || printf '  log global\n  option tcplog\n'
    [[ $name != *-splice ]] || echo '  option splice-auto'
    for service in "${services[@]}"; do
      echo "listen $service"
      echo "  bind 127.0.0.1:${port_of[$name.$service]} backlog 4096"
      echo "  server upstream 127.0.0.1:${port_of[direct.$service]}"
    done
  } > "$config"
  launch_proxy "$name" haproxy -db -f "$config"
}

start_nginx() {
  local name=$1 service config=$work/$1/nginx.conf reuse=
  [[ $name != *-reuseport ]] || reuse=' reuseport'
  {
    echo 'load_module /usr/lib/nginx/modules/ngx_stream_module.so;'
    echo 'daemon off;'
    echo "worker_processes $workers;"
    echo "worker_rlimit_nofile $files;"
    echo "pid $work/$name/pid;"
    echo 'error_log stderr error;'
    echo 'events { worker_connections 40000; }'
    echo 'stream {'
    if [ "$logging" = off ]; then
      echo '  access_log off;'
    else
      # shellcheck disable=SC2016
      echo '  log_format bench '"'"'$remote_addr:$remote_port [$time_local] $server_port $upstream_addr $upstream_connect_time $session_time $status $bytes_received $bytes_sent'"';"
      echo "  access_log $work/$name/access.log bench buffer=64k flush=1s;"
    fi
    echo '  proxy_timeout 1h;'
    echo '  proxy_half_close on;'
    [[ $name != *-64k ]] || echo '  proxy_buffer_size 64k;'
    for service in "${services[@]}"; do
      echo "  server { listen 127.0.0.1:${port_of[$name.$service]} backlog=4096$reuse; proxy_pass 127.0.0.1:${port_of[direct.$service]}; }"
    done
    echo '}'
  } > "$config"
  launch_proxy "$name" nginx -p "$work/$name" -e stderr -c "$config"
}

# The name is the kind of transport, up to a hyphen; ADMIN=1 adds the admin endpoint. With the suffix -observed the metrics are scraped every second, and
# a client reads the event stream like a dashboard.
start_ours() {
  local name=$1 service routes=() clusters=() admin='null' log=false
  [ "$logging" = off ] || log=true
  for service in "${services[@]}"; do
    routes+=("\"$service\": { \"Listen\": \"127.0.0.1:${port_of[$name.$service]}\", \"ClusterId\": \"$service\", \"AccessLog\": $log }")
    clusters+=("\"$service\": { \"Destinations\": { \"a\": { \"Address\": \"tcp://127.0.0.1:${port_of[direct.$service]}\" } } }")
  done
  if [ "${ADMIN:-0}" = 1 ] || [[ $name == *-observed ]]; then
    take_port
    port_of[$name.admin]=$free
    admin="{ \"Url\": \"http://127.0.0.1:$free\" }"
  fi
  jq -n --argjson routes "$(object "${routes[@]}")" --argjson clusters "$(object "${clusters[@]}")" --argjson admin "$admin" --arg kind "$(kind_of "$name")" \
    --arg log "$work/$name/access.log" '
    { Transport: { Kind: $kind }, Log: { Access: { Path: $log } }, ReverseProxy: { TcpRoutes: $routes, Clusters: $clusters } }
    + if $admin then { Admin: $admin } else {} end' > "$work/$name/proxy.json"
  if [[ $name == *-observed ]]; then
    launch scrapes bash -c "while sleep 1; do curl -sf -o /dev/null http://127.0.0.1:${port_of[$name.admin]}/metrics; done"
    watchers_of[$name]=$launched
    launch events bash -c "while sleep 1; do curl -sfN -o /dev/null http://127.0.0.1:${port_of[$name.admin]}/api/events; done"
    watchers_of[$name]+=" $launched"
  fi
  launch_ours "$name" "$work/$name/proxy.json"
}

# epoll-observed -> Epoll
kind_of() { local kind=${1%%-*}; echo "${kind^}"; }

# object MEMBER...: the members as one object of JSON.
object() { local IFS=,; echo "{$*}"; }

# Publishes the program in Release, unless PUBLISHED names a folder: sets $published.
publish() {
  published=${PUBLISHED:-}
  [ -z "$published" ] || return 0
  published=$work/published
  note 'Publishing the proxy in Release'
  DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 dotnet publish -c Release "$root/src/Proxy.Host" -o "$published" > "$work/publish.log" 2>&1 ||
    die "$(cat "$work/publish.log")"
}

# Builds streams.cs outside of the repository, so that the build settings of the tests do not apply, unless PUBLISHED_STREAMS names a folder: sets $streams.
publish_streams() {
  streams=${PUBLISHED_STREAMS:-}
  [ -z "$streams" ] || return 0
  streams=$work/streams
  mkdir -p "$work/source"
  cp "$bench/streams.cs" "$work/source/"
  DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 dotnet publish "$work/source/streams.cs" -c Release -o "$streams" > "$work/streams.log" 2>&1 || die "$(tail -5 "$work/streams.log")"
}

# --- What a process uses --------------------------------------------------------------------------------------------

# The processes of a subject with their children, because nginx has workers. pid_of may name several.
processes() {
  local pid
  for pid in ${pid_of[$1]}; do
    echo "$pid"
    pgrep -P "$pid" || true
  done
}

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

# --- Figures --------------------------------------------------------------------------------------------------------

# record SUBJECT FIGURE VALUE: one value of this round.
record() { printf '%s %s %s %s\n' "$round" "$1" "$2" "$3" >> "$values"; }

# alternating SUBJECT...: prints the subjects, in the other order in every second round, so that none is always the first.
alternating() {
  local word list=()
  for word in "$@"; do
    if [ $((round % 2)) = 1 ]; then list+=("$word"); else list=("$word" "${list[@]}"); fi
  done
  printf '%s\n' "${list[@]}"
}

# reload SECONDS COMMAND...: repeats a load of a fixed size for so many seconds.
reload() {
  local until=$((SECONDS + $1))
  shift
  while [ "$SECONDS" -lt "$until" ]; do "$@" > /dev/null; done
}

# web_load URL SECONDS: a new connection for each request; sets $count, $p50 and $p99 (ms). Notes failed connections and answers, which distort the figures.
web_load() {
  local result problems
  result=$(generate wrk -t1 -c50 -d"$2" --latency -H 'Connection: close' "$1/")
  count=$(awk '/requests in/ { print $1 }' <<< "$result")
  [ "${count:-0}" -gt 0 ] || die "No answer from $1."
  problems=$(awk '/Socket errors:|Non-2xx/ { sub(/^ +/, ""); printf "%s%s", separator, $0; separator = "; " }' <<< "$result")
  [ -z "$problems" ] || note "$1: $problems"
  p50=$(milliseconds "$(awk '$1 == "50%" { print $2 }' <<< "$result")")
  p99=$(milliseconds "$(awk '$1 == "99%" { print $2 }' <<< "$result")")
}

milliseconds() {
  case $1 in
    *us) jq -n "${1%us} / 1000" ;;
    *ms) echo "${1%ms}" ;;
    *s) jq -n "${1%s} * 1000" ;;
  esac
}

# bytes_load ADDRESS PORT SECONDS STREAMS [-R]: sets $rate (Gb/s) and $gigabytes. The iperf3 server serves one client at a time, and behind a proxy it may
# notice only after a moment that the previous one has left.
bytes_load() {
  local address=$1 port=$2 time=$3 streams=$4 result deadline=$((SECONDS + 60))
  shift 4
  while true; do
    result=$(generate iperf3 -c "$address" -p "$port" -t "$time" -P "$streams" -J "$@" 2> /dev/null | jq -r '.end.sum_received | select(.bytes > 0) | "\(.bits_per_second / 1e9) \(.bytes / 1e9)"') || result=''
    [ -z "$result" ] || break
    [ "$SECONDS" -lt "$deadline" ] || die "iperf3 through $address:$port gives no figure."
    sleep 0.2
  done
  rate=${result% *} gigabytes=${result#* }
}

# request_load PORT CLIENTS REQUESTS [OPTION...]: sets $rate (requests/s) and $p99 (ms).
request_load() {
  local port=$1 clients=$2 number=$3 line
  shift 3
  line=$(generate redis-benchmark "$@" -p "$port" -t get -d 64 -c "$clients" -n "$number" --csv | tail -1 | tr -d '"')
  rate=$(cut -d, -f2 <<< "$line")
  p99=$(cut -d, -f7 <<< "$line")
}

# spent SUBJECT: the CPU time since the last call for this subject, in seconds; sets $spent.
declare -A spent_before
spent() {
  cpu_of "$1"
  spent=$(jq -n "($cpu - ${spent_before[$1]:-0}) / 100")
  spent_before[$1]=$cpu
}

# --- Tables ---------------------------------------------------------------------------------------------------------

# heading WHAT...: date, machine, versions of the named programs, and what the figures are.
heading() {
  local parts=() program
  parts=("$(date -u '+%F %H:%M UTC')" "Linux $(uname -r)" "$cores cores ($(awk -F': *' '/^model name/ { print $2; exit }' /proc/cpuinfo))")
  for program in haproxy nginx openssl; do
    [[ " ${versions:-} " == *" $program "* ]] || continue
    case $program in
      haproxy) parts+=("$(haproxy -v | awk 'NR == 1 { print "HAProxy " $3 }')") ;;
      nginx) parts+=("$(nginx -v 2>&1 | sed 's/.*nginx\//nginx /')") ;;
      openssl) parts+=("$(openssl version | cut -d' ' -f1-2)") ;;
    esac
  done
  parts+=("proxy $(dotnet "$published/proxy.dll" --version | sed -E 's/\+([0-9a-f]{8})[0-9a-f]*/ \1/')" "$(dotnet --list-runtimes | awk '/^Microsoft.NETCore.App 10/ { v = $2 } END { print ".NET " v }')")
  if [ "$generator_cpus" = "$proxy_cpus" ]; then parts+=("nothing pinned"); else parts+=("load on core $generator_cpus, upstreams on $upstream_cpus, proxies on $proxy_cpus"); fi
  parts+=("load average $(cut -d' ' -f1-3 /proc/loadavg)")
  printf '%s' "${parts[0]}"
  printf ', %s' "${parts[@]:1}"
  printf '. %s\n\n' "$*"
}

# table SUBJECTS PEERS: reads lines `figure|what it is|more or less|target` and prints them; see table.py.
table() { python3 "$bench/table.py" "$values" "$1" "$2"; }
