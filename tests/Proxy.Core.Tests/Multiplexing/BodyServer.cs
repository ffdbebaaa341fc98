using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Proxy.Core.Tests.Multiplexing;

/// <summary>
/// An HTTP server that keeps no body. It answers with the length and a hash of what it has read; "/big" with as many bytes as the query says,
/// and what a test says otherwise.
/// </summary>
internal sealed class BodyServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, Ports.Free());
    private readonly ConcurrentDictionary<Socket, byte> _open = new();
    private readonly Task _accepting;
    private int _connections;

    public BodyServer()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Connections so far.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>The paths of the requests whose head has arrived.</summary>
    public ConcurrentQueue<string> Seen { get; } = new();

    /// <summary>The paths of the requests that have arrived whole.</summary>
    public ConcurrentQueue<string> Whole { get; } = new();

    /// <summary>Does something else with a head; returns whether it did.</summary>
    public Func<string, Socket, Task<bool>> OnHead { get; set; } = static (_, _) => Task.FromResult(false);

    public static string Hash(byte[] bytes) => $"{bytes.Length} {Convert.ToHexString(SHA256.HashData(bytes))}";

    public static string Ok(string body) => $"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}";

    /// <summary>The body of "/big".</summary>
    public static byte[] Big(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        foreach (var socket in _open.Keys)
        {
            socket.Dispose();
        }

        await _accepting;
        _listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await _listener.AcceptSocketAsync());
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The test is over; a listener that was stopped between two accepts says that it does not listen.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        Interlocked.Increment(ref _connections);
        _open.TryAdd(socket, 0);
        try
        {
            var input = new BufferedStream(new NetworkStream(socket, ownsSocket: false), 65536);
            while (await ReadHeadAsync(input) is { } head)
            {
                var path = head.Split(' ')[1];
                Seen.Enqueue(path);
                if (await OnHead(head, socket))
                {
                    continue;
                }

                var said = await ReadBodyAsync(head, input);
                Whole.Enqueue(path);
                await AnswerAsync(path, said, socket);
            }
        }
        catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException)
        {
            // The proxy or the test ended it.
        }
        finally
        {
            _open.TryRemove(socket, out _);
            socket.Dispose();
        }
    }

    private static async Task AnswerAsync(string path, string said, Socket socket)
    {
        if (!path.StartsWith("/big?", StringComparison.Ordinal))
        {
            await socket.SendAsync(Encoding.Latin1.GetBytes(Ok(said)));
            return;
        }

        var body = Big(int.Parse(path[5..], CultureInfo.InvariantCulture));
        byte[] reply = [.. Encoding.Latin1.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n"), .. body];
        for (var sent = 0; sent < reply.Length; )
        {
            sent += await socket.SendAsync(reply.AsMemory(sent));
        }
    }

    private static async Task<string?> ReadHeadAsync(Stream input)
    {
        var head = new StringBuilder();
        var octet = new byte[1];
        while (head.Length < 4 || head.ToString(head.Length - 4, 4) != "\r\n\r\n")
        {
            if (await input.ReadAsync(octet) == 0)
            {
                return null;
            }

            head.Append((char)octet[0]);
        }

        return head.ToString();
    }

    private static async Task<string> ReadBodyAsync(string head, Stream input)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var length = 0L;
        if (head.Contains("chunked", StringComparison.Ordinal))
        {
            var line = new StringBuilder();
            while (await ReadLineAsync(input, line) is var size and not "0")
            {
                length += await ReadAsync(input, hash, int.Parse(size, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
                await ReadLineAsync(input, line);
            }

            await ReadLineAsync(input, line);
        }
        else if (head.IndexOf("Content-Length: ", StringComparison.Ordinal) is var at and >= 0)
        {
            var end = head.IndexOf('\r', at);
            length = await ReadAsync(input, hash, long.Parse(head[(at + 16)..end], CultureInfo.InvariantCulture));
        }

        return $"{length} {Convert.ToHexString(hash.GetHashAndReset())}";
    }

    private static async Task<string> ReadLineAsync(Stream input, StringBuilder line)
    {
        line.Clear();
        var octet = new byte[1];
        while (line.Length < 2 || line.ToString(line.Length - 2, 2) != "\r\n")
        {
            await input.ReadExactlyAsync(octet);
            line.Append((char)octet[0]);
        }

        return line.ToString(0, line.Length - 2);
    }

    private static async Task<long> ReadAsync(Stream input, IncrementalHash hash, long length)
    {
        var buffer = new byte[65536];
        for (var left = length; left > 0; )
        {
            var count = await input.ReadAsync(buffer.AsMemory(0, (int)Math.Min(left, buffer.Length)));
            if (count == 0)
            {
                throw new EndOfStreamException();
            }

            hash.AppendData(buffer, 0, count);
            left -= count;
        }

        return length;
    }
}
