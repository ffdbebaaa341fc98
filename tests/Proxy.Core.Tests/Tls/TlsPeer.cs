using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace Proxy.Core.Tests.Tls;

/// <summary>How a peer saw its connection end.</summary>
internal enum PeerEnd
{
    /// <summary>By close_notify, or by FIN without TLS.</summary>
    Clean,

    /// <summary>By FIN without close_notify.</summary>
    Cut,

    /// <summary>By RST.</summary>
    Reset,
}

/// <summary>A client or an upstream of the proxy, within TLS or without, which leaves in any way.</summary>
internal sealed class TlsPeer : IDisposable
{
    private static readonly byte[] _partOfARecord = [23, 3, 3, 0, 100, 1, 2, 3];
    private readonly WatchedStream _cipher;
    private readonly SslStream? _tls;

    private TlsPeer(Socket socket, bool isTls)
    {
        Socket = socket;
        _cipher = new(new NetworkStream(socket, ownsSocket: false));
        _tls = isTls ? new(_cipher) : null;
    }

    public Socket Socket { get; }

    /// <summary>The stream below TLS.</summary>
    public Stream Cipher => _cipher;

    public Stream Stream => _tls ?? (Stream)_cipher;

    public static async Task<TlsPeer> AsClientAsync(Socket socket, SslProtocols? version)
    {
        var peer = new TlsPeer(socket, version is not null);
        if (peer._tls is { } tls)
        {
            await tls.AuthenticateAsClientAsync(TlsHandshake.Client(version!.Value)).WaitAsync(Eventually.Limit);
        }

        return peer;
    }

    public static async Task<TlsPeer> AsServerAsync(Socket socket, SslProtocols? version)
    {
        var peer = new TlsPeer(socket, version is not null);
        if (peer._tls is { } tls)
        {
            await tls.AuthenticateAsServerAsync(
                    new SslServerAuthenticationOptions { ServerCertificate = SelfSigned.Certificate, EnabledSslProtocols = version!.Value }
                )
                .WaitAsync(Eventually.Limit);
        }

        return peer;
    }

    public Task SendAsync(ReadOnlyMemory<byte> bytes) => Stream.WriteAsync(bytes).AsTask().WaitAsync(Eventually.Limit);

    /// <summary>Sends bytes, and behind them, so that they come at once, some that its TLS knows nothing of.</summary>
    public async Task SendWithAsync(ReadOnlyMemory<byte> bytes, byte[] behind)
    {
        _cipher.Hold();
        await SendAsync(bytes);
        await _cipher.ReleaseAsync(behind).WaitAsync(Eventually.Limit);
    }

    public async Task<byte[]> ReadAsync(int count)
    {
        var bytes = new byte[count];
        await Stream.ReadExactlyAsync(bytes).AsTask().WaitAsync(Eventually.Limit);
        return bytes;
    }

    /// <summary>Sends close_notify and FIN; without TLS, FIN.</summary>
    public async Task EndAsync()
    {
        await EndWithinAsync();
        Socket.Shutdown(SocketShutdown.Send);
    }

    /// <summary>Sends close_notify and no FIN.</summary>
    public Task EndWithinAsync() => _tls?.ShutdownAsync() ?? Task.CompletedTask;

    /// <summary>Sends FIN without close_notify, or in the middle of a record.</summary>
    public void Cut(bool withinARecord)
    {
        if (withinARecord)
        {
            Socket.Send(_partOfARecord);
        }

        Socket.Shutdown(SocketShutdown.Send);
    }

    public void Reset() => Socket.Close(0);

    public async Task<(byte[] Bytes, PeerEnd End)> ReadToEndAsync()
    {
        using var bytes = new MemoryStream();
        var buffer = new byte[65536];
        try
        {
            while (await Stream.ReadAsync(buffer).AsTask().WaitAsync(Eventually.Limit) is var count and > 0)
            {
                bytes.Write(buffer, 0, count);
            }

            return (bytes.ToArray(), _tls is not null && _cipher.HasEnded ? PeerEnd.Cut : PeerEnd.Clean);
        }
        catch (IOException exception)
        {
            return (bytes.ToArray(), exception.GetBaseException() is SocketException ? PeerEnd.Reset : PeerEnd.Cut);
        }
    }

    /// <summary>Sends until that fails.</summary>
    public async Task SendUntilResetAsync(byte[]? bytes = null)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        try
        {
            while (true)
            {
                await Stream.WriteAsync(bytes ?? new byte[1], limit.Token);
                await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, limit.Token);
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // As it should.
        }
    }

    public void Dispose()
    {
        _tls?.Dispose();
        _cipher.Dispose();
        Socket.Dispose();
    }
}
