using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Channels.Membership;
using Proxy.Revisions;

namespace Proxy.Host.Tests.EndToEnd.Channels;

/// <summary>Three instances on one machine, as a newcomer starts them.</summary>
public sealed class ChannelExampleTests : IDisposable
{
    // One connection each: what is balanced is connections.
    private readonly HttpClient _http = new(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.Zero, UseProxy = false })
    {
        Timeout = Eventually.Limit,
    };

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    [InlineData("c")]
    public void Check_Example_NoErrorsAndNoWarnings(string file)
    {
        using var root = (ConfigurationRoot)new ConfigurationBuilder().Add(ThreeInstances.Source(file)).Build();

        var result = TcpProxyExtensions.Check(root);

        Assert.Empty(result.Errors);
        Assert.Empty(result.Warnings);
    }

    [Fact]
    public async Task Ring_EachPair_ReachesTheOtherAndIsSeenUnderItsOwnAddress()
    {
        await using var three = await ThreeInstances.StartAsync();
        foreach (var instance in Enumerable.Range(0, 3))
        {
            await three.ServeAsync(instance, three.RingPort);
        }

        foreach (var (caller, callee) in Pairs())
        {
            await MemberAsync(three, caller, callee);
            var answer = await _http.GetStringAsync(new Uri($"http://{ThreeInstances.Ip(caller, callee)}:{three.RingPort}/"));

            Assert.Equal($"A_{callee + 1} {ThreeInstances.Ip(callee, caller)}", answer);
        }
    }

    [Fact]
    public async Task Db_Requests_AreServedByBoth()
    {
        await using var three = await ThreeInstances.StartAsync();
        await three.ServeAsync(1, three.DbPort);
        await three.ServeAsync(2, three.DbPort);

        await AskUntilAsync(new Uri($"http://127.11.0.1:{three.DbPort}/"), "A_2", "A_3");
    }

    [Fact]
    public async Task Connector_RouteAndClusters_ReachMembers()
    {
        await using var three = await ThreeInstances.StartAsync(
            new()
            {
                ["Kestrel:Endpoints:Http:Url"] = "http://127.0.0.1:0",
                ["ReverseProxy:TcpRoutes:direct:Listen"] = "127.0.0.1:0",
                ["ReverseProxy:TcpRoutes:direct:Connector"] = "db",
                ["ReverseProxy:TcpRoutes:ring:Listen"] = "127.0.0.2:0",
                ["ReverseProxy:TcpRoutes:ring:ClusterId"] = "ring",
                ["ReverseProxy:Clusters:ring:Connector"] = "ring",
                ["ReverseProxy:Clusters:ring:LoadBalancingPolicy"] = "RoundRobin",
                ["ReverseProxy:Routes:web:Match:Path"] = "/{**rest}",
                ["ReverseProxy:Routes:web:ClusterId"] = "web",
                ["ReverseProxy:Clusters:web:Connector"] = "db",
            }
        );
        foreach (var instance in new[] { 1, 2 })
        {
            await three.ServeAsync(instance, three.RingPort);
            await three.ServeAsync(instance, three.DbPort);
        }

        await MemberAsync(three, 0, 1);
        await MemberAsync(three, 0, 2);
        var status = three.Hosts[0].Status;
        var web = three.Hosts[0].Urls.Single();
        await AskUntilAsync(new Uri($"http://{Bound(status, "127.0.0.1")}/"), "A_2", "A_3");
        await AskUntilAsync(new Uri($"http://{Bound(status, "127.0.0.2")}/"), "A_2", "A_3");
        // What a Request channel balances is connections, and YARP keeps one.
        await Eventually.TrueAsync(async () => await TryAskAsync(web) is "A_2" or "A_3");
    }

    [Fact]
    public async Task Admin_ChannelsMembersTunnelsEvents_AreShown()
    {
        await using var three = await ThreeInstances.StartAsync(new() { ["Admin:Url"] = "http://127.0.0.1:0" });
        await three.ServeAsync(1, three.RingPort);
        await three.ServeAsync(1, three.DbPort);
        await MemberAsync(three, 0, 1);
        var admin = three.Hosts[0].Urls.Single();
        using var client = await TcpClientSocket.ConnectAsync(new IPEndPoint(IPAddress.Parse(ThreeInstances.Ip(0, 1)), three.RingPort));

        var ring = await WaitAsync(admin, "/api/channels/ring", static root => HasMembers(root, 1));
        Assert.Equal("A_2", ring.GetProperty("members")[0].GetProperty("iid").GetString());
        var all = await WaitAsync(admin, "/api/channels", static root => root.GetArrayLength() == 2);
        Assert.Equal("127.11.0.1", all[0].GetProperty("ip").GetString());
        var members = await WaitAsync(admin, "/api/members", static root => HasMembers(root, 2));
        Assert.Equal("127.0.0.4", members.GetProperty("members")[0].GetProperty("localAddress").GetString());
        Assert.Equal("up", ring.GetProperty("members")[0].GetProperty("state").GetString()); // as in notifications
        Assert.Equal("up", members.GetProperty("members")[0].GetProperty("state").GetString());
        var tunnels = await WaitAsync(
            admin,
            "/api/tunnels",
            static root => root.GetArrayLength() == 1 && root[0].GetProperty("peer").GetString() is not null // null until one is chosen
        );
        Assert.Equal(
            ("ring", "A_2", true),
            (
                tunnels[0].GetProperty("channel").GetString(),
                tunnels[0].GetProperty("peer").GetString(),
                tunnels[0].GetProperty("calls").GetBoolean()
            )
        );
        using var nothing = await _http.GetAsync(new Uri(admin, "/api/channels/nobody"));
        Assert.Equal(HttpStatusCode.NotFound, nothing.StatusCode);

        await ReadEventsAsync(admin);
        string[] names =
        [
            "proxy_channel_members",
            "proxy_channel_active_tunnels",
            "proxy_channel_tunnels_total",
            "proxy_channel_version",
            "proxy_channel_io_bytes_total",
        ];
        await Eventually.TrueAsync(async () => // some of them begin when the tunnel is open
        {
            var metrics = await _http.GetStringAsync(new Uri(admin, "/metrics"));
            return names.All(name => metrics.Contains(name, StringComparison.Ordinal));
        });
    }

    [Fact]
    public async Task Configuration_ChannelState_IsInTheApplications()
    {
        await using var three = await ThreeInstances.StartAsync();
        await three.ServeAsync(1, three.RingPort);
        await MemberAsync(three, 0, 1);

        var configuration = three.Hosts[0].Services.GetRequiredService<IConfiguration>();

        await Eventually.TrueAsync(() => configuration["ChannelState:Items:ring:Members:0:Iid"] == "A_2");
        Assert.Equal("up", configuration["ChannelState:Items:ring:Members:0:State"]);
        Assert.Equal(ThreeInstances.Ip(0, 0), configuration["ChannelState:BindIp"]);
    }

    public void Dispose() => _http.Dispose();

    // The first may be suspect for a moment, if it was slow to answer a dial.
    private static bool HasMembers(JsonElement root, int count) =>
        root.GetProperty("members") is var members
        && members.GetArrayLength() == count
        && members[0].GetProperty("state").GetString() == "up";

    private static IEnumerable<(int Caller, int Callee)> Pairs() =>
        from caller in Enumerable.Range(0, 3)
        from callee in Enumerable.Range(0, 3)
        where caller != callee
        select (caller, callee);

    private static Task MemberAsync(ThreeInstances three, int caller, int callee) =>
        Eventually.TrueAsync(() =>
            three.Channels(caller).Monitor.Current.TryGetValue("ring", out var state)
            && state.Members.Any(member => member.Iid == $"A_{callee + 1}" && member.State == MemberState.Up)
            && three.Channels(callee).Members().Any(member => member.Id == $"A_{caller + 1}")
        );

    private static EndPoint Bound(ProxyState status, string ip) =>
        status.Bound.Values.Single(address => ((IPEndPoint)address).Address.ToString() == ip);

    private async Task AskUntilAsync(Uri url, params string[] names)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        var seen = new HashSet<string>();
        while (!seen.SetEquals(names))
        {
            limit.Token.ThrowIfCancellationRequested();
            if (await TryAskAsync(url) is { } name)
            {
                seen.Add(name);
            }
        }
    }

    private async Task<string?> TryAskAsync(Uri url)
    {
        try
        {
            return (await _http.GetStringAsync(url)).Split(' ')[0];
        }
        catch (HttpRequestException)
        {
            return null; // its members are not known yet
        }
    }

    private async Task<JsonElement> WaitAsync(Uri admin, string path, Func<JsonElement, bool> fact)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        while (true)
        {
            limit.Token.ThrowIfCancellationRequested();
            using var document = JsonDocument.Parse(await _http.GetStringAsync(new Uri(admin, path), limit.Token));
            if (fact(document.RootElement))
            {
                return document.RootElement.Clone();
            }
        }
    }

    private async Task ReadEventsAsync(Uri admin)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        await using var stream = await _http.GetStreamAsync(new Uri(admin, "/api/channel-events"), limit.Token);
        using var reader = new StreamReader(stream);
        var wanted = new List<string> { "event: ready", "event: change", "data: {\"event\":\"change\",\"channel\":\"ring\"" };
        while (wanted.Count > 0)
        {
            var line = await reader.ReadLineAsync(limit.Token) ?? throw new EndOfStreamException();
            wanted.RemoveAll(start => line.StartsWith(start, StringComparison.Ordinal));
        }
    }
}
