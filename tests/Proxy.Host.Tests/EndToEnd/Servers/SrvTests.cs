using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Clusters.Services;
using Proxy.Listeners;

namespace Proxy.Host.Tests.EndToEnd.Servers;

/// <summary>Services that a real DNS server, dnsmasq, names.</summary>
public sealed class SrvTests : IDisposable
{
    private const string Name = "_db._tcp.test.example";
    private readonly int _port = Ports.Free();
    private Process? _dns;

    [RealServerFact("dnsmasq")]
    public async Task Ask_Service_ServersWithPrioritiesAndWeights()
    {
        await ServeAsync($"--srv-host={Name},db1.test.example,5432,10,60", $"--srv-host={Name},db2.test.example,5433,20,40");

        var answer = await AskAsync(Name);

        Assert.Equal(
            [new("db1.test.example", 5432, 10, 60), new("db2.test.example", 5433, 20, 40)],
            answer.Records.OrderBy(static record => record.Priority)
        );
    }

    [RealServerFact("dnsmasq")]
    public async Task Ask_MoreThanADatagramHolds_AllOfThem()
    {
        var many = Enumerable.Range(1, 200).Select(static i => $"--srv-host={Name},a-rather-long-name-of-a-host-{i}.test.example,{i},0,1");
        await ServeAsync([.. many]);

        var answer = await AskAsync(Name);

        Assert.Equal(Enumerable.Range(1, 200), answer.Records.Select(static record => record.Port).Order());
    }

    [RealServerFact("dnsmasq")]
    public async Task Ask_UnknownName_ErrorThatNamesIt()
    {
        await ServeAsync("--local=/test.example/");

        var error = await Assert.ThrowsAsync<IOException>(() => AskAsync(Name));

        Assert.Contains(Name, error.Message, StringComparison.Ordinal);
    }

    [RealServerFact("dnsmasq")]
    public async Task Connect_ServersChange_ClientsGoToThosePresentAndTheLastGoodAnswerStays()
    {
        using var first = Greeter("first");
        using var second = Greeter("second");
        await ServeAsync(Record(first, priority: 1), Record(second, priority: 2));
        await using var app = await StartAsync();
        await Eventually.TrueAsync(async () => await GreetingAsync(app) == "first"); // the other one is its backup

        StopDns();
        Assert.Equal("first", await GreetingAsync(app));
        await ServeAsync(Record(second, priority: 1));

        await Eventually.TrueAsync(async () => await GreetingAsync(app) == "second");
    }

    public void Dispose() => StopDns();

    private Task<SrvAnswer> AskAsync(string name) =>
        new SrvLookup(new(IPAddress.Loopback, _port)).AskAsync(name, CancellationToken.None).WaitAsync(Eventually.Limit);

    private static string Record(Socket server, int priority) =>
        $"--srv-host={Name},localhost,{((IPEndPoint)server.LocalEndPoint!).Port},{priority},1";

    private async Task ServeAsync(params string[] records)
    {
        _dns = Programs.Start(
            "dnsmasq",
            [
                "--keep-in-foreground",
                "--no-resolv",
                "--no-hosts",
                "--conf-file=/dev/null",
                "--pid-file=",
                "--user=",
                "--listen-address=127.0.0.1",
                "--bind-interfaces",
                $"--port={_port}",
                .. records,
            ]
        );
        await Programs.ListensAsync(_port);
    }

    private void StopDns()
    {
        _dns?.Kill();
        _dns?.WaitForExit();
        _dns?.Dispose();
        _dns = null;
    }

    private async Task<WebApplication> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRouting().AddLogging();
        builder.Services.AddSingleton(
            new ServiceDirectory(
                new SrvLookup(new(IPAddress.Loopback, _port)).AskAsync,
                TimeProvider.System,
                NullLogger<ServiceDirectory>.Instance
            )
        );
        var json = $$"""
            { "TcpRoutes": { "r": { "Listen": "127.0.0.1:0", "ClusterId": "c" } },
              "Clusters": { "c": { "Tcp": { "DnsRefresh": "00:00:01" }, "Destinations": { "a": { "Address": "srv://{{Name}}" } } } } }
            """;
        var configuration = new ConfigurationBuilder().AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(json))).Build();
        builder.Services.AddTcpProxy().LoadFromConfig(configuration);
        var app = builder.Build();
        app.MapReverseProxy();
        await app.StartAsync();
        return app;
    }

    private static async Task<string> GreetingAsync(WebApplication app)
    {
        using var client = await TcpClientSocket.ConnectAsync(app.Services.GetRequiredService<ListenerManager>().Bound.Single().Value);
        return await client.ReadAsync() ?? "reset"; // no server is known yet
    }

    private static Socket Greeter(string greeting)
    {
        var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        server.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        server.Listen();
        _ = GreetAsync(server, greeting);
        return server;
    }

    private static async Task GreetAsync(Socket server, string greeting)
    {
        try
        {
            while (true)
            {
                using var client = await server.AcceptAsync();
                await client.SendAsync(Encoding.ASCII.GetBytes(greeting));
                client.Shutdown(SocketShutdown.Send);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }
}
