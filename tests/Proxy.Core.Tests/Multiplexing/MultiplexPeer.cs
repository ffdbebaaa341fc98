using System.Net.Sockets;
using System.Text;

namespace Proxy.Core.Tests.Multiplexing;

/// <summary>One end of a connection in a test; every wait has a limit.</summary>
internal sealed class MultiplexPeer(Socket socket) : IDisposable
{
    private readonly byte[] _buffer = new byte[65536];
    private int _count;

    public Socket Socket => socket;

    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    public async Task SendAsync(byte[] bytes)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        await socket.SendAsync(bytes, limit.Token);
    }

    public async Task<string> AskAsync(string line)
    {
        await SendAsync(line + "\n");
        return await ReadLineAsync();
    }

    public async Task<byte[]> AskAsync(byte[] message, int length)
    {
        await SendAsync(message);
        return await ReadAsync(length);
    }

    /// <summary>The next line without its end; "" after FIN, "reset" after RST.</summary>
    public async Task<string> ReadLineAsync()
    {
        int end;
        while ((end = _buffer.AsSpan(0, _count).IndexOf((byte)'\n')) < 0)
        {
            if (await FillAsync() is { } ending)
            {
                return ending;
            }
        }

        return Encoding.Latin1.GetString(Take(end + 1), 0, end);
    }

    /// <summary>So many bytes; fewer when the connection ends before.</summary>
    public async Task<byte[]> ReadAsync(int length)
    {
        while (_count < length)
        {
            if (await FillAsync() is not null)
            {
                return Take(_count);
            }
        }

        return Take(length);
    }

    /// <summary>How the connection ends: "" by FIN, "reset" by RST; what comes before is dropped.</summary>
    public async Task<string> ReadEndAsync()
    {
        while (true)
        {
            _count = 0;
            if (await FillAsync() is { } ending)
            {
                return ending;
            }
        }
    }

    /// <summary>Whether bytes are there that nobody read.</summary>
    public bool HasMore => _count > 0 || socket.Available > 0;

    public void End() => socket.Shutdown(SocketShutdown.Send);

    public void Reset() => socket.Close(0);

    public void Dispose() => socket.Dispose();

    private async Task<string?> FillAsync()
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        try
        {
            var count = await socket.ReceiveAsync(_buffer.AsMemory(_count), limit.Token);
            _count += count;
            return count == 0 ? "" : null;
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return "reset";
        }
    }

    private byte[] Take(int count)
    {
        var taken = _buffer[..count];
        _buffer.AsSpan(count, _count - count).CopyTo(_buffer);
        _count -= count;
        return taken;
    }
}
