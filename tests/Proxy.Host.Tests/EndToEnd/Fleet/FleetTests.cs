using System.Net.Sockets;
using System.Text.Json;
using Proxy.Host.Tests.EndToEnd.Servers;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Fleet;

/// <summary>Two hosts, as processes, on a real etcd: a shared document, and a drain of all hosts.</summary>
public sealed class FleetTests : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fleet-");
    private readonly HttpClient _http = new() { Timeout = Eventually.Limit };
    private readonly TcpServer _one = new("one");
    private readonly TcpServer _two = new("two");
    private readonly int[] _admin = [Ports.Free(), Ports.Free()];
    private readonly int[] _listen = [Ports.Free(), Ports.Free()];
    private readonly ProxyProcess?[] _hosts = [null, null];
    private EtcdServer? _etcd;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var host in _hosts)
        {
            host?.Dispose();
        }

        if (_etcd is not null)
        {
            await _etcd.DisposeAsync();
        }

        _http.Dispose();
        _one.Dispose();
        _two.Dispose();
        _folder.Delete(recursive: true);
    }

    [RealServerFact("etcd", "etcdctl")]
    public async Task DrainForAllAndEdit_TwoHosts_ReachBothAndOutliveARestart()
    {
        _etcd = await EtcdServer.StartAsync();
        await Task.WhenAll(WriteHostAsync(0), WriteHostAsync(1));
        await PutAsync("RoundRobin");
        await Task.WhenAll(StartAsync(0), StartAsync(1));
        await Eventually.TrueAsync(async () => await RevisionsAsync(1) is [{ Length: > 0 }, { Length: > 0 }]);

        // An edit: at first one host may be behind, and in the end both run the newest.
        await Eventually.TrueAsync(async () => await DocumentAsync(1) is { Hosts: 2 });
        var before = (await DocumentAsync(1)).Newest;
        await PutAsync("FirstAlphabetical");
        await Eventually.TrueAsync(async () => await DocumentAsync(1) is { Hosts: 2, Behind: 0 } document && document.Newest > before);
        Assert.Equal(("one", "one"), (await GreetingAsync(0), await GreetingAsync(1)));

        // A drain for all: asked at the first host, it is there at the second, and after a restart of it before its first client.
        using (var drained = await _http.PostAsync(Api(0, "clusters/c/destinations/a/drain?allHosts=true"), null))
        {
            Assert.True(drained.IsSuccessStatusCode, await drained.Content.ReadAsStringAsync());
        }

        Assert.Equal("two", await GreetingAsync(0));
        await Eventually.TrueAsync(async () => await GreetingAsync(1) == "two");
        await _hosts[1]!.SignalAsync("TERM");
        Assert.Equal(0, await _hosts[1]!.ExitAsync());
        await Eventually.TrueAsync(async () => (await RevisionsAsync(0)).Count == 1);
        await StartAsync(1);
        Assert.Equal("two", await FirstGreetingAsync(1));
        Assert.Equal("\"A_1\"", (await FleetAsync(1)).GetProperty("drains")[0].GetProperty("by").GetProperty("host").GetRawText());

        using (var ended = await _http.PostAsync(Api(1, "clusters/c/destinations/a/undrain?allHosts=true"), null))
        {
            Assert.True(ended.IsSuccessStatusCode, await ended.Content.ReadAsStringAsync());
        }

        await Eventually.TrueAsync(async () => await GreetingAsync(0) == "one" && await GreetingAsync(1) == "one");
        Assert.DoesNotContain("drain/", await _etcd.ControlAsync("get", "--prefix", "--keys-only", "/proxy/"), StringComparison.Ordinal);
    }

    private async Task StartAsync(int host)
    {
        _hosts[host] = new ProxyProcess("", "run", "--config", HostFile(host), "--config", "etcd:edge");
        await Eventually.TrueAsync(() => _hosts[host]!.HasExited || _hosts[host]!.Errors.Contains("Ready in", StringComparison.Ordinal));
        Assert.False(_hosts[host]!.HasExited, _hosts[host]!.Errors);
    }

    private string HostFile(int host) => Path.Combine(_folder.FullName, $"host{host}.json");

    private Task WriteHostAsync(int host) =>
        File.WriteAllTextAsync(
            HostFile(host),
            $$"""
            { "Engine": { "Instance": "A_{{host + 1}}", "Etcd": { "Endpoints": ["{{_etcd!.Endpoints[0]}}"] } },
              "Admin": { "Url": "http://127.0.0.1:{{_admin[host]}}", "AllowChanges": true },
              "Log": { "Access": { "Path": "/dev/null" } },
              "ReverseProxy": { "TcpRoutes": { "r": { "Listen": "127.0.0.1:{{_listen[host]}}", "ClusterId": "c" } } } }
            """
        );

    private async Task PutAsync(string policy)
    {
        var file = Path.Combine(_folder.FullName, "edge.json");
        await File.WriteAllTextAsync(
            file,
            $$"""
            { "ReverseProxy": { "Clusters": { "c": { "LoadBalancingPolicy": "{{policy}}", "Destinations": {
                "a": { "Address": "tcp://127.0.0.1:{{_one.Port}}" }, "b": { "Address": "tcp://127.0.0.1:{{_two.Port}}" } } } } } }
            """
        );
        var (exit, output, errors) = await ProxyProcess.RunAsync("config", "put", "edge", file, "--config", HostFile(0));
        Assert.True(exit == 0, output + errors);
    }

    private Uri Api(int host, string path) => new($"http://127.0.0.1:{_admin[host]}/api/{path}");

    private async Task<JsonElement> FleetAsync(int host)
    {
        using var document = JsonDocument.Parse(await _http.GetStringAsync(Api(host, "fleet")));
        return document.RootElement.Clone();
    }

    private async Task<IReadOnlyList<string?>> RevisionsAsync(int host) =>
        [.. (await FleetAsync(host)).GetProperty("hosts").EnumerateArray().Select(static one => one.GetProperty("revision").GetString())];

    private async Task<(long Newest, int Hosts, int Behind)> DocumentAsync(int host)
    {
        var documents = (await FleetAsync(host)).GetProperty("documents");
        return documents.GetArrayLength() == 0
            ? (0, 0, 0) // none is registered yet
            : (
                documents[0].GetProperty("newest").GetInt64(),
                documents[0].GetProperty("hosts").GetInt32(),
                documents[0].GetProperty("behind").GetInt32()
            );
    }

    // Of a host that has started. One that has waited in vain for the engine says so, and drains as soon as the engine answers.
    private async Task<string?> FirstGreetingAsync(int host)
    {
        var mayBeLate = _hosts[host]!.Errors.Contains("starts without what all hosts drain", StringComparison.Ordinal);
        string? greeting = null;
        await Eventually.TrueAsync(async () =>
        {
            greeting = await GreetingAsync(host);
            return greeting is not null && (greeting == "two" || !mayBeLate);
        });
        return greeting;
    }

    private async Task<string?> GreetingAsync(int host)
    {
        try
        {
            using var client = await TcpClientSocket.ConnectAsync(_listen[host]);
            return await client.ReadAsync();
        }
        catch (SocketException)
        {
            return null; // the listener is about to come
        }
    }
}
