using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Engine;

/// <summary>Hosts that join a Duplex channel through one etcd, each the real program, with an echo server beside it.</summary>
/// <param name="etcd">The engine.</param>
/// <param name="ids">The instances. One whose id has no number comes last and claims the address of number 0.</param>
internal sealed class ChannelHosts(EtcdServer etcd, params string[] ids) : IAsyncDisposable
{
    private const int FirstNetwork = 30; // of 127.n.0.0/16; each host has one, and the next one too
    private readonly string _folder = Directory.CreateTempSubdirectory("engine-").FullName;
    private readonly HttpClient _http = new() { Timeout = Timeout.InfiniteTimeSpan };
    private readonly ProxyProcess?[] _processes = new ProxyProcess?[ids.Length];
    private readonly Uri[] _admins = new Uri[ids.Length];
    private readonly List<TcpServer> _servers = [];
    private readonly CancellationTokenSource _ending = new();
    private readonly List<Task> _reading = [];

    public int Port { get; } = Ports.Free();

    /// <summary>The notifications of the channel at the first host: those of members that were removed, and states other than up.</summary>
    public ConcurrentQueue<string> Losses { get; } = new();

    /// <summary>Starts all hosts, and waits until each knows the others.</summary>
    public async Task StartAsync()
    {
        for (var host = 0; host < ids.Length; host++)
        {
            _admins[host] = new Uri($"http://127.0.0.1:{Ports.Free()}");
            await File.WriteAllTextAsync(Path.Combine(_folder, $"{ids[host]}.json"), Config(host, Ports.Free()));
            _servers.Add(new TcpServer(ids[host], new IPEndPoint(Ip(host, host), Port)));
            Run(host);
        }

        await MeetAsync();
        _reading.Add(ReadLossesAsync(_ending.Token));
    }

    /// <summary>Starts a host.</summary>
    public void Run(int host) => _processes[host] = new ProxyProcess("", "run", "--config", Path.Combine(_folder, $"{ids[host]}.json"));

    /// <summary>Ends a host without a word.</summary>
    public async Task KillAsync(int host)
    {
        _processes[host]!.Kill();
        await _processes[host]!.ExitAsync();
    }

    public Task SignalAsync(int host, string signal) => _processes[host]!.SignalAsync(signal);

    public Task<int> ExitAsync(int host) => _processes[host]!.ExitAsync();

    /// <summary>What a host has logged.</summary>
    public string Log(int host) => _processes[host]!.Errors;

    /// <summary>The local address of an instance at a host.</summary>
    public IPAddress Ip(int host, int instance) => IPAddress.Parse($"127.{FirstNetwork + (2 * host)}.0.{2 + Number(instance)}");

    /// <summary>Connects a program at a host to the server of an instance, which says its name.</summary>
    public async Task<TcpClientSocket> ConnectAsync(int host, int instance)
    {
        var client = await TcpClientSocket.ConnectAsync(new IPEndPoint(Ip(host, instance), Port));
        Assert.Equal(ids[instance], await client.ReadAsync());
        return client;
    }

    /// <summary>Waits until each host knows all others, up and not stale.</summary>
    public async Task MeetAsync()
    {
        for (var host = 0; host < ids.Length; host++)
        {
            await KnowsAsync(host, [.. ids.Where((_, other) => other != host)]);
        }
    }

    /// <summary>Waits until a host knows these members, up and not stale, and local addresses are bound for them.</summary>
    public Task KnowsAsync(int host, params string[] members) =>
        IsAsync(
            host,
            "/api/channels/ring",
            ring =>
                !ring.GetProperty("stale").GetBoolean()
                && ring.GetProperty("members")
                    .EnumerateArray()
                    .Select(static member => $"{member.GetProperty("iid").GetString()} {member.GetProperty("state").GetString()}")
                    .Order(StringComparer.Ordinal)
                    .SequenceEqual(members.Order(StringComparer.Ordinal).Select(static id => $"{id} up"))
        );

    /// <summary>Waits until a host has bound the local address of an instance, whatever it knows of that one.</summary>
    public Task IsBoundAsync(int host, int instance) =>
        IsAsync(
            host,
            "/api/channels/ring",
            ring => ring.GetProperty("members").EnumerateArray().Any(member => member.GetProperty("iid").GetString() == ids[instance])
        );

    /// <summary>Waits until a host says that its members may be out of date.</summary>
    public Task IsStaleAsync(int host) => IsAsync(host, "/api/members", static answer => answer.GetProperty("stale").GetBoolean());

    /// <summary>Waits until a host's lease is over, by its own clock.</summary>
    public Task HasNoLeaseAsync(int host) =>
        Eventually.TrueAsync(async () =>
        {
            var metrics = await _http.GetStringAsync(new Uri(_admins[host], "/metrics"));
            return !metrics
                .Split('\n')
                .Any(static line =>
                    line.StartsWith("proxy_engine_lease_left_seconds", StringComparison.Ordinal)
                    && !line.EndsWith(" 0", StringComparison.Ordinal)
                );
        });

    /// <summary>The epoch of a member, as a host knows it.</summary>
    public async Task<string?> EpochAsync(int host, string member)
    {
        string? epoch = null;
        await IsAsync(
            host,
            "/api/members",
            answer =>
            {
                epoch = answer
                    .GetProperty("members")
                    .EnumerateArray()
                    .Where(one => one.GetProperty("id").GetString() == member)
                    .Select(static one => one.GetProperty("epoch").GetString())
                    .FirstOrDefault();
                return true;
            }
        );
        return epoch;
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await Task.WhenAll(_reading);
        foreach (var process in _processes)
        {
            process?.Dispose();
        }

        _servers.ForEach(static server => server.Dispose());
        _http.Dispose();
        _ending.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private int Number(int instance) => ids[instance].Split('_') is [_, var number] ? int.Parse(number, null) : 0;

    private string Config(int host, int tunnel) =>
        $$"""
            {
              "Admin": { "Url": "{{_admins[host].GetLeftPart(UriPartial.Authority)}}" },
              "Engine": { "Etcd": { "Endpoints": ["{{etcd.Endpoints[0]}}"], "LeaseTime": "00:00:07", "Timeout": "00:00:02" } },
              "Channels": {
                "Group": "prod",
                "Instance": { "Id": "{{ids[host]}}" },
                "Tunnel": { "Url": "http://127.0.0.1:{{tunnel}}", "DrainTimeout": "00:00:00" },
                "Loopback": { "Network": "127.{{FirstNetwork + (2 * host)}}.0.0/16", "StateFile": "{{Path.Combine(
                _folder,
                $"{ids[host]}.state.json"
            )}}" },
                "Membership": { "Provider": "Engine", "Guard": { "Hold": "00:00:02" } },
                "Items": { "ring": { "Type": "Duplex", "Connector": "ring", "Mode": "Both", "Port": {{Port}} } }
              }
            }
            """;

    private Task IsAsync(int host, string path, Func<JsonElement, bool> fact) =>
        Eventually.TrueAsync(async () =>
        {
            Assert.False(_processes[host]!.HasExited, _processes[host]!.Errors);
            try
            {
                using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
                using var answer = await _http.GetAsync(new Uri(_admins[host], path), limit.Token);
                using var document = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(limit.Token));
                return answer.IsSuccessStatusCode && fact(document.RootElement);
            }
            catch (HttpRequestException exception) when (exception.InnerException is SocketException)
            {
                return false; // it has not started yet
            }
        });

    private async Task ReadLossesAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var stream = await _http.GetStreamAsync(new Uri(_admins[0], "/api/channel-events"), cancellationToken);
            using var reader = new StreamReader(stream);
            while (await reader.ReadLineAsync(cancellationToken) is { } line)
            {
                if (line.StartsWith("data: {\"event\":\"change\"", StringComparison.Ordinal) && IsLoss(line["data: ".Length..]))
                {
                    Losses.Enqueue(line);
                }
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or HttpRequestException)
        {
            // The host has ended, or the test has.
        }
    }

    private static bool IsLoss(string notification)
    {
        using var document = JsonDocument.Parse(notification);
        return document.RootElement.GetProperty("removed").GetArrayLength() > 0
            || document
                .RootElement.GetProperty("members")
                .EnumerateArray()
                .Any(static member => member.GetProperty("state").GetString() != "up");
    }
}
