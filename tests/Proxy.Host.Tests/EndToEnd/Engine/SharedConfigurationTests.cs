using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Proxy.Host.Tests.EndToEnd.Servers;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Engine;

/// <summary>Three hosts, each a process of its own, and the document that they share in a real etcd.</summary>
public sealed class SharedConfigurationTests : IAsyncLifetime
{
    private static readonly HttpClient _http = new() { Timeout = Eventually.Limit };

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("proxy-fleet-");
    private readonly List<ProxyProcess> _hosts = [];
    private readonly int[] _admin = [Ports.Free(), Ports.Free(), Ports.Free()];
    private EtcdServer? _etcd;

    public async Task InitializeAsync() =>
        _etcd = Programs.Find("etcd") is not null && Programs.Find("etcdctl") is not null ? await EtcdServer.StartAsync() : null;

    public async Task DisposeAsync()
    {
        foreach (var host in _hosts)
        {
            host.Dispose();
        }

        if (_etcd is not null)
        {
            await _etcd.DisposeAsync();
        }

        _folder.Delete(recursive: true);
    }

    [RealServerFact("etcd", "etcdctl")]
    public async Task Put_ThreeHosts_AllRunItABadOneIsRefusedAndTheLastGoodOneIsKept()
    {
        await Task.WhenAll(Enumerable.Range(0, 3).Select(WriteHostAsync));
        var first = await PutAsync(Document("one"));
        await Task.WhenAll(Enumerable.Range(0, 3).Select(StartAsync));
        Assert.All(await DocumentsAsync(), document => Assert.Equal($"etcd:fleet {first} {first} False", document));

        // An edit reaches all of them.
        var second = await PutAsync(Document("two"));
        await AllAsync($"etcd:fleet {second} {second} False");

        // A bad one is refused before it is written.
        Assert.Null(await PutAsync(Document("three", "nowhere")));
        Assert.Equal(Document("two"), await _etcd!.ControlAsync("get", "/proxy/prod/config/fleet", "--print-value-only"));

        // One that another program has written is rejected by all, which tell the line.
        await _etcd.ControlAsync("put", "/proxy/prod/config/fleet", Document("three", "nowhere"));
        var written = JsonNode.Parse(await _etcd.ControlAsync("get", "/proxy/prod/config/fleet", "-w", "json"))!;
        var bad = (long)written["kvs"]![0]!["mod_revision"]!;
        await AllAsync($"etcd:fleet {second} {bad} True");
        foreach (var port in _admin)
        {
            var rejected = Assert.Single((await StatusAsync(port))["rejected"]!.AsArray())!;
            Assert.Equal(
                "etcd:fleet line 3: ReverseProxy:TcpRoutes:r:ClusterId: no cluster 'nowhere'; known clusters: 'three'.",
                (string?)rejected["text"]
            );
        }

        // A host that starts while the engine is away uses the last one that was good.
        await _etcd.KillAsync();
        await _hosts[0].SignalAsync("TERM");
        Assert.Equal(0, await _hosts[0].ExitAsync());
        await StartAsync(0);
        var document = (await StatusAsync(_admin[0]))["documents"]![0]!;
        Assert.Equal((second, true), ((long?)document["running"], (bool)document["isKept"]!));
        Assert.Contains(
            $"etcd:fleet cannot be read, so revision {second} is used, which was kept in",
            _hosts[^1].Errors,
            StringComparison.Ordinal
        );

        // It takes up what it missed when the engine is back.
        await _etcd.RestartAsync();
        await Eventually.TrueAsync(async () => (await DocumentAsync(_admin[0])) == $"etcd:fleet {second} {bad} True");
        var last = await PutAsync(Document("four"));
        await AllAsync($"etcd:fleet {last} {last} False");
    }

    private static string Document(string cluster, string? called = null) =>
        $$$"""
            {
              "ReverseProxy": { "TcpRoutes": {
                "r": { "Listen": "127.0.0.1:0", "ClusterId": "{{{called ?? cluster}}}" } },
                "Clusters": { "{{{cluster}}}": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:9" } } } } }
            }
            """;

    private string FolderOf(int host) => Path.Combine(_folder.FullName, host.ToString(CultureInfo.InvariantCulture));

    private string LayerOf(int host) => Path.Combine(FolderOf(host), "host.json");

    private async Task WriteHostAsync(int host)
    {
        Directory.CreateDirectory(FolderOf(host));
        await File.WriteAllTextAsync(
            LayerOf(host),
            $$"""
            {
              "Engine": { "Group": "prod", "Instance": "h-{{host}}", "StateFolder": "{{FolderOf(host)}}",
                "Etcd": { "Endpoints": ["{{_etcd!.Endpoints[0]}}"], "Timeout": "00:00:04" } },
              "Admin": { "Url": "http://127.0.0.1:{{_admin[host]}}" }
            }
            """
        );
    }

    private async Task StartAsync(int host)
    {
        var process = new ProxyProcess("", "run", "--config", LayerOf(host), "--config", "etcd:fleet");
        _hosts.Add(process); // before anything is awaited, so in the order of the hosts

        await Eventually.TrueAsync(() => process.Errors.Contains("Ready in", StringComparison.Ordinal) || process.HasExited);
        Assert.False(process.HasExited, process.Errors);
    }

    /// <summary>Puts a document from one of the hosts; its revision, or null if it was refused.</summary>
    private async Task<long?> PutAsync(string document)
    {
        var file = Path.Combine(_folder.FullName, "document.json");
        await File.WriteAllTextAsync(file, document);
        var (exit, output, errors) = await ProxyProcess.RunAsync("config", "put", "fleet", file, "--config", LayerOf(1), "-o", "json");
        Assert.True(output.Length > 0, errors);
        var revision = (long?)JsonNode.Parse(output)!["revision"];
        Assert.True(exit == (revision is null ? 2 : 0), errors);
        return revision;
    }

    private Task AllAsync(string document) =>
        Eventually.TrueAsync(async () => Array.TrueForAll(await DocumentsAsync(), one => one == document));

    private Task<string[]> DocumentsAsync() => Task.WhenAll(_admin.Select(DocumentAsync));

    private static async Task<string> DocumentAsync(int port)
    {
        var document = (await StatusAsync(port))["documents"]![0]!;
        return $"{document["name"]} {document["running"]} {document["newest"]} {(bool)document["isRejected"]!}";
    }

    private static async Task<JsonObject> StatusAsync(int port) =>
        (await _http.GetFromJsonAsync<JsonObject>(new Uri($"http://127.0.0.1:{port}/api/status")))!;
}
