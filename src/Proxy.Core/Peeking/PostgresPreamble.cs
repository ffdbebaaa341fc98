using Microsoft.AspNetCore.Connections;
using Proxy.Connections;
using Proxy.Peeking.Detectors;

namespace Proxy.Peeking;

/// <summary>
/// Asks a server of PostgreSQL for TLS, as its client has asked the proxy, and expects that it agrees; the client's ClientHello follows.
/// </summary>
internal sealed class PostgresPreamble : IUpstreamPreamble
{
    public static PostgresPreamble Instance { get; } = new();

    public async ValueTask SendAsync(ConnectionContext upstream, CancellationToken cancellationToken)
    {
        await upstream.Transport.Output.WriteAsync(PostgresRequests.AskForTls, cancellationToken);
        var read = await upstream.Transport.Input.ReadAsync(cancellationToken);
        if (read.Buffer.IsEmpty)
        {
            throw new IOException("The server closed the connection when it was asked for TLS.");
        }

        var answer = read.Buffer.FirstSpan[0];
        upstream.Transport.Input.AdvanceTo(read.Buffer.GetPosition(1));
        if (answer != PostgresRequests.Accepted.Span[0])
        {
            throw new IOException("The server does not accept TLS.");
        }
    }
}
