using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Servers;

/// <summary>
/// A real etcd cluster on three hosts. Its members know only addresses of 127.0.0.0/8 and connect through a Duplex channel. Runs alone, because three members
/// under load keep all cores busy.
/// </summary>
[Collection(Alone.Name)]
public sealed class EtcdTests : IAsyncLifetime
{
    private static readonly int[] _numbers = [1, 2, 3];

    private readonly string _folder = Directory.CreateTempSubdirectory("proxy-etcd-").FullName;
    private readonly Dictionary<int, Process> _proxies = [];
    private NetworkNamespaces? _hosts;

    public Task InitializeAsync() => Task.CompletedTask;

    [NetworkNamespaceFact("etcd", "curl", "python3")]
    public async Task Cluster_ThroughADuplexChannelUnderLoad_SurvivesKillFreezeAndPartition()
    {
        await StartAsync();
        await PutAsync(1, "all");
        await SeesAsync(2, "all");
        await SeesAsync(3, "all");
        var load = _numbers.Select(StartLoad).ToList();
        await GrowAsync(1, 2, 3);

        await NetworkNamespaces.SignalAsync(_proxies[2], "KILL");
        await PutAsync(1, "two is alone");
        await SeesAsync(3, "two is alone");
        await GrowAsync(1, 3);
        StartProxy(2);
        await SeesAsync(2, "two is alone");

        await NetworkNamespaces.SignalAsync(_proxies[3], "STOP");
        await PutAsync(2, "three is frozen");
        await SeesAsync(1, "three is frozen");
        await GrowAsync(1, 2);
        await NetworkNamespaces.SignalAsync(_proxies[3], "CONT");
        await SeesAsync(3, "three is frozen");

        await _hosts!.LinkAsync(1, up: false);
        await PutAsync(3, "one is cut off");
        await SeesAsync(2, "one is cut off");
        await GrowAsync(2, 3);
        await _hosts.LinkAsync(1, up: true);
        await SeesAsync(1, "one is cut off");
        await GrowAsync(1, 2, 3);

        load.ForEach(static process => process.Kill(entireProcessTree: true));
        await Task.WhenAll(load.Select(static process => process.WaitForExitAsync())).WaitAsync(Eventually.Limit);
        await NothingIsLostAsync();
    }

    public async Task DisposeAsync()
    {
        if (_hosts is not null)
        {
            await _hosts.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private static string Ip(int number) => $"127.0.0.{2 + number}";

    private static string Encode(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private async Task StartAsync()
    {
        _hosts = await NetworkNamespaces.CreateAsync(_numbers.Length);
        var (exit, _, error) = await ProxyProcess.RunAsync("certificates", "--folder", $"{_folder}/certs", "A_1", "A_2", "A_3");
        Assert.True(exit == 0, error);
        var cluster = string.Join(',', _numbers.Select(static number => $"A_{number}=http://{Ip(number)}:2380"));
        foreach (var number in _numbers)
        {
            await File.WriteAllTextAsync($"{_folder}/{number}.json", Config(number));
            StartProxy(number);
            _hosts.Start(number, "etcd", [.. Etcd(number, cluster)]);
        }
    }

    private void StartProxy(int number) =>
        _proxies[number] = _hosts!.Start(
            number,
            "dotnet",
            Path.Combine(AppContext.BaseDirectory, "proxy.dll"),
            "run",
            "--config",
            $"{_folder}/{number}.json"
        );

    private Process StartLoad(int number) =>
        _hosts!.Start(
            number,
            "python3",
            Path.Combine(AppContext.BaseDirectory, "EndToEnd", "Servers", "etcd_load.py"),
            Ip(number),
            $"{number}",
            Acknowledged(number)
        );

    private string Acknowledged(int number) => $"{_folder}/{number}.acknowledged";

    // Waits until each of these members has acknowledged further writes.
    private async Task GrowAsync(params int[] numbers)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        var before = numbers.ToDictionary(static number => number, Count);
        while (numbers.Any(number => Count(number) < before[number] + 20))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, limit.Token);
        }
    }

    private int Count(int number) => File.Exists(Acknowledged(number)) ? File.ReadLines(Acknowledged(number)).Count() : 0;

    private async Task NothingIsLostAsync()
    {
        var body = $$"""{ "key": "{{Encode("load-")}}", "range_end": "{{Encode("load.")}}", "keys_only": true }""";
        var answer = await _hosts!.TryRunAsync(1, "curl", "-s", "-m", "60", "-X", "POST", "-d", body, $"http://{Ip(1)}:2379/v3/kv/range");
        using var found = JsonDocument.Parse(answer);
        var kept = found
            .RootElement.GetProperty("kvs")
            .EnumerateArray()
            .Select(static pair => pair.GetProperty("key").GetString()!)
            .ToHashSet();
        var acknowledged = _numbers.SelectMany(number => File.ReadLines(Acknowledged(number))).Select(Encode).ToHashSet();
        Assert.Superset(acknowledged, kept);
    }

    private IEnumerable<string> Etcd(int number, string cluster) =>
        [
            $"--name=A_{number}",
            $"--data-dir={_folder}/data{number}",
            $"--listen-peer-urls=http://{Ip(number)}:2380",
            $"--initial-advertise-peer-urls=http://{Ip(number)}:2380",
            $"--listen-client-urls=http://{Ip(number)}:2379",
            $"--advertise-client-urls=http://{Ip(number)}:2379",
            $"--initial-cluster={cluster}",
            "--heartbeat-interval=200",
            "--election-timeout=2000",
        ];

    private string Config(int number)
    {
        var members = _numbers.Select(static other => $"\"A_{other}\": {{ \"Address\": \"{NetworkNamespaces.Address(other)}:15008\" }}");
        return $$"""
            { "Channels": {
                "Group": "dev", "Instance": { "Id": "A_{{number}}" },
                "Tunnel": {
                  "Url": "https://0.0.0.0:15008", "Advertise": "{{NetworkNamespaces.Address(number)}}:15008",
                  "Certificate": { "Path": "{{_folder}}/certs/A_{{number}}.crt", "KeyPath": "{{_folder}}/certs/A_{{number}}.key" },
                  "TrustBundle": "{{_folder}}/certs/ca.crt", "TrustDomain": "example.org",
                  "PingDelay": "00:00:01", "PingTimeout": "00:00:01", "ConnectTimeout": "00:00:02"
                },
                "Loopback": { "StateFile": "{{_folder}}/{{number}}.state.json" },
                "Membership": { "Members": { {{string.Join(", ", members)}} } },
                "Items": { "etcd": { "Type": "Duplex", "Connector": "etcd", "Mode": "Both", "Ports": [2380] } } } }
            """;
    }

    private Task PutAsync(int number, string value) =>
        UntilAsync(number, "put", $$"""{ "key": "{{Encode("k")}}", "value": "{{Encode(value)}}" }""", "revision");

    // The read is linearizable, so only a member that agrees with the majority answers.
    private Task SeesAsync(int number, string value) => UntilAsync(number, "range", $$"""{ "key": "{{Encode("k")}}" }""", Encode(value));

    private async Task UntilAsync(int number, string operation, string body, string expected)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        while (true)
        {
            var url = $"http://{Ip(number)}:2379/v3/kv/{operation}";
            var answer = await _hosts!.TryRunAsync(number, "curl", "-s", "-m", "5", "-X", "POST", "-d", body, url);
            if (answer.Contains(expected, StringComparison.Ordinal))
            {
                return;
            }

            limit.Token.ThrowIfCancellationRequested();
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, limit.Token);
        }
    }
}
