using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Channels.Membership;
using Proxy.Channels.Tunnel;
using Proxy.Configuration.Channels;
using Proxy.Limits;

namespace Proxy.Core.Tests.Channels.Membership;

/// <summary>An instance that says who it is and nothing else, behind a link that a test breaks; without TLS, so its word is taken.</summary>
internal sealed class HelloPeer : ITunnelService, IAsyncDisposable
{
    /// <summary>In real time, on whatever clock the test is: far more than an answer takes on a busy machine.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly HelloFeed _feed = new();
    private readonly TunnelServer _server;
    private TestLink _link = null!;

    private HelloPeer() =>
        _server = new(
            new()
            {
                Url = $"http://{IPAddress.Loopback}:0",
                ConnectTimeout = Patience,
                PingTimeout = Patience,
            },
            null,
            this,
            NullLoggerFactory.Instance,
            new(ByteBudget.OfProcess(), TimeProvider.System)
        );

    public string Address => _link.Address;

    /// <summary>How often it was asked.</summary>
    public int Asked { get; private set; }

    public static async Task<HelloPeer> StartAsync(string id)
    {
        var peer = new HelloPeer();
        peer.Say(id, []);
        peer._link = new TestLink(await peer._server.StartAsync(CancellationToken.None));
        return peer;
    }

    public void Say(string id, IReadOnlyList<MemberConnector> connectors) =>
        _feed.Publish(
            new MemberRecord(id, "epoch", "127.0.0.1:1", LocalAddress.OfInstance(new ChannelInstanceConfig { Id = id })!)
            {
                Connectors = connectors,
            }
        );

    /// <summary>Cuts its connections, and refuses others.</summary>
    public void Break() => _link.Dispose();

    public Task ServeAsync(IServedTunnel tunnel) => Task.CompletedTask;

    public void Answered(string from, int status) { }

    public Task HelloAsync(HttpContext context, CancellationToken leaving)
    {
        Asked++;
        return _feed.WriteAsync(context, leaving);
    }

    public async ValueTask DisposeAsync()
    {
        _link.Dispose();
        await _server.DisposeAsync();
    }
}
