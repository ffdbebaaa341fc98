using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Proxy.Channels.Membership;
using Proxy.Configuration.Channels;
using Proxy.Core.Tests.Channels;
using Proxy.Core.Tests.Channels.Tunnel;

namespace Proxy.Core.Tests.EndToEnd.Channels;

/// <summary>A provider that an application has added in code, chosen by its name.</summary>
public sealed class ProviderTests : IAsyncLifetime
{
    private static int _ids = 700;

    private readonly TestAuthority _authority = new();
    private readonly FakeProvider _provider = new();
    private FakeMembers _members = null!;
    private ChannelInstance _caller = null!;
    private int _port;

    public async Task InitializeAsync()
    {
        _port = Ports.Free();

        _members = await FakeMembers.StartAsync(_port);
        _members.Come();
        var ring = new ChannelConfig
        {
            Type = ChannelType.Duplex,
            Connector = "ring",
            Mode = DuplexMode.Bind,
            Port = _port,
        };
        var config = ChannelInstance.Configure(_authority, $"B_{Interlocked.Increment(ref _ids)}", ("ring", ring));
        _caller = new ChannelInstance(
            config with
            {
                Tunnel = config.Tunnel with { Url = $"http://{IPAddress.Loopback}:0" },
                Membership = new() { Provider = "registry" },
            },
            providers: [_provider]
        );
        await _caller.StartAsync();
    }

    [Fact]
    public async Task Provider_ByName_ItsMembersAreReached()
    {
        var session = await _provider.NextAsync();
        Assert.Equal(_caller.Id, session.Self.Id);

        session.Say(new MembershipUpdate.Full(1, [_members.Record(0)]));

        var state = await _caller.StateAsync("ring", static state => state.Members.Count == 1);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Parse(state.Members[0].Ip), _port));
        Assert.Equal("0", await socket.ReadTextAsync(1));
    }

    [Fact]
    public async Task Provider_StreamFails_IsStaleAndJoinedAgain()
    {
        var session = await _provider.NextAsync();
        session.Say(new MembershipUpdate.Full(1, [_members.Record(0)]));
        await _caller.StateAsync("ring", static state => state is { Members.Count: 1, Stale: false });

        session.Fail();
        await _caller.StateAsync("ring", static state => state is { Members.Count: 1, Stale: true });

        var again = await _provider.NextAsync();
        Assert.True(session.Disposed);
        again.Say(new MembershipUpdate.Full(2, [_members.Record(0), _members.Record(1)]));
        await _caller.StateAsync("ring", static state => state is { Members.Count: 2, Stale: false });
    }

    [Fact]
    public async Task Provider_AnotherIsChosenByAnEdit_ItsSessionIsLeft()
    {
        var session = await _provider.NextAsync();
        session.Say(new MembershipUpdate.Full(1, [_members.Record(0)]));
        await _caller.StateAsync("ring", static state => state.Members.Count == 1);

        await _caller.UseAsync(_caller.Config with { Membership = new() { Members = _members.Configure(2) } });

        await _caller.StateAsync("ring", static state => state.Members.Count(static member => member.State == MemberState.Up) == 2);
        await Eventually.TrueAsync(() => session.Disposed);
        await _caller.UseAsync(_caller.Config with { Membership = new() { Provider = "Registry" } });
        Assert.Equal(_caller.Id, (await _provider.NextAsync()).Self.Id);
    }

    public async Task DisposeAsync()
    {
        await _caller.DisposeAsync();
        await _members.DisposeAsync();
        _authority.Dispose();
    }

    private sealed class FakeProvider : IMembershipProvider
    {
        private readonly Channel<ProvidedSession> _joined = Channel.CreateUnbounded<ProvidedSession>();

        public string Name => "Registry";

        public Task<IMembershipSession> JoinAsync(MemberRecord self, CancellationToken cancellationToken)
        {
            var session = new ProvidedSession(self);
            Assert.True(_joined.Writer.TryWrite(session));
            return Task.FromResult<IMembershipSession>(session);
        }

        public Task<ProvidedSession> NextAsync() => _joined.Reader.ReadAsync().AsTask().WaitAsync(Eventually.Limit);
    }

    private sealed class ProvidedSession(MemberRecord self) : IMembershipSession
    {
        private readonly Channel<MembershipUpdate> _updates = Channel.CreateUnbounded<MembershipUpdate>();
        private volatile bool _disposed;

        public MemberRecord Self => self;

        public bool Disposed => _disposed;

        public void Say(MembershipUpdate update) => Assert.True(_updates.Writer.TryWrite(update));

        public void Fail() => _updates.Writer.Complete(new InvalidOperationException("The registry is away."));

        public Task PublishAsync(MemberRecord self, CancellationToken cancellationToken) => Task.CompletedTask;

        public IAsyncEnumerable<MembershipUpdate> ReadAsync(CancellationToken cancellationToken) =>
            _updates.Reader.ReadAllAsync(cancellationToken);

        public ValueTask DisposeAsync()
        {
            _disposed = true;
            return ValueTask.CompletedTask;
        }
    }
}
