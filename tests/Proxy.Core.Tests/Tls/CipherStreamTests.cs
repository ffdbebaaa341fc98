using System.Diagnostics.CodeAnalysis;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Connections;
using Proxy.Connections.Linux;
using Proxy.Core.Tests.Connections;
using Proxy.Tls;

namespace Proxy.Core.Tests.Tls;

/// <summary>The encrypted bytes of a peer that sends without end, such as records that hold nothing.</summary>
public sealed class CipherStreamTests : IDisposable
{
    private readonly EventLoopGroup _loops = new(1, null, NullLogger.Instance);

    [Fact]
    public async Task Read_BytesAreAlwaysThere_OthersOfTheLoopHaveTheirTurns()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var (peer, ours) = await Loopback.ConnectAsync(
            new EpollTransportFactory(new(_loops, new())),
            new IPEndPoint(IPAddress.Loopback, 0)
        );
        using var owned = peer;
        await using var connection = (TcpConnection)ours;
        var cipher = new CipherStream(new EndlessConnection(connection).OpenStream()) { Turn = new(connection) };
        var turn = new OneTurn(cipher);

        connection.Post(turn); // on the loop, which cannot begin the next turn meanwhile

        Assert.InRange(await turn.Bytes.WaitAsync(Eventually.Limit), 1, BufferPool.BufferSize);
        Assert.Equal(OneTurn.Size, await turn.Next!.WaitAsync(Eventually.Limit));
        Assert.False(cipher.HasEnded);
    }

    public void Dispose() => _loops.Dispose();

    /// <summary>Reads as long as there is no wait.</summary>
    private sealed class OneTurn(CipherStream cipher) : IThreadPoolWorkItem
    {
        public const int Size = 16 * 1024;
        private readonly TaskCompletionSource<int> _bytes = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<int> Bytes => _bytes.Task;

        public Task<int>? Next { get; private set; }

        [SuppressMessage("Reliability", "CA2012", Justification = "Its result is taken when it is there.")]
        public void Execute()
        {
            var (total, reading) = (0, default(ValueTask<int>));
            while (total <= BufferPool.BufferSize && (reading = cipher.ReadAsync(new byte[Size])).IsCompletedSuccessfully)
            {
                total += reading.Result;
            }

            Next = reading.AsTask();
            _bytes.SetResult(total);
        }
    }
}
