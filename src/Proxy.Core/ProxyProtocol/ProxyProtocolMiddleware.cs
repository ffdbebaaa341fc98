using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Proxy.Configuration.Networks;
using Proxy.Connections;
using Proxy.Diagnostics;

namespace Proxy.ProxyProtocol;

/// <summary>
/// Reads the header that a load balancer sends before the bytes of its client. The connection has the addresses of the header from then on; what else it says
/// is <see cref="IProxyProtocolFeature"/>.
/// </summary>
/// <param name="settings">How headers are accepted.</param>
/// <param name="buffers">Provides the memory of the header.</param>
/// <param name="time">Measures the time limit.</param>
/// <param name="next">The rest of the pipeline.</param>
internal sealed class ProxyProtocolMiddleware(
    ProxyProtocolSettings settings,
    BufferPool buffers,
    TimeProvider time,
    ConnectionDelegate next
)
{
    private readonly FirstByNetwork _trusted = Index(settings.TrustedNetworks);

    /// <summary>Handles one connection.</summary>
    /// <returns>A task that completes when the connection has ended.</returns>
    public async Task OnConnectionAsync(ConnectionContext connection)
    {
        var record = ConnectionRecord.Of(connection);
        var isTrusted = IsTrusted(connection.RemoteEndPoint);
        if (settings.IsRequired && !isTrusted)
        {
            record.Close(ConnectionOutcome.InvalidProxyHeader);
            return;
        }

        if (await ReadAsync((TcpConnection)connection, record, isTrusted) is { } failure)
        {
            record.Close(failure);
            return;
        }

        await next(connection);
    }

    private static FirstByNetwork Index(IReadOnlyList<IPNetwork> networks)
    {
        var index = new FirstByNetwork();
        if (networks.Count > 0)
        {
            index.Add(networks, 0);
        }

        return index;
    }

    // Who may use a unix socket is up to the permissions of its file.
    private bool IsTrusted(EndPoint? peer) => peer is not IPEndPoint { Address: var address } || _trusted.Find(address) is not null;

    // Returns the outcome of a connection that ends here.
    private async Task<ConnectionOutcome?> ReadAsync(TcpConnection connection, ConnectionRecord record, bool isTrusted)
    {
        var ahead = connection.TakeAhead() ?? new ReadAhead(buffers);
        using var deadline = new CancellationTokenSource(settings.Timeout, time);
        try
        {
            var stream = connection.OpenStream() ?? throw new InvalidOperationException("The connection was read already.");
            while (true)
            {
                switch (ProxyHeaderReader.Read(ahead.Bytes, out var header, out var length))
                {
                    case ProxyHeaderStatus.Complete when isTrusted:
                        ahead.Skip(length);
                        Apply(header!, connection, record);
                        return null;
                    case ProxyHeaderStatus.None when !settings.IsRequired:
                        return null;
                    case ProxyHeaderStatus.MoreBytes when await ahead.ReceiveAsync(stream, deadline.Token):
                        break;
                    case ProxyHeaderStatus.MoreBytes:
                        return WithoutHeader(ahead);
                    case ProxyHeaderStatus.Complete or ProxyHeaderStatus.None or ProxyHeaderStatus.Invalid:
                    default:
                        return ConnectionOutcome.InvalidProxyHeader;
                }
            }
        }
        catch (OperationCanceledException)
        {
            return WithoutHeader(ahead);
        }
        catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException)
        {
            return ConnectionOutcome.ClientReset;
        }
        finally
        {
            connection.Unread(ahead);
        }
    }

    // A header that was begun has to be finished; a client that has said nothing may have none.
    private ConnectionOutcome? WithoutHeader(ReadAhead ahead) =>
        settings.IsRequired || ahead.Count > 0 ? ConnectionOutcome.InvalidProxyHeader : null;

    private static void Apply(ProxyHeader header, TcpConnection connection, ConnectionRecord record)
    {
        header.Peer = connection.RemoteEndPoint;
        connection.Features.Set<IProxyProtocolFeature>(header);
        record.SetProxyHeader(
            connection.RemoteEndPoint,
            Summary(header),
            header.Authority,
            [.. header.Tlvs.Select(static tlv => (tlv.Type, tlv.Value))]
        );
        if (header is { Source: { } source, Destination: { } destination })
        {
            connection.RemoteEndPoint = source;
            connection.LocalEndPoint = destination;
        }

        record.Span?.Proxied(record);
    }

    private static string Summary(ProxyHeader header) =>
        header.IsLocal ? $"v{header.Version} local"
        : header.Source is null ? $"v{header.Version} unknown"
        : $"v{header.Version}";
}
