using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;

namespace Proxy.Host.Tests.Hosting.Systemd;

/// <summary>The side of systemd that is notified.</summary>
internal sealed class FakeManager : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly ConcurrentQueue<string> _received = new();

    /// <param name="isAbstract">Whether its address is a name and no file.</param>
    public FakeManager(bool isAbstract = false)
    {
        var name = Path.Combine(Path.GetTempPath(), $"notify-{Guid.NewGuid():n}");
        Address = isAbstract ? $"@{name[1..]}" : name;
        _socket.Bind(new UnixDomainSocketEndPoint(isAbstract ? $"\0{name[1..]}" : name));
        _ = ReceiveAsync();
    }

    /// <summary>As NOTIFY_SOCKET has it.</summary>
    public string Address { get; }

    /// <summary>What was told, one text for each datagram.</summary>
    public IReadOnlyList<string> Received => [.. _received];

    /// <summary>Waits for the next that begins so, after a number of others.</summary>
    public async Task<string> TellsAsync(string start, int after = 0)
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
