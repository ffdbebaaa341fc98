using System.Globalization;
using System.Text.RegularExpressions;
using Proxy.Host.Admin;
using Proxy.Host.Tests.EndToEnd.Faults;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd;

/// <summary>The program with fewer descriptors than its clients need.</summary>
public sealed partial class DescriptorTests : IDisposable
{
    private const string Ask = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    private const string Health = "GET /healthz/live HTTP/1.1\r\nHost: localhost\r\n\r\n";

    private readonly TcpServer _server = new("hello");
    private readonly string _file = Path.GetTempFileName();
    private readonly List<TcpClientSocket> _clients = [];

    [Fact]
    public async Task Run_LimitLeavesNoRoom_IsRefusedWithWhatIsNeeded()
    {
        await WriteAsync(Ports.Free());
        using var process = new ProxyProcess("ulimit -n 300;", "--config", _file);

        Assert.Equal(1, await process.ExitAsync());
        Assert.Matches("may have 300 open files, which is too few .* At least [0-9]+ are needed", process.Errors);
    }

    [Fact]
    public async Task Accept_MoreClientsAndIdleAdminConnectionsThanDescriptors_PausesAndHealthAnswers()
    {
        var admin = Ports.Free();
        await WriteAsync(admin);
        using var process = new ProxyProcess("ulimit -n 1000;", "--config", _file);
        var port = await process.PortAsync();
        await Programs.ListensAsync(admin);
        await UseDescriptorsAsync(process, port);

        for (var i = 0; i < AdminConnections.Max; i++)
        {
            await ConnectAsync(admin);
        }

        Assert.StartsWith("HTTP/1.1 200", await HealthAsync(admin), StringComparison.Ordinal);
        Assert.Equal(1, await SampleAsync(admin, Paused()));
        Close();

        Assert.Equal("hello", await (await ConnectAsync(port)).ReadAsync());
        await Eventually.TrueAsync(async () => await SampleAsync(admin, Paused()) == 0); // an accept may pause once more while others are being closed
        Assert.False(process.HasExited);
    }

    [Fact]
    public async Task Accept_MoreHttpClientsThanDescriptors_WaitsAndGoesOn()
    {
        const int Clients = 600; // the kernel queues 512 of them
        var (admin, http) = (Ports.Free(), Ports.Free());
        await WriteAsync(
            admin,
            $$"""
            "Kestrel": { "Endpoints": { "web": { "Url": "http://127.0.0.1:{{http}}" } } },
            "Demo": { "Enabled": false },
            """
        );
        using var process = new ProxyProcess("ulimit -n 1000;", "--config", _file);
        await Programs.ListensAsync(http);
        await Programs.ListensAsync(admin);
        for (var i = 0; i < Clients; i++)
        {
            await (await ConnectAsync(http)).SendAsync(Ask);
        }

        await Eventually.TrueAsync(async () => process.HasExited || await SampleAsync(admin, Pauses()) > 0);

        Assert.StartsWith("HTTP/1.1 200", await HealthAsync(admin), StringComparison.Ordinal);
        Close();
        Assert.StartsWith("HTTP/1.1 404", await (await ConnectAsync(http)).AskAsync(Ask), StringComparison.Ordinal);
        Assert.False(process.HasExited);
    }

    [Fact]
    public async Task Accept_DescriptorsInUse_TunnelsWaitTooAndAreAcceptedAfterwards()
    {
        var admin = Ports.Free();
        await using var files = await ChannelFiles.CreateAsync();
        await WriteAsync(admin);
        var both = await File.ReadAllTextAsync(files.Config);
        await File.WriteAllTextAsync(_file, (await File.ReadAllTextAsync(_file)).Insert(1, both.Trim()[1..^1] + ","));
        using var process = new ProxyProcess("ulimit -n 1000;", "--config", _file);
        var port = await process.PortAsync();
        await Programs.ListensAsync(admin);
        await Programs.ListensAsync(files.Tunnel);
        await UseDescriptorsAsync(process, port);

        Assert.Equal(1, await SampleAsync(admin, Paused()));
        // One that was allowed before the descriptors were in use may still be accepted, so several clients come.
        for (var i = 0; i < 3; i++)
        {
            await ConnectAsync(files.Tunnel);
        }

        await Eventually.TrueAsync(() =>
            process.Errors.Contains($"Endpoint 127.0.0.1:{files.Tunnel}: accepting failed and pauses", StringComparison.Ordinal)
        );
        var pauses = await SampleAsync(admin, Pauses());
        Assert.InRange(pauses, 1, int.MaxValue);
        Close();

        // A client that says what is no TLS is accepted, and then closed.
        var client = await ConnectAsync(files.Tunnel);
        Assert.True(string.IsNullOrEmpty(await client.AskAsync(Ask)));
        await Eventually.TrueAsync(async () => await SampleAsync(admin, Paused()) == 0);
        Assert.False(process.HasExited);
    }

    public void Dispose()
    {
        Close();
        _server.Dispose();
        File.Delete(_file);
    }

    private Task WriteAsync(int admin, string more = "") =>
        File.WriteAllTextAsync(
            _file,
            Json.Routes(Json.Route("r"), _server.Port).Insert(1, $$""" "Admin": { "Url": "http://127.0.0.1:{{admin}}" }, {{more}}""")
        );

    // With two descriptors each the clients need all. Those that are not accepted wait in the queue of the kernel, which more would fill.
    private async Task UseDescriptorsAsync(ProxyProcess process, int port)
    {
        for (var i = 0; i < 500; i++)
        {
            await ConnectAsync(port);
        }

        await Eventually.TrueAsync(() => process.Errors.Contains("accepting failed and pauses", StringComparison.Ordinal));
    }

    private async Task<TcpClientSocket> ConnectAsync(int port)
    {
        var client = await TcpClientSocket.ConnectAsync(port);
        _clients.Add(client);
        return client;
    }

    private void Close()
    {
        _clients.ForEach(static client => client.Dispose());
        _clients.Clear();
    }

    private async Task<string?> HealthAsync(int admin) => await (await ConnectAsync(admin)).AskAsync(Health);

    private static async Task<int> SampleAsync(int admin, Regex name)
    {
        using var http = new HttpClient();
        var scrape = await http.GetStringAsync(new Uri($"http://127.0.0.1:{admin}/metrics"));
        return int.Parse(name.Match(scrape).Groups[1].Value, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex("^proxy_accept_paused{.*} ([0-9]+)", RegexOptions.Multiline)]
    private static partial Regex Paused();

    [GeneratedRegex("^proxy_accept_pauses_total{.*} ([0-9]+)", RegexOptions.Multiline)]
    private static partial Regex Pauses();
}
