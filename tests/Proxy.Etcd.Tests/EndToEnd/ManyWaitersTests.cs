using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Diagnostics;
using Proxy.Etcd.Client;
using Proxy.Etcd.Locking;
using Proxy.Etcd.Tests.Locking;
using Proxy.Locking;
using Xunit.Abstractions;

namespace Proxy.Etcd.Tests.EndToEnd;

/// <summary>
/// Many clients of one lock on several hosts with a real etcd: each is served once, in the order of the fencing tokens. PROXY_TEST_WAITERS and PROXY_TEST_LOCK_HOSTS
/// say how many; what it costs is in the output.
/// </summary>
public sealed partial class ManyWaitersTests(ITestOutputHelper output) : IAsyncLifetime
{
    private static readonly int _clients = Number("PROXY_TEST_WAITERS", 600);
    private static readonly int _count = Number("PROXY_TEST_LOCK_HOSTS", 3);
    private readonly List<(EtcdClient Client, LockQueue Queue)> _hosts = [];
    private EtcdServer? _server;

    public Task InitializeAsync() => Task.CompletedTask;

    [EtcdFact]
    public async Task Clients_OfSeveralHosts_ServedOnceAndInOrder()
    {
        _server = await EtcdServer.StartAsync();
        for (var host = 0; host < _count; host++)
        {
            AddHost(host);
        }

        await Task.WhenAll(_hosts.Select(static host => ServeAsync(host.Queue, -1, []))).WaitAsync(Eventually.Limit); // nobody is admitted at first
        var tokens = new List<long>();
        var started = Stopwatch.GetTimestamp();
        var before = await CostAsync();
        _hosts.ForEach(static host => host.Queue.Pause(true)); // they line up when all have come
        var served = Enumerable.Range(0, _clients).Select(client => ServeAsync(_hosts[client % _count].Queue, client, tokens)).ToList();
        _hosts.ForEach(static host => host.Queue.Pause(false));
        await Eventually.TrueAsync(() => _hosts.TrueForAll(host => Left(host.Queue) + tokens.Count >= _clients));
        await TellAsync("all keys are seen", started, before);

        started = Stopwatch.GetTimestamp();
        before = await CostAsync();
        await Task.WhenAll(served).WaitAsync(Eventually.Limit);
        await Eventually.TrueAsync(() => _hosts.TrueForAll(static host => Left(host.Queue) == 0));
        await TellAsync("all are served", started, before);

        Assert.Equal(_clients, tokens.Count);
        Assert.Equal(tokens.Order(), tokens);
    }

    [EtcdFact]
    public async Task Clients_WhoComeOneAfterAnother_EachPermitGoesToAnotherHost()
    {
        _server = await EtcdServer.StartAsync();
        for (var host = 0; host < _count; host++)
        {
            AddHost(host);
        }

        await Task.WhenAll(_hosts.Select(static host => ServeAsync(host.Queue, -1, []))).WaitAsync(Eventually.Limit);
        var (holder, admitted) = Enter(_hosts[0].Queue, -1);
        Assert.Null(await admitted.WaitAsync(Eventually.Limit));
        var order = new List<int>();
        var served = new List<Task>();
        for (var client = 0; client < _clients / 4; client++)
        {
            var (waiter, waiting) = Enter(_hosts[client % _count].Queue, client);
            served.Add(NoteAsync(_hosts[client % _count].Queue, client, waiter, waiting, order));
            await Eventually.TrueAsync(() => waiter.Ticket?.Rank is not null);
        }

        var started = Stopwatch.GetTimestamp();
        var before = await CostAsync();
        _hosts[0].Queue.Release(holder);
        await Task.WhenAll(served).WaitAsync(Eventually.Limit);
        await TellAsync($"{served.Count} are served, each on another host", started, before);
        Assert.Equal(Enumerable.Range(0, served.Count), order);
    }

    public async Task DisposeAsync()
    {
        foreach (var (client, queue) in _hosts)
        {
            queue.Dispose();
            await client.DisposeAsync();
        }

        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    private static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : otherwise;

    private static int Left(LockQueue queue) => queue.Brief().Status.Shared is { } shared ? shared.Holding + shared.Waiting : 0;

    private static (LockWaiter Waiter, Task<ConnectionOutcome?> Result) Enter(LockQueue queue, int number)
    {
        var connection = new DefaultConnectionContext(number.ToString(CultureInfo.InvariantCulture));
        var waiter = new LockWaiter(
            connection,
            new ConnectionRecord(connection, "", "", TimeProvider.System),
            TimeProvider.System.GetTimestamp()
        );
        return (waiter, queue.EnterAsync(waiter).AsTask());
    }

    private static async Task NoteAsync(LockQueue queue, int number, LockWaiter waiter, Task<ConnectionOutcome?> result, List<int> order)
    {
        Assert.Null(await result);
        lock (order)
        {
            order.Add(number);
        }

        queue.Release(waiter);
    }

    private static async Task ServeAsync(LockQueue queue, int number, List<long> tokens)
    {
        var (waiter, result) = Enter(queue, number);
        Assert.Null(await result);
        lock (tokens)
        {
            tokens.Add(waiter.FencingToken!.Value);
        }

        queue.Release(waiter);
    }

    [GeneratedRegex(
        @"(?m)^(etcd_network_client_grpc_sent_bytes_total|etcd_debugging_mvcc_events_total|process_cpu_seconds_total|process_resident_memory_bytes|etcd_disk_wal_fsync_duration_seconds_count) ([0-9.e+]+)$"
    )]
    private static partial Regex Figure();

    private void AddHost(int number)
    {
        var client = EtcdClients.Of(_server!);
        client.Start();
        var store = new GlobalPermitStore(
            client,
            new EngineKeys("/proxy", "many"),
            new LockHost($"H_{number}", "e"),
            TimeSpan.FromSeconds(3),
            TimeProvider.System,
            NullLogger<GlobalPermitStore>.Instance
        );
        var settings = LockHostProcess.Empty(TimeProvider.System) with { QueueLimit = _clients };
        _hosts.Add((client, new LockQueue("till", settings, store, TimeProvider.System)));
    }

    private async Task<Dictionary<string, double>> CostAsync()
    {
        using var http = new HttpClient();
        var text = await http.GetStringAsync(new Uri($"{_server!.Endpoints[0]}/metrics"));
        return Figure()
            .Matches(text)
            .ToDictionary(static one => one.Groups[1].Value, static one => double.Parse(one.Groups[2].Value, CultureInfo.InvariantCulture));
    }

    private async Task TellAsync(string what, long started, Dictionary<string, double> before)
    {
        var took = Stopwatch.GetElapsedTime(started);
        var now = await CostAsync();
        output.WriteLine($"{what}: {took.TotalSeconds:F1} s, {_count} hosts, {_clients} clients");
        foreach (var (name, value) in now)
        {
            output.WriteLine($"  {name}: {value - before.GetValueOrDefault(name):F1} (now {value:F0})");
        }

        output.WriteLine(
            $"  this process: {Process.GetCurrentProcess().TotalProcessorTime.TotalSeconds:F1} s of processor time so far, {GC.GetTotalMemory(true) / 1e6:F0} MB"
        );
    }
}
