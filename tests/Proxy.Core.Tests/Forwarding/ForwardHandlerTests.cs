using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Connections;
using Proxy.Connections.Linux;
using Proxy.Connections.Sockets;
using Proxy.Diagnostics;
using Proxy.Forwarding;
using Proxy.Native;
using Proxy.Timing;

namespace Proxy.Core.Tests.Forwarding;

/// <summary>Clients and destinations with real sockets, on both transports; dials are in the test's hands.</summary>
public sealed class ForwardHandlerTests : IAsyncLifetime
{
    private static readonly byte[] _question = "question"u8.ToArray();
    private static readonly byte[] _answer = "answer"u8.ToArray();
    private readonly DeadlineClock _clock = new(TimeProvider.System);
    private readonly EventLoopGroup _loops = new(1, null, NullLogger.Instance);
    private readonly List<(Socket Peer, ConnectionContext Ours)> _open = [];
    private readonly FakeDials _dials = new();
    private readonly Target _target = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task OnConnected_Dialed_RelaysAndGivesBackWhatWasTakenAtTheEnd(bool loops)
    {
        var client = await ComeAsync(loops);
        var (server, upstream) = await ConnectAsync(loops);
        (await _dials.WaitAsync(1)).Succeed(upstream);
        await client.Peer.SendAsync(_question);
        Assert.Equal("question", await server.ReadTextAsync(8));
        await server.SendAsync(_answer);
        Assert.Equal("answer", await client.Peer.ReadTextAsync(6));
        Assert.False(_target.Disposed);

        client.Peer.Shutdown(SocketShutdown.Send);
        server.Shutdown(SocketShutdown.Send);

        Assert.Equal(ConnectionOutcome.Completed, await client.EndAsync());
        Assert.True(_target.Disposed);
        Assert.Equal((8, 6), (client.Record.ClientBytes, client.Record.UpstreamBytes));
        Assert.True(client.Record.Connected > TimeSpan.Zero);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task OnConnected_DialFails_ClientIsResetWithTheOutcome(bool loops)
    {
        var failures = new (Exception Failure, ConnectionOutcome Outcome)[]
        {
            (new DialFailedException(ConnectionOutcome.NoDestination), ConnectionOutcome.NoDestination),
            (new DialFailedException(ConnectionOutcome.LimitExceeded), ConnectionOutcome.LimitExceeded),
            (new SocketException((int)SocketError.ConnectionRefused), ConnectionOutcome.ConnectFailed),
            (new TimeoutException(), ConnectionOutcome.ConnectFailed),
            (new IOException(), ConnectionOutcome.ConnectFailed),
        };
        foreach (var (number, (failure, outcome)) in failures.Index())
        {
            var client = await ComeAsync(loops);
            (await _dials.WaitAsync(number + 1)).Answer.SetException(failure);

            Assert.Equal(outcome, await client.EndAsync());
            Assert.True((await client.Peer.ReadToEndAsync()).Reset);
            Assert.True(client.Record.Connecting > TimeSpan.Zero);
            Assert.Equal(TimeSpan.Zero, client.Record.Connected);
        }

        Assert.True(_target.Disposed);
    }

    [Fact]
    public async Task OnConnected_DialFailsAtOnce_ClientIsResetWithTheOutcome()
    {
        var client = await ComeAsync(loops: true, dialer: new Refusing());

        Assert.Equal(ConnectionOutcome.NoDestination, await client.EndAsync());
        Assert.True(_target.Disposed);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task OnConnected_ClientResetsMeanwhile_DialIsCancelled(bool loops)
    {
        var client = await ComeAsync(loops);
        var dial = await _dials.WaitAsync(1);

        client.Peer.Close(0);

        Assert.Equal(ConnectionOutcome.ClientReset, await client.EndAsync());
        Assert.True(dial.Cancelled);
        Assert.True(_target.Disposed);
        Assert.Equal(TimeSpan.Zero, client.Record.Connecting);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task OnConnected_ClientEndsMeanwhile_DialGoesOnAndItsBytesArrive(bool loops)
    {
        var client = await ComeAsync(loops);
        var dial = await _dials.WaitAsync(1);
        await client.Peer.SendAsync(_question);
        client.Peer.Shutdown(SocketShutdown.Send);
        await Eventually.TrueAsync(() => Native(client.Ours).Available == 8 && HasSeenEnd(client.Ours));
        Assert.False(dial.Cancelled);

        var (server, upstream) = await ConnectAsync(loops);
        dial.Succeed(upstream);

        var (bytes, reset) = await server.ReadToEndAsync();
        Assert.Equal(("question", false), (Encoding.ASCII.GetString(bytes), reset));
        server.Shutdown(SocketShutdown.Send);
        Assert.Equal(ConnectionOutcome.Completed, await client.EndAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task OnConnected_ClientThatWaitedHasGone_NotDialedFor(bool loops)
    {
        var (peer, ours) = await ConnectAsync(loops);
        peer.Close(0);
        await ((TcpConnection)ours).WaitForDepartureAsync(ignoreClose: true, CancellationToken.None).WaitAsync(Eventually.Limit);

        var client = Run(peer, ours, _dials, clientMayHaveGone: true);

        Assert.Equal(ConnectionOutcome.ClientReset, await client.EndAsync());
        Assert.Empty(_dials.Addresses);
    }

    [Fact]
    public async Task OnConnected_FactoryIsBroken_ExceptionPassesAndWhatWasTakenIsGivenBack()
    {
        var client = await ComeAsync(loops: false);
        (await _dials.WaitAsync(1)).Answer.SetException(new InvalidOperationException());

        await Assert.ThrowsAsync<InvalidOperationException>(client.EndAsync);
        Assert.True(_target.Disposed);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task OnConnected_RelayCannotStart_DestinationIsReset(bool loops)
    {
        var (peer, ours) = await ConnectAsync(loops);
        var client = Run(peer, ours, _dials, random: new Broken());
        var (server, upstream) = await ConnectAsync(loops);
        (await _dials.WaitAsync(1)).Succeed(upstream);

        await Assert.ThrowsAsync<InsufficientMemoryException>(client.EndAsync);

        Assert.True((await server.ReadToEndAsync()).Reset);
        Assert.True(_target.Disposed);
    }

    // It has got nothing of the client, and behind a lock it has to know before the next client is admitted.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task OnConnected_PreambleIsRefusedWhileAChildProcessHasACopy_DestinationIsResetAtOnce(bool loops)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var (client, server, copy) = await AskAsync(loops, new IOException());
        using var held = copy;

        Assert.Equal(ConnectionOutcome.ConnectFailed, await client.EndAsync());

        Assert.True((await server.ReadToEndAsync()).Reset);
        Assert.True((await client.Peer.ReadToEndAsync()).Reset);
        Assert.True(_target.Disposed);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task OnConnected_PreambleIsBroken_ExceptionPassesAndDestinationIsReset(bool loops)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var (client, server, copy) = await AskAsync(loops, new InvalidOperationException());
        using var held = copy;

        await Assert.ThrowsAsync<InvalidOperationException>(client.EndAsync);

        Assert.True((await server.ReadToEndAsync()).Reset);
        Assert.True(_target.Disposed);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var (peer, ours) in _open)
        {
            peer.Dispose();
            await ours.DisposeAsync();
        }

        _loops.Dispose();
        _clock.Dispose();
    }

    private async Task<Client> ComeAsync(bool loops, IConnectionFactory? dialer = null)
    {
        var (peer, ours) = await ConnectAsync(loops);
        return Run(peer, ours, dialer ?? _dials);
    }

    /// <summary>A client for which the destination is asked for something first, which fails.</summary>
    private async Task<(Client Client, Socket Server, DescriptorCopy Copy)> AskAsync(bool loops, Exception failure)
    {
        var (peer, ours) = await ConnectAsync(loops);
        ((TcpConnection)ours).Preamble = new Refused(failure);
        var client = Run(peer, ours, _dials);
        var (server, upstream) = await ConnectAsync(loops);
        var copy = new DescriptorCopy(Native(upstream));
        (await _dials.WaitAsync(1)).Succeed(upstream);
        return (client, server, copy);
    }

    private Client Run(
        Socket peer,
        ConnectionContext ours,
        IConnectionFactory dialer,
        bool clientMayHaveGone = false,
        Random? random = null
    )
    {
        var record = new ConnectionRecord(ours, "", "", TimeProvider.System);
        record.Attach();
        var deadlines = new RelayOptions { MaxDuration = TimeSpan.FromHours(1) };
        var options = new ForwardOptions(deadlines, KeepAlive.Default) { ClientMayHaveGone = clientMayHaveGone };
        var services = new ForwardDependencies(new Relay(_clock), random ?? new Random(1), TimeProvider.System);
        var handler = new ForwardHandler(dialer, _ => _target, options, services);
        return new(peer, ours, record, handler.OnConnectedAsync(ours));
    }

    private async Task<(Socket Peer, ConnectionContext Ours)> ConnectAsync(bool loops)
    {
        IConnectionListenerFactory factory =
            loops && OperatingSystem.IsLinux()
                ? new EpollTransportFactory(new EpollDependencies(_loops, new BufferPool()))
                : new SocketTransportFactory(new BufferPool(), _clock, TimeProvider.System);
        var pair = await Loopback.ConnectAsync(factory);
        _open.Add(pair);
        return pair;
    }

    private static Socket Native(ConnectionContext connection) =>
        connection.Features.Get<Microsoft.AspNetCore.Connections.Features.IConnectionSocketFeature>()!.Socket;

    private static bool HasSeenEnd(ConnectionContext connection) =>
        !OperatingSystem.IsLinux() || TcpInfo.HasPeerFinished(Native(connection));

    private sealed record Client(Socket Peer, ConnectionContext Ours, ConnectionRecord Record, Task Running)
    {
        public async Task<ConnectionOutcome?> EndAsync()
        {
            await Running.WaitAsync(Eventually.Limit);
            return Record.Outcome;
        }
    }

    private sealed class Target : EndPoint, IDisposable
    {
        public bool Disposed { get; private set; }

        public void Dispose() => Disposed = true;
    }

    /// <summary>Fails between the dial and the relay.</summary>
    private sealed class Broken : Random
    {
        public override double NextDouble() => throw new InsufficientMemoryException();
    }

    /// <summary>Asks as the one of PostgreSQL does, and fails.</summary>
    private sealed class Refused(Exception failure) : IUpstreamPreamble
    {
        public async ValueTask SendAsync(ConnectionContext upstream, CancellationToken cancellationToken)
        {
            await upstream.Transport.Output.WriteAsync(_question, cancellationToken);
            throw failure;
        }
    }

    private sealed class Refusing : IConnectionFactory
    {
        public ValueTask<ConnectionContext> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
            ValueTask.FromException<ConnectionContext>(new DialFailedException(ConnectionOutcome.NoDestination));
    }
}
