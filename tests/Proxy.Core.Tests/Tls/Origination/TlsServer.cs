using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Proxy.Core.Tests.Tls.Origination;

/// <summary>A server within TLS that says back what it hears, and at the client's end ends too.</summary>
internal sealed class TlsServer : IDisposable
{
    private readonly Socket _listener;
    private readonly SslServerAuthenticationOptions _options;
    private readonly Func<Stream, Task>? _before;
    private readonly ConcurrentQueue<Session> _sessions = new();
    private int _connections;

    /// <param name="certificates">What it presents, its own first.</param>
    /// <param name="configure">Changes its settings.</param>
    /// <param name="before">What it does on the connection before TLS.</param>
    /// <param name="address">Where it listens.</param>
    public TlsServer(
        X509Certificate2[] certificates,
        Action<SslServerAuthenticationOptions>? configure = null,
        Func<Stream, Task>? before = null,
        IPAddress? address = null
    )
    {
        _before = before;
        _options = new()
        {
            ServerCertificateContext = ServerAuthority.Context(certificates),
            RemoteCertificateValidationCallback = static (_, _, _, _) => true,
        };
        configure?.Invoke(_options);
        _listener = Loopback.Listen(address);
        _ = AcceptAsync();
    }

    public TlsServer(X509Certificate2 certificate, Action<SslServerAuthenticationOptions>? configure = null)
        : this([certificate], configure) { }

    public int Port => _listener.Port();

    /// <summary>Connections that were accepted.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>What it knows of those that have shaken hands.</summary>
    public IReadOnlyList<Session> Sessions => [.. _sessions];

    /// <summary>All that it has read within TLS.</summary>
    public string Received => string.Concat(_sessions.Select(static session => session.Received));

    /// <summary>Waits for a session, which ends its handshake a moment after the client.</summary>
    public async Task<Session> SessionAsync(int number = 1)
    {
        await Eventually.TrueAsync(() => _sessions.Count >= number);
        return Sessions[number - 1];
    }

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptAsync();
                Interlocked.Increment(ref _connections);
                _ = ServeAsync(socket);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException) { }
    }

    private async Task ServeAsync(Socket socket)
    {
        await using var network = new NetworkStream(socket, ownsSocket: true);
        await using var stream = new SslStream(network);
        try
        {
            await (_before?.Invoke(network) ?? Task.CompletedTask);
            await stream.AuthenticateAsServerAsync(_options);
            var session = new Session(
                stream.TargetHostName,
                stream.SslProtocol,
                stream.NegotiatedCipherSuite,
                stream.NegotiatedApplicationProtocol.ToString(),
                stream.RemoteCertificate?.Subject
            );
            _sessions.Enqueue(session);
            var buffer = new byte[65536];
            while (await stream.ReadAsync(buffer) is var count and > 0)
            {
                session.Hear(Encoding.Latin1.GetString(buffer, 0, count));
                await stream.WriteAsync(buffer.AsMemory(0, count));
            }

            await stream.ShutdownAsync();
            socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception exception) when (exception is IOException or AuthenticationException or SocketException) { }
    }

    /// <summary>A connection after its handshake.</summary>
    internal sealed class Session(string name, SslProtocols version, TlsCipherSuite suite, string alpn, string? client)
    {
        private readonly ConcurrentQueue<string> _received = new();

        /// <summary>The name that was asked for.</summary>
        public string Name => name;

        public SslProtocols Version => version;

        public TlsCipherSuite Suite => suite;

        public string Alpn => alpn;

        /// <summary>The subject of the client's certificate.</summary>
        public string? Client => client;

        public string Received => string.Concat(_received);

        public void Hear(string text) => _received.Enqueue(text);
    }
}
