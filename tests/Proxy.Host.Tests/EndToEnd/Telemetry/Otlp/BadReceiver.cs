using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Proxy.Host.Tests.EndToEnd.Telemetry.Otlp;

/// <summary>A server that listens on the address of a receiver, but does not behave like one.</summary>
internal sealed class BadReceiver : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly string _manner;
    private int _requests;

    /// <param name="manner">The behaviour: dead (does not listen), silent, rubbish, error or endless (an answer without end).</param>
    public BadReceiver(string manner)
    {
        _manner = manner;
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Url = $"http://{_listener.LocalEndPoint}";
        if (manner == "dead")
        {
            return; // bound, so that nobody else listens there
        }

        _listener.Listen();
        _ = AcceptAsync();
    }

    public string Url { get; }

    /// <summary>The number of reads that received data.</summary>
    public int Requests => Volatile.Read(ref _requests);

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = AnswerAsync(await _listener.AcceptAsync());
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException) { }
    }

    private async Task AnswerAsync(Socket client)
    {
        using var owned = client;
        var buffer = new byte[65536];
        try
        {
            while (await client.ReceiveAsync(buffer) > 0)
            {
                Interlocked.Increment(ref _requests);
                if (_manner == "rubbish")
                {
                    await client.SendAsync(Encoding.ASCII.GetBytes("220 smtp.example.com ESMTP\r\n\r\n"));
                }
                else if (_manner == "error")
                {
                    await client.SendAsync(
                        Encoding.ASCII.GetBytes("HTTP/1.1 503 No\r\nRetry-After: 86400\r\nContent-Length: 4\r\n\r\nno\r\n")
                    );
                }
                else if (_manner == "endless")
                {
                    await client.SendAsync(Encoding.ASCII.GetBytes("HTTP/1.1 400 No\r\nTransfer-Encoding: chunked\r\n\r\n"));
                    var chunk = Encoding.ASCII.GetBytes("8000\r\n" + new string('x', 0x8000) + "\r\n");
                    while (true)
                    {
                        await client.SendAsync(chunk);
                    }
                }
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException) { }
    }
}
