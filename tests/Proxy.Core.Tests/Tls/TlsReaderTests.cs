using System.Buffers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Connections;
using Proxy.Connections.Linux;
using Proxy.Connections.Sockets;
using Proxy.Diagnostics;
using Proxy.Timing;
using Proxy.Tls;

namespace Proxy.Core.Tests.Tls;

/// <summary>How reading tells what fails.</summary>
public sealed class TlsReaderTests : IDisposable
{
    private const string Alert = "alert";
    private const string Forged = "forged";
    private const string NoTls = "no TLS";

    private static readonly TimeSpan _limit = Eventually.Limit;
    private readonly Arrays _arrays = new();
    private readonly BufferPool _buffers;
    private readonly DeadlineClock _clock = new(TimeProvider.System);
    private readonly EventLoopGroup _loops = new(1, null, NullLogger.Instance);
    private readonly List<IDisposable> _peers = [];

    public TlsReaderTests() => _buffers = new(_arrays);

    public static TheoryData<string, SslProtocols> Ways => TlsConnectionTests.Ways;

    public static TheoryData<string, SslProtocols, string> Violations
    {
        get
        {
            var all = new TheoryData<string, SslProtocols, string>();
            foreach (var way in Ways)
            {
                foreach (var wrong in (string[])[Alert, Forged, NoTls])
                {
                    all.Add((string)way[0], (SslProtocols)way[1], wrong);
                }
            }

            return all;
        }
    }

    [Theory]
    [MemberData(nameof(Violations))]
    public async Task Read_ViolationCameBehindBytes_TheyAreReadBeforeItFails(string transport, SslProtocols version, string wrong)
    {
        foreach (var isFirst in (bool[])[false, true]) // the first read may find records that came with the handshake
        {
            var (peer, ours) = await ConnectAsync(transport, version);
            if (!isFirst)
            {
                await peer.SendAsync("before"u8.ToArray());
                Assert.Equal("before", await ReadAsync(ours));
            }

            await peer.SendWithAsync("whole"u8.ToArray(), Bytes(wrong));

            Assert.Equal("whole", await ReadAsync(ours));
            await FailsAsync(ours, ConnectionOutcome.TlsFailed);
            await FailsAsync(ours, ConnectionOutcome.TlsFailed);
            ours.Abort(new ConnectionAbortedException());
            await ours.DisposeAsync();
            Assert.Equal(0, _buffers.Outstanding);
        }
    }

    [Theory]
    [InlineData(RelayedPair.Portable, Alert)]
    [InlineData(RelayedPair.Portable, Forged)]
    [InlineData(RelayedPair.Portable, NoTls)]
    [InlineData(RelayedPair.Loops, Alert)]
    [InlineData(RelayedPair.Loops, Forged)]
    [InlineData(RelayedPair.Loops, NoTls)]
    public async Task Read_ViolationCameBehindBytesWithTheHandshake_TheyAreReadBeforeItFails(string transport, string wrong)
    {
        var (socket, accepted) = await OpenAsync(transport);
        var cipher = new WatchedStream(new NetworkStream(socket, ownsSocket: true));
        await using var tls = new SslStream(cipher);
        var shaking = tls.AuthenticateAsClientAsync(TlsHandshake.Client(SslProtocols.Tls13));
        await Eventually.TrueAsync(() => accepted.Features.Get<IConnectionSocketFeature>()!.Socket.Available > 0);
        cipher.Hold();
        var accepting = TlsHandshake.AcceptAsync(accepted, SslProtocols.Tls13);
        await shaking.WaitAsync(_limit);
        await tls.WriteAsync("whole"u8.ToArray());
        await cipher.ReleaseAsync(Bytes(wrong));
        var ours = await accepting.WaitAsync(_limit);

        Assert.Equal("whole", await ReadAsync(ours));
        await FailsAsync(ours, ConnectionOutcome.TlsFailed);
        ours.Abort(new ConnectionAbortedException());
        await ours.DisposeAsync();
        Assert.Equal(0, _buffers.Outstanding);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Read_NoMemoryForRecords_IsAnErrorOfOurOwn(string transport, SslProtocols version)
    {
        foreach (var waits in (bool[])[false, true])
        {
            var (peer, ours) = await ConnectAsync(transport, version);
            await peer.SendAsync("before"u8.ToArray());
            Assert.Equal("before", await ReadAsync(ours));
            var waiting = waits ? FailsAsync(ours, ConnectionOutcome.InternalError) : Task.CompletedTask;

            _arrays.AreUsedUp = true;
            await peer.SendAsync("hello"u8.ToArray());

            await waiting;
            await FailsAsync(ours, ConnectionOutcome.InternalError);
            _arrays.AreUsedUp = false;
            await FailsAsync(ours, ConnectionOutcome.InternalError); // what was lost stays lost
            Assert.Null(await ours.WaitForDepartureAsync(ignoreClose: true, new(canceled: true))); // the peer is there
            ours.Abort(new ConnectionAbortedException());
            await ours.DisposeAsync();
            Assert.Equal(0, _buffers.Outstanding);
        }
    }

    public void Dispose()
    {
        _peers.ForEach(static peer => peer.Dispose());
        _clock.Dispose();
        _loops.Dispose();
    }

    private static byte[] Bytes(string wrong) =>
        wrong switch
        {
            Alert => [21, 3, 3, 0, 2, 2, 40],
            Forged => [23, 3, 3, 0, 32, .. new byte[32]], // its authentication fails
            _ => "GET / HTTP/1.1\r\n\r\n"u8.ToArray(),
        };

    private static async Task<string> ReadAsync(TcpConnection ours)
    {
        var bytes = new byte[100];
        return System.Text.Encoding.ASCII.GetString(bytes, 0, await ours.OpenStream()!.ReadAsync(bytes).AsTask().WaitAsync(_limit));
    }

    private static async Task FailsAsync(TcpConnection ours, ConnectionOutcome outcome)
    {
        var reading = ours.OpenStream()!.ReadAsync(new byte[100]).AsTask();
        Assert.Equal(outcome, (await Assert.ThrowsAsync<ConnectionEndedException>(() => reading).WaitAsync(_limit)).Outcome);
    }

    private async Task<(TlsPeer Peer, TlsConnection Ours)> ConnectAsync(string transport, SslProtocols version)
    {
        var (socket, ours) = await OpenAsync(transport);
        var accepting = TlsHandshake.AcceptAsync(ours, version);
        var peer = await TlsPeer.AsClientAsync(socket, version);
        _peers.Add(peer);
        return (peer, await accepting.WaitAsync(_limit));
    }

    private async Task<(Socket Peer, TcpConnection Ours)> OpenAsync(string transport)
    {
        IConnectionListenerFactory factory =
            transport == RelayedPair.Loops && OperatingSystem.IsLinux()
                ? new EpollTransportFactory(new(_loops, _buffers))
                : new SocketTransportFactory(_buffers, _clock, TimeProvider.System);
        var (socket, ours) = await Loopback.ConnectAsync(factory);
        return (socket, (TcpConnection)ours);
    }

    /// <summary>Arrays, until there is no memory left.</summary>
    private sealed class Arrays : ArrayPool<byte>
    {
        private volatile bool _areUsedUp;

        public bool AreUsedUp
        {
            get => _areUsedUp;
            set => _areUsedUp = value;
        }

        public override byte[] Rent(int minimumLength) => _areUsedUp ? throw new InsufficientMemoryException() : Shared.Rent(minimumLength);

        public override void Return(byte[] array, bool clearArray = false) => Shared.Return(array);
    }
}
