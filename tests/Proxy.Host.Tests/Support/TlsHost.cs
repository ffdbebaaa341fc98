using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace Proxy.Host.Tests.Support;

/// <summary>
/// A host with a route "secure", which terminates TLS and asks for client certificates, in front of a server within TLS, which is another route of the same
/// host; and with a cluster "unsafe" that verifies nothing.
/// </summary>
internal sealed class TlsHost : IAsyncDisposable
{
    private readonly TcpServer _server = new("hello");
    private readonly int _behind = Ports.Free();

    private TlsHost() { }

    public CertificateFolder Files { get; } = new();

    public TestHost Host { get; private set; } = null!;

    public static async Task<TlsHost> StartAsync()
    {
        var started = new TlsHost();
        started.Host = await TestHost.StartAsync(started.Configuration());
        return started;
    }

    /// <summary>A client after its handshake, which was greeted by the server.</summary>
    /// <param name="commonName">The name in its certificate; null for none.</param>
    public async Task<SslStream> ConnectAsync(string? commonName = null)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(Host.AddressOf("127.0.0.2"));
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
        using var limit = new CancellationTokenSource(Eventually.Limit);
        await stream.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                EnabledSslProtocols = SslProtocols.Tls13,
                ApplicationProtocols = [new("imap")],
                ClientCertificates = commonName is null ? null : [Files.Client(commonName)],
                RemoteCertificateValidationCallback = static (_, _, _, _) => true, // what the host sends is not what is tested
            },
            limit.Token
        );
        Assert.Equal(5, await stream.ReadAtLeastAsync(new byte[5], 5, cancellationToken: limit.Token));
        return stream;
    }

    /// <summary>A client that does not speak TLS.</summary>
    public async Task FailAsync()
    {
        using var client = await TcpClientSocket.ConnectAsync(Host.AddressOf("127.0.0.2"));
        await client.SendAsync("GET / HTTP/1.0\r\n\r\n");
        await client.ReadAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        _server.Dispose();
        Files.Dispose();
    }

    private string Configuration() =>
        $$"""
            {
              "Log": { "Access": { "Path": "/dev/null" } },
              "Admin": { "Url": "http://127.0.0.1:0" },
              "ReverseProxy": {
                "TcpRoutes": {
                  "secure": { "Listen": "127.0.0.2:0", "ClusterId": "verified", "Tls": {
                    "Certificate": [ {{Files.Issue("first")}}, {{Files.Issue("second", CertificateFolder.Evil, days: 9)}} ],
                    "AlpnProtocols": ["imap"], "ClientCertificates": "Allow", "ClientCertificateAuthority": "{{Files.Authority}}" } },
                  "behind": { "Listen": "127.0.0.1:{{_behind}}", "ClusterId": "plain", "Tls": { "Certificate": {{Files.Issue("behind")}} } }
                },
                "Clusters": {
                  "plain": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{_server.Port}}" } } },
                  "verified": {
                    "Tcp": { "Tls": { "ServerName": "localhost", "CertificateAuthority": "{{Files.Authority}}", "Certificate": {{Files.Issue(
                "own"
            )}}, "AlpnProtocols": [] } },
                    "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{_behind}}" } } },
                  "unsafe": {
                    "Tcp": { "Tls": { "AllowInvalid": true } },
                    "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{_behind}}" } } }
                }
              }
            }
            """;
}
