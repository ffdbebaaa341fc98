using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Proxy.Channels.Monitoring;
using Proxy.Configuration.Channels;
using Proxy.Core.Tests.Channels;
using Proxy.Core.Tests.Channels.Tunnel;

namespace Proxy.Core.Tests.EndToEnd.Channels;

public sealed class RequestTests : IAsyncLifetime
{
    private static int _ids = 5000;

    private readonly TestAuthority _authority = new();
    private readonly List<ChannelInstance> _instances = [];
    private readonly List<Socket> _servers = [];
    private readonly ConcurrentBag<Socket> _accepted = []; // kept, since the finalizer of a socket without references closes it
    private readonly int _port = Ports.Free();

    public Task InitializeAsync() => Task.CompletedTask;

    [Fact]
    public async Task Call_SeveralServe_ReachesEachOfThem()
    {
        var (client, servers) = await StartAsync(2);
        var seen = new HashSet<string>();
        var open = new List<Socket>();
        // Two choices among two members are always the less loaded.
        foreach (var _ in Enumerable.Range(0, 4))
        {
            open.Add(await CallAsync(client));
            seen.Add(await open[^1].ReadTextAsync(6));
        }

        Assert.Equal(servers.Select(static server => server.Id), seen.Order(StringComparer.Ordinal));
        open.ForEach(static socket => socket.Dispose());
    }

    [Fact]
    public async Task Call_FirstMemberDoesNotServeAnyMore_AnotherAnswers()
    {
        var (client, servers) = await StartAsync(3);
        _servers[0].Dispose();
        _servers[1].Dispose();

        foreach (var _ in Enumerable.Range(0, 6))
        {
            using var socket = await CallAsync(client);
            Assert.Equal(servers[2].Id, await socket.ReadTextAsync(6));
        }
    }

    [Fact]
    public async Task Call_NobodyServes_IsResetAfterAWhile()
    {
        var (client, _) = await StartAsync(0);

        Assert.True(await IsResetAsync(client));
    }

    [Fact]
    public async Task Call_MemberComesWhileItWaits_IsServed()
    {
        var time = new ManualTime();
        var (client, _) = await StartAsync(0, time: time);
        var server = await ServeAsync(0);
        await server.StartAsync();

        using var socket = await CallAsync(client);
        await time.WaitForTimerAsync(TimeSpan.FromSeconds(2)); // for a member, which is never over since time stands still
        await ChannelInstance.JoinAsync(client, server);

        Assert.Equal(server.Id, await socket.ReadTextAsync(6));
    }

    [Fact]
    public async Task WhenEmpty_Refuse_ListensOnlyWhileSomebodyServes()
    {
        var (client, servers) = await StartAsync(1, WhenEmpty.Refuse);
        await client.StateAsync("db", static state => state.Listening);

        await servers[0].StopAsync();
        var told = await client.StateAsync("db", static state => !state.Listening);

        Assert.Null(told.Ip);
        await Eventually.TrueAsync(() =>
        {
            using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                probe.Connect(IPAddress.Parse("127.1.0.1"), _port);
                return false;
            }
            catch (SocketException)
            {
                return true;
            }
        });
    }

    [Fact]
    public async Task Allow_CallerIsNotNamed_IsReset()
    {
        var (client, servers) = await StartAsync(1);
        using (var before = await CallAsync(client))
        {
            Assert.Equal(servers[0].Id, await before.ReadTextAsync(6));
        }

        await servers[0]
            .UseAsync(
                servers[0].Config with
                {
                    Items = servers[0]
                        .Config.Items.ToDictionary(static item => item.Key, static item => item.Value with { Allow = ["X_*"] }),
                }
            );

        Assert.True(await IsResetAsync(client));
    }

    [Fact]
    public async Task Ready_ServerCloses_IsWithdrawnAndComesBack()
    {
        var (client, servers) = await StartAsync(1);
        _servers[0].Dispose();
        await Eventually.TrueAsync(() => client.Host.Members.All[servers[0].Id].Find("db") is { Serves: false });

        Listen(servers[0]);

        await Eventually.TrueAsync(() => client.Host.Members.All[servers[0].Id].Find("db") is { Serves: true });
        using var socket = await CallAsync(client);
        Assert.Equal(servers[0].Id, await socket.ReadTextAsync(6));
    }

    [Fact]
    public async Task Ready_OnDial_IsWithdrawnByFailuresOfCallsAndComesBack()
    {
        var (client, servers) = await StartAsync(1);
        var items = servers[0]
            .Config.Items.ToDictionary(static item => item.Key, static item => item.Value with { Ready = ReadyCheck.OnDial });
        await servers[0].UseAsync(servers[0].Config with { Items = items });
        _servers[0].Dispose();

        await Eventually.TrueAsync(async () =>
            await IsResetAsync(client) && client.Host.Members.All[servers[0].Id].Find("db") is { Serves: false }
        );

        Listen(servers[0]);
        await Eventually.TrueAsync(() => client.Host.Members.All[servers[0].Id].Find("db") is { Serves: true });
        using var socket = await CallAsync(client);
        Assert.Equal(servers[0].Id, await socket.ReadTextAsync(6));
    }

    public async Task DisposeAsync()
    {
        _servers.ForEach(static server => server.Dispose());
        foreach (var instance in _instances)
        {
            foreach (var record in instance.Tracker.Open)
            {
                record.Close(Proxy.Diagnostics.ConnectionOutcome.ClosedByAdmin);
            }
        }

        foreach (var instance in _instances)
        {
            await Eventually.TrueAsync(() => instance.Tracker.Count == 0); // the drain of one on a clock that stands still waits for ever
            await instance.DisposeAsync();
        }

        foreach (var accepted in _accepted)
        {
            accepted.Dispose();
        }

        _authority.Dispose();
    }

    private async Task<(ChannelInstance Client, List<ChannelInstance> Servers)> StartAsync(
        int count,
        WhenEmpty whenEmpty = WhenEmpty.Wait,
        ManualTime? time = null
    )
    {
        var client = Add(
            $"B_{Interlocked.Increment(ref _ids)}",
            new()
            {
                Type = ChannelType.Request,
                Connector = "db",
                Port = _port,
                WhenEmpty = whenEmpty,
            },
            time
        );
        await client.StartAsync();
        var servers = new List<ChannelInstance>();
        foreach (var number in Enumerable.Range(0, count))
        {
            servers.Add(await ServeAsync(number));
            await servers[^1].StartAsync();
        }

        await ChannelInstance.JoinAsync([client, .. servers]);
        await Eventually.TrueAsync(() =>
            client.Host.Members.All.Values.Count(static member => member.Find("db") is { Serves: true }) == count
        );
        return (client, servers);
    }

    private Task<ChannelInstance> ServeAsync(int number)
    {
        _ = number;
        var server = Add(
            $"A_{Interlocked.Increment(ref _ids)}",
            new()
            {
                Type = ChannelType.Reply,
                Connector = "db",
                Port = _port,
                Allow = ["B_*"],
            }
        );
        Listen(server);
        return Task.FromResult(server);
    }

    /// <summary>A server that says who it is, and then keeps silent.</summary>
    private void Listen(ChannelInstance instance)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        socket.Bind(new IPEndPoint(instance.Ip, _port));
        socket.Listen();
        _servers.Add(socket);
        _ = AnswerAsync(socket, System.Text.Encoding.ASCII.GetBytes(instance.Id));
    }

    private async Task AnswerAsync(Socket listener, byte[] greeting)
    {
        try
        {
            while (true)
            {
                var accepted = await listener.AcceptAsync();
                _accepted.Add(accepted);
                try
                {
                    await accepted.SendAsync(greeting);
                }
                catch (SocketException)
                {
                    // It was reset meanwhile, such as a probe.
                }
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The test has ended.
        }
    }

    private ChannelInstance Add(string id, ChannelConfig channel, ManualTime? time = null)
    {
        var instance = ChannelInstance.CreateOn(time, ChannelInstance.Configure(_authority, id, ("db", channel)));
        _instances.Add(instance);
        return instance;
    }

    private Task<bool> IsResetAsync(ChannelInstance client) => Loopback.IsResetAsync(() => CallAsync(client));

    private async Task<Socket> CallAsync(ChannelInstance client)
    {
        ChannelState state = await client.StateAsync("db", static state => state.Listening);
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Parse(state.Ip!), _port));
        return socket;
    }
}
