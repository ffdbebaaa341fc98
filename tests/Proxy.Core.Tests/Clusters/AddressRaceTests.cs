using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Clusters;
using Proxy.Clusters.Resolution;
using Proxy.Connections;
using Proxy.Connections.Linux;
using Proxy.Connections.Sockets;
using Proxy.Timing;

namespace Proxy.Core.Tests.Clusters;

public sealed class AddressRaceTests
{
    private static readonly TimeSpan _head = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(5);
    private readonly ManualTime _time = new();
    private readonly FakeDials _dials = new();

    [Fact]
    public async Task Connect_FirstHangs_SecondTriedAfterItsHeadStartAndWins()
    {
        var dialing = ConnectAsync("10.0.0.1", "10.0.0.2");
        var first = await _dials.WaitAsync(1);
        await _time.WaitForTimerAsync(_head);
        _time.Advance(_head - TimeSpan.FromMilliseconds(1));
        Assert.Single(_dials.Addresses);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await using var connection = new FakeConnection();
        (await _dials.WaitAsync(2)).Succeed(connection);

        Assert.Same(connection, await dialing);
        Assert.Equal(["10.0.0.1:1", "10.0.0.2:1"], _dials.Addresses);
        Assert.True(first.Cancelled);
        Assert.False(connection.Disposed);
    }

    [Fact]
    public async Task Connect_FirstRefuses_SecondTriedAtOnce()
    {
        var dialing = ConnectAsync("10.0.0.1", "10.0.0.2");
        (await _dials.WaitAsync(1)).Refuse();
        await using var connection = new FakeConnection();
        (await _dials.WaitAsync(2)).Succeed(connection);

        Assert.Same(connection, await dialing);
    }

    [Fact]
    public async Task Connect_FirstAnswersLate_ItStillWins()
    {
        var dialing = ConnectAsync("10.0.0.1", "10.0.0.2");
        var first = await _dials.WaitAsync(1);
        await _time.WaitForTimerAsync(_head);
        _time.Advance(_head);
        var second = await _dials.WaitAsync(2);
        await using var connection = new FakeConnection();
        first.Succeed(connection);

        Assert.Same(connection, await dialing);
        Assert.True(second.Cancelled);
    }

    [Fact]
    public async Task Connect_LoserConnectsAfterAll_Disposed()
    {
        var connections = new StubbornConnections();
        var dialing = ConnectAsync(connections, "10.0.0.1", "10.0.0.2");
        await _time.WaitForTimerAsync(_head);
        _time.Advance(_head);
        await Eventually.TrueAsync(() => connections.Answers.Count == 2);
        await using var winner = new FakeConnection();
        await using var loser = new FakeConnection();
        connections.Answers.Last().SetResult(winner);
        Assert.Same(winner, await dialing);

        connections.Answers.First().SetResult(loser);

        await Eventually.TrueAsync(() => loser.Disposed);
        Assert.False(winner.Disposed);
    }

    [Fact]
    public async Task Connect_AllRefuse_TheLastReason()
    {
        var dialing = ConnectAsync("10.0.0.1", "10.0.0.2");
        (await _dials.WaitAsync(1)).Refuse(SocketError.NetworkUnreachable);
        (await _dials.WaitAsync(2)).Refuse(SocketError.ConnectionRefused);

        var exception = await Assert.ThrowsAsync<SocketException>(() => dialing);

        Assert.Equal(SocketError.ConnectionRefused, exception.SocketErrorCode);
    }

    [Theory]
    [InlineData("10.0.0.1")]
    [InlineData("10.0.0.1", "10.0.0.2", "10.0.0.3")]
    public async Task Connect_NoAnswer_TimeoutOverAll(params string[] addresses)
    {
        var dialing = ConnectAsync(addresses);
        for (var i = 1; i < addresses.Length; i++)
        {
            await _dials.WaitAsync(i);
            await _time.WaitForTimerAsync(_head);
            _time.Advance(_head);
        }

        await _dials.WaitAsync(addresses.Length);
        Assert.False(dialing.IsCompleted);
        _time.Advance(_timeout - ((addresses.Length - 1) * _head));

        await Assert.ThrowsAsync<TimeoutException>(() => dialing);
        Assert.Equal(addresses.Length, _dials.Addresses.Count);
    }

    [Fact]
    public async Task Connect_LookupHangs_Timeout()
    {
        var resolver = new DestinationResolver(_time, static (_, _) => new TaskCompletionSource<IPAddress[]>().Task);
        var dialing = new AddressRace(_dials, resolver, _time).ConnectAsync("tcp://slow.test:1", _timeout, _timeout, default).AsTask();
        _time.Advance(_timeout);

        var exception = await Assert.ThrowsAsync<TimeoutException>(() => dialing);
        Assert.Equal("The name was not resolved within 00:00:05.", exception.Message);
    }

    [Theory]
    [InlineData("10.0.0.1")]
    [InlineData("10.0.0.1", "10.0.0.2")]
    public async Task Connect_CallerCancels_Cancelled(params string[] addresses)
    {
        using var cancel = new CancellationTokenSource();
        var dialing = Create(_dials, addresses).ConnectAsync("tcp://db.test:1", _timeout, _timeout, cancel.Token).AsTask();
        var first = await _dials.WaitAsync(1);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => dialing);
        Assert.True(first.Cancelled);
    }

    [Fact]
    public async Task Connect_SecondFailsAtOnce_FirstGoesOnAndTheThirdIsTried()
    {
        var connections = new RefusingOne(_dials, "10.0.0.2:1");
        var dialing = ConnectAsync(connections, "10.0.0.1", "10.0.0.2", "10.0.0.3");
        var first = await _dials.WaitAsync(1);
        await _time.WaitForTimerAsync(_head);
        _time.Advance(_head);
        await _dials.WaitAsync(2);
        await using var connection = new FakeConnection();
        first.Succeed(connection);

        Assert.Same(connection, await dialing);
        Assert.Equal(["10.0.0.1:1", "10.0.0.3:1"], _dials.Addresses);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Connect_LocalhostOnlyOnIPv6_Found(bool loops)
    {
        if (!Socket.OSSupportsIPv6 || (loops && !OperatingSystem.IsLinux()))
        {
            return;
        }

        using var server = Loopback.Listen(IPAddress.IPv6Loopback);
        using var clock = new DeadlineClock(TimeProvider.System);
        using var group = loops ? new EventLoopGroup(1, null, NullLogger.Instance) : null;
        IConnectionFactory factory = group is not null
            ? new EpollConnectionFactory(new EpollDependencies(group, new BufferPool()), TimeProvider.System)
            : new SocketConnectionFactory(new BufferPool(), clock, TimeProvider.System);
        var race = new AddressRace(factory, new DestinationResolver(TimeProvider.System), TimeProvider.System);

        await using var connection = await race.ConnectAsync($"tcp://localhost:{server.Port()}", _timeout, _timeout, default);

        Assert.Equal(server.LocalEndPoint, connection.RemoteEndPoint);
    }

    private Task<ConnectionContext> ConnectAsync(params string[] addresses) => ConnectAsync(_dials, addresses);

    private Task<ConnectionContext> ConnectAsync(IConnectionFactory connections, params string[] addresses) =>
        Create(connections, addresses).ConnectAsync("tcp://db.test:1", _timeout, _timeout, default).AsTask();

    private AddressRace Create(IConnectionFactory connections, string[] addresses) =>
        new(connections, new DestinationResolver(_time, (_, _) => Task.FromResult(addresses.Select(IPAddress.Parse).ToArray())), _time);

    /// <summary>Throws at once for one address, as a factory does that does not wait for the failure.</summary>
    private sealed class RefusingOne(IConnectionFactory others, string refused) : IConnectionFactory
    {
        public ValueTask<ConnectionContext> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
            endpoint.ToString() == refused
                ? throw new SocketException((int)SocketError.ConnectionRefused)
                : others.ConnectAsync(endpoint, cancellationToken);
    }

    /// <summary>Connects although it was cancelled, as a kernel may.</summary>
    private sealed class StubbornConnections : IConnectionFactory
    {
        public ConcurrentQueue<TaskCompletionSource<ConnectionContext>> Answers { get; } = new();

        public ValueTask<ConnectionContext> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
        {
            var answer = new TaskCompletionSource<ConnectionContext>(TaskCreationOptions.RunContinuationsAsynchronously);
            Answers.Enqueue(answer);
            return new(answer.Task);
        }
    }
}
