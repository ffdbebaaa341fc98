using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Connections;
using Proxy.Connections.Linux;
using Proxy.Diagnostics;
using Proxy.Timing;

namespace Proxy.Core.Tests.Connections;

/// <summary>Relays on an event loop whose connections never have to be waited for.</summary>
public sealed class TurnTests : IDisposable
{
    private const int MostPerTurn = 1 << 20; // both directions, and what begins with events
    private readonly EventLoopGroup _loops = new(1, null, NullLogger.Instance);
    private readonly DeadlineClock _clock = new(TimeProvider.System);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task EndAsync_RelayThatNeverWaits_OthersOfTheLoopHaveTheirTurns(bool throughPipes)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var buffers = new BufferPool();
        var factory = new EpollTransportFactory(new(_loops, buffers));
        await using var listener = await factory.BindAsync(new ListenEndPoint(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0)));
        ((ITunableListener)listener).AcceptInline();
        using var peer = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
        var (relay, record) = await Task.Run(StartAsync);

        // What is posted runs once in a turn.
        var others = new Others(_loops.Loops[0], () => record.ClientBytes + record.UpstreamBytes);
        await others.Run(100).WaitAsync(Eventually.Limit);

        Assert.InRange(others.MostBetween, 1, MostPerTurn);
        record.Close(ConnectionOutcome.ClosedByAdmin);
        await relay.WaitAsync(Eventually.Limit);
        Assert.Equal(0, buffers.Outstanding);

        async Task<(Task Relay, ConnectionRecord Record)> StartAsync()
        {
            var accepting = listener.AcceptAsync();
            await peer.ConnectAsync(listener.EndPoint).ConfigureAwait(false);
            var real = (TcpConnection)(await accepting.ConfigureAwait(false))!;
            var (client, upstream) = (new EndlessConnection(real), new EndlessConnection(real));
            var record = new ConnectionRecord(client, "test", "", TimeProvider.System);
            var options = new RelayOptions { IdleTimeout = Timeout.InfiniteTimeSpan };
            var relay = throughPipes
                ? new PipeRelay(client, upstream, options, record, _clock).RunAsync()
                : new Relay(_clock).RunAsync(client, upstream, options, record).AsTask();
            return (relay, record);
        }
    }

    public void Dispose()
    {
        _clock.Dispose();
        _loops.Dispose();
    }

    /// <summary>The work of others on a loop.</summary>
    private sealed class Others(EventLoop loop, Func<long> moved) : IThreadPoolWorkItem
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private long _last = -1;
        private int _left;

        public long MostBetween { get; private set; }

        public Task Run(int times)
        {
            _left = times;
            loop.Post(this);
            return _done.Task;
        }

        public void Execute()
        {
            var now = moved();
            MostBetween = Math.Max(MostBetween, _last < 0 ? 0 : now - _last);
            _last = now;
            if (--_left > 0)
            {
                loop.Post(this);
            }
            else
            {
                _done.SetResult();
            }
        }
    }
}
