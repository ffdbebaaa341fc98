using System.Net;
using System.Net.Sockets;

namespace Proxy.Core.Tests.Channels;

/// <summary>A link between two instances that a test freezes, so that nothing passes and nothing is said, or mends.</summary>
internal sealed class TestLink : IDisposable
{
    private readonly Socket _listener = Loopback.Listen();
    private readonly IPEndPoint _target;
    private readonly Lock _gate = new(); // guards _open
    private readonly List<Socket> _open = [];
    private TaskCompletionSource _mended = Mended();

    public TestLink(IPEndPoint target)
    {
        _target = target;
        _ = AcceptAsync();
    }

    public string Address => _listener.LocalEndPoint!.ToString()!;

    public void Freeze() => _mended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Mend() => _mended.TrySetResult();

    public void Dispose()
    {
        Mend();
        _listener.Dispose();
        lock (_gate)
        {
            _open.ForEach(static socket => socket.Dispose());
        }
    }

    private static TaskCompletionSource Mended()
    {
        var source = new TaskCompletionSource();
        source.SetResult();
        return source;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptAsync();
                var server = new Socket(SocketType.Stream, ProtocolType.Tcp);
                lock (_gate)
                {
                    _open.AddRange([client, server]);
                }

                _ = RelayAsync(client, server);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException) { }
    }

    private async Task RelayAsync(Socket client, Socket server)
    {
        try
        {
            await server.ConnectAsync(_target);
            await Task.WhenAny(CopyAsync(client, server), CopyAsync(server, client));
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException) { }

        client.Dispose();
        server.Dispose();
    }

    private async Task CopyAsync(Socket from, Socket to)
    {
        var buffer = new byte[65536];
        try
        {
            while (await from.ReceiveAsync(buffer) is var count and > 0)
            {
                await _mended.Task;
                await to.SendAsync(buffer.AsMemory(0, count));
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException) { }
    }
}
