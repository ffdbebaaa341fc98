using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;

namespace Proxy.Host.Tests.Hosting.Systemd;

/// <summary>Stands for systemd: receives the notifications of the program.</summary>
internal sealed class FakeManager : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly ConcurrentQueue<string> _received = new();

    /// <param name="isAbstract">Whether the socket has an abstract name instead of a file.</param>
    public FakeManager(bool isAbstract = false)
    {
        var name = Path.Combine(Path.GetTempPath(), $"notify-{Guid.NewGuid():n}");
        Address = isAbstract ? $"@{name[1..]}" : name;
        _socket.Bind(new UnixDomainSocketEndPoint(isAbstract ? $"\0{name[1..]}" : name));
        _ = ReceiveAsync();
    }

    /// <summary>The address in the form of NOTIFY_SOCKET.</summary>
    public string Address { get; }

    /// <summary>The text of each datagram that was received.</summary>
    public IReadOnlyList<string> Received => [.. _received];

    /// <summary>Waits for the next notification that begins with a text, and skips the first <paramref name="after"/> ones.</summary>
    public async Task<string> WaitForAsync(string start, int after = 0)
    {
        string? found = null;
        await Eventually.TrueAsync(() =>
            (found = _received.Skip(after).FirstOrDefault(text => text.StartsWith(start, StringComparison.Ordinal))) is not null
        );
        return found!;
    }

    public void Dispose()
    {
        _socket.Dispose();
        if (Address[0] == '/')
        {
            File.Delete(Address);
        }
    }

    private async Task ReceiveAsync()
    {
        var buffer = new byte[4096];
        try
        {
            while (true)
            {
                _received.Enqueue(Encoding.UTF8.GetString(buffer, 0, await _socket.ReceiveAsync(buffer)));
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException) { }
    }
}
