using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Proxy.Host.Tests.EndToEnd.Servers;

namespace Proxy.Host.Tests.EndToEnd.Locking;

/// <summary>
/// One lock over three hosts with one etcd: real programs in network namespaces. Runs alone, because a host that other tests keep from its lease loses its places.
/// </summary>
[Collection(Support.Alone.Name)]
public sealed class GlobalLockTests : IAsyncLifetime
{
    private const int Hosts = 3;
    private const int Back = 4; // the host of etcd and of the service
    private readonly string _folder = Directory.CreateTempSubdirectory("proxy-lock-").FullName;
    private readonly Dictionary<int, Process> _proxies = [];
    private readonly List<Client> _clients = [];
    private readonly List<int> _served = [];
    private NetworkNamespaces? _hosts;
    private TcpListener? _service;

    public Task InitializeAsync() => Task.CompletedTask;

    [NetworkNamespaceFact("etcd", "etcdctl", "curl")]
    public async Task Clients_ThirtyOnThreeHosts_ServedInOrderOverKillAndPartition()
    {
        await StartAsync();
        for (var number = 1; number <= 30; number++)
        {
            await EnterAsync(number);
        }

        // Places over all hosts; each host learns of the last clients in its own time.
        await Eventually.TrueAsync(async () => (await LockAsync(2)).Places.Take(3).SequenceEqual([1, 4, 7]));
        await Eventually.TrueAsync(async () => (await LockAsync(3)).Shared == (1, 29, "H_1"));

        // Client 10 is served while host 2 is lost with eleven's turn next.
        await ServeUpToAsync(9);
        await Eventually.TrueAsync(() => IsServed(10));
        await NetworkNamespaces.SignalAsync(_proxies[2], "KILL");
        _clients[9].Leave();
        await ServeAsync(12, 13);

        // Client 15 is served while host 3 loses the engine: it is reset, and nobody is served before.
        await Eventually.TrueAsync(() => IsServed(15));
        await _hosts!.LinkAsync(3, up: false);
        await Eventually.TrueAsync(() => IsServed(16));
        Assert.True(_clients[14].IsReset, "Client 16 came while 15 was served.");
        await _hosts.LinkAsync(3, up: true);
        await ServeAsync(16, 19, 22, 25, 28);

        // Those of host 3 have lined up anew, and host 2 is back.
        StartProxy(2);
        await ServeAsync(18, 21, 24, 27, 30);
        await EnterAsync(31, 2);
        await ServeAsync(31);
        Assert.Equal([.. Enumerable.Range(1, 10), 12, 13, 15, 16, 19, 22, 25, 28, 18, 21, 24, 27, 30, 31], Served());
        Assert.DoesNotContain(_clients, one => _clients.Exists(other => other != one && one.Overlaps(other)));
        await Eventually.TrueAsync(async () => await CountAsync() == 0);
    }

    public async Task DisposeAsync()
    {
        _clients.ForEach(static client => client.Dispose());
        _service?.Dispose();
        if (_hosts is not null)
        {
            await _hosts.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private static string Config(int host) =>
        $$"""
            {
              "Admin": { "Url": "http://127.0.0.1:9099" },
              "Engine": { "Group": "test", "Instance": "H_{{host}}", "Etcd": { "Endpoints": ["http://{{NetworkNamespaces.Address(
                Back
            )}}:2379"] } },
              "ReverseProxy": {
                "TcpRoutes": {
                  "till": { "Listen": "127.0.0.1:9000", "ClusterId": "till", "Mode": "Lock", "IdleTimeout": "00:05:00", "Lock": { "Scope": "Global", "MaxHold": "00:10:00" } }
                },
                "Clusters": { "till": { "Destinations": { "d": { "Address": "tcp://{{NetworkNamespaces.Address(Back)}}:8100" } } } }
              }
            }
            """;

    private async Task StartAsync()
    {
        _hosts = await NetworkNamespaces.CreateAsync(Back);
        var url = $"http://{NetworkNamespaces.Address(Back)}:2379";
        _hosts.Start(
            Back,
            "etcd",
            "--data-dir",
            $"{_folder}/etcd",
            "--listen-client-urls",
            url,
            "--advertise-client-urls",
            url,
            "--log-level",
            "error"
        );
        _service = await _hosts.InAsync(
            Back,
            static () =>
            {
                var listener = new TcpListener(IPAddress.Any, 8100);
                listener.Start();
                return listener;
            }
        );
        _ = AcceptAsync(_service);
        await Eventually.TrueAsync(async () => (await EtcdAsync("member", "list")).Length > 0);
        for (var host = 1; host <= Hosts; host++)
        {
            await File.WriteAllTextAsync($"{_folder}/{host}.json", Config(host));
            StartProxy(host);
        }
    }

    private void StartProxy(int host) =>
        _proxies[host] = _hosts!.Start(
            host,
            "dotnet",
            Path.Combine(AppContext.BaseDirectory, "proxy.dll"),
            "run",
            "--config",
            $"{_folder}/{host}.json"
        );

    // Greets a client by the number that it sends, and is open until it closes.
    private async Task AcceptAsync(TcpListener service)
    {
        try
        {
            while (true)
            {
                _ = AnswerAsync(await service.AcceptSocketAsync());
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The test has ended.
        }
    }

    private async Task AnswerAsync(Socket socket)
    {
        using var _ = socket;
        try
        {
            var buffer = new byte[16];
            var read = await socket.ReceiveAsync(buffer);
            lock (_served)
            {
                _served.Add(int.Parse(Encoding.ASCII.GetString(buffer, 0, read), CultureInfo.InvariantCulture));
            }

            await socket.SendAsync("welcome"u8.ToArray());
            await socket.ReceiveAsync(buffer);
        }
        catch (SocketException)
        {
            // It was reset.
        }
    }

    // A client comes, and the next one only when all hosts can know it.
    private async Task EnterAsync(int number, int? host = null)
    {
        var before = await CountAsync();
        var at = host ?? (((number - 1) % Hosts) + 1);
        Socket? socket = null;
        await Eventually.TrueAsync(async () => (socket = await ConnectAsync(at)) is not null);
        _clients.Add(new Client(socket!, number));
        await Eventually.TrueAsync(async () => await CountAsync() > before || IsServed(number));
    }

    private Task<Socket?> ConnectAsync(int host) =>
        _hosts!.InAsync(
            host,
            static () =>
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                try
                {
                    socket.Connect(IPAddress.Loopback, 9000);
                    return socket;
                }
                catch (SocketException)
                {
                    socket.Dispose(); // the proxy is still starting
                    return null;
                }
            }
        );

    // Serves clients to their end, each as soon as it is its turn: all up to a number, or these.
    private Task ServeUpToAsync(int last) => ServeAllAsync([.. Enumerable.Range(1, last)]);

    private Task ServeAsync(params int[] numbers) => ServeAllAsync(numbers);

    private async Task ServeAllAsync(int[] numbers)
    {
        foreach (var number in numbers)
        {
            await Eventually.TrueAsync(() => IsServed(number));
            _clients.Single(client => client.Number == number).Leave();
        }
    }

    private bool IsServed(int number) => _clients.Exists(client => client.Number == number && client.IsGreeted);

    private List<int> Served()
    {
        lock (_served)
        {
            return [.. _served];
        }
    }

    private async Task<int> CountAsync()
    {
        var keys = await EtcdAsync("get", "--prefix", "--keys-only", "/proxy/test/lock/till/H_");
        return keys.Split('\n').Count(static line => line.Length > 0);
    }

    private Task<string> EtcdAsync(params string[] arguments) =>
        _hosts!.TryRunAsync(Back, "etcdctl", [$"--endpoints=http://{NetworkNamespaces.Address(Back)}:2379", .. arguments]);

    // What a host shows of all: how many hold and wait, on which host the holder is, and the places of its own waiting clients.
    // What it does not know yet is null.
    private async Task<((int Holding, int Waiting, string? Holder) Shared, IReadOnlyList<int?> Places)> LockAsync(int host)
    {
        using var found = JsonDocument.Parse(await _hosts!.TryRunAsync(host, "curl", "-s", "http://127.0.0.1:9099/api/locks/till"));
        var shared = found.RootElement.GetProperty("shared");
        return (
            (
                shared.GetProperty("holding").GetInt32(),
                shared.GetProperty("waiting").GetInt32(),
                shared
                    .GetProperty("holders")
                    .EnumerateArray()
                    .Select(static one => one.GetProperty("instance").GetString())
                    .FirstOrDefault()
            ),
            [
                .. found
                    .RootElement.GetProperty("waiting")
                    .EnumerateArray()
                    .Select(static one => one.GetProperty("sharedPosition"))
                    .Select(static place => place.ValueKind == JsonValueKind.Number ? place.GetInt32() : (int?)null),
            ]
        );
    }

    private sealed class Client : IDisposable
    {
        private readonly Socket _socket;
        private long _begin;
        private long _end;

        public Client(Socket socket, int number)
        {
            (_socket, Number) = (socket, number);
            _ = RunAsync();
        }

        public int Number { get; }

        public bool IsGreeted => Volatile.Read(ref _begin) > 0;

        public bool IsReset { get; private set; }

        // Both were served at the same moment.
        public bool Overlaps(Client other) => IsGreeted && other.IsGreeted && _begin < other._end && other._begin < _end;

        public void Leave()
        {
            Volatile.Write(ref _end, Stopwatch.GetTimestamp());
            _socket.Close();
        }

        public void Dispose() => _socket.Dispose();

        private async Task RunAsync()
        {
            try
            {
                await _socket.SendAsync(Encoding.ASCII.GetBytes($"{Number}"));
                var buffer = new byte[16];
                if (await _socket.ReceiveAsync(buffer) > 0)
                {
                    Volatile.Write(ref _begin, Stopwatch.GetTimestamp());
                    Volatile.Write(ref _end, long.MaxValue);
                    await _socket.ReceiveAsync(buffer);
                }
            }
            catch (SocketException exception)
            {
                IsReset = exception.SocketErrorCode == SocketError.ConnectionReset;
            }
            catch (ObjectDisposedException)
            {
                // The test has ended.
            }

            Volatile.Write(ref _end, Math.Min(_end, Stopwatch.GetTimestamp()));
        }
    }
}
