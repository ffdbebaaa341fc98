using System.Net.Sockets;

namespace Proxy.Core.Tests.Connections;

/// <summary>Sends bytes that can be checked, reads at its own pace, and leaves in its own way.</summary>
internal sealed class RandomPeer(Socket socket, int seed) : IDisposable
{
    private const int Largest = 400_000;
    private readonly Random _random = new(seed);
    private readonly byte _first = (byte)seed;
    private bool _isWrong;
    private byte _otherFirst;

    /// <summary>Bytes that its kernel took.</summary>
    public long Sent { get; private set; }

    /// <summary>Bytes that arrived.</summary>
    public long Received { get; private set; }

    /// <summary>Whether it ended its half with FIN, after everything.</summary>
    public bool Ended { get; private set; }

    /// <summary>Whether it leaves with a reset, or was met by one.</summary>
    public bool Resets { get; private set; }

    /// <summary>Whether it read up to a FIN.</summary>
    public bool SawEnd { get; private set; }

    public Task RunAsync()
    {
        var resetsAfter = _random.Next(4) == 0 ? _random.Next(6) : int.MaxValue;
        return Task.WhenAll(WriteAsync(new Random(_random.Next()), resetsAfter), ReadAsync(new Random(_random.Next())));
    }

    public bool ReceivedIsPrefixOf(RandomPeer writer) =>
        !_isWrong && (Received == 0 || _otherFirst == writer._first) && Received <= writer.Sent;

    public override string ToString() => $"sent {Sent} received {Received} ended {Ended} resets {Resets} saw end {SawEnd} wrong {_isWrong}";

    public void Dispose() => socket.Dispose();

    private async Task WriteAsync(Random random, int resetsAfter)
    {
        try
        {
            var rounds = random.Next(8);
            for (var round = 0; round < rounds; round++)
            {
                if (round >= resetsAfter)
                {
                    Reset();
                    return;
                }

                await SendAsync(random.Next(3) == 0 ? random.Next(Largest) : random.Next(200));
                await PauseAsync(random);
            }

            if (resetsAfter < int.MaxValue)
            {
                Reset();
                return;
            }

            socket.Shutdown(SocketShutdown.Send);
            Ended = true;
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            Resets = true;
        }
    }

    private async Task SendAsync(int count)
    {
        var bytes = new byte[count];
        for (var i = 0; i < count; i++)
        {
            bytes[i] = (byte)(_first + Sent + i);
        }

        for (var rest = bytes.AsMemory(); !rest.IsEmpty; )
        {
            // What the kernel took before a failure may arrive all the same.
            Sent += rest.Length;
            var sent = await socket.SendAsync(rest);
            Sent -= rest.Length - sent;
            rest = rest[sent..];
        }
    }

    private async Task ReadAsync(Random random)
    {
        try
        {
            while (true)
            {
                var buffer = new byte[1 + random.Next(100_000)];
                var count = await socket.ReceiveAsync(buffer);
                if (count == 0)
                {
                    SawEnd = true;
                    return;
                }

                Take(buffer.AsSpan(0, count));
                await PauseAsync(random);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            Resets = true;
        }
    }

    private void Take(ReadOnlySpan<byte> bytes)
    {
        if (Received == 0)
        {
            _otherFirst = bytes[0];
        }

        foreach (var value in bytes)
        {
            _isWrong |= value != (byte)(_otherFirst + Received++);
        }
    }

    private void Reset()
    {
        Resets = true;
        socket.Close(0);
    }

    // Lets the other side run, for a moment or for a while.
    private static Task PauseAsync(Random random) =>
        random.Next(5) switch
        {
            0 => Task.Delay(TimeSpan.FromMilliseconds(random.Next(8)), TimeProvider.System),
            1 => Task.Run(static () => { }),
            _ => Task.CompletedTask,
        };
}
