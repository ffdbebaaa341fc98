using System.Globalization;
using Microsoft.AspNetCore.Connections;
using Proxy.Connections;
using Proxy.Tls;

namespace Proxy.Channels.Tunnel;

/// <summary>A tunnel that a peer opened on a connection of its own.</summary>
internal sealed class ServedConnection(TlsConnection connection, TunnelRequest request, string from) : IServedTunnel
{
    private readonly Stream _stream = connection.OpenStream()!;
    private (int Status, string? Reason)? _refusal;
    private bool _isAnswered;

    public TunnelRequest Request => request;

    public string From => from;

    public ConnectionContext Bytes => connection;

    public bool IsGone => connection.DepartedWithin(0) == PeerDeparture.Reset;

    /// <summary>Called with the status of the answer.</summary>
    public Action<int>? Answered { get; init; }

    public async Task AcceptAsync()
    {
        await AnswerAsync(TunnelProtocol.Accepted, null, CancellationToken.None);
        Answered?.Invoke(TunnelProtocol.Accepted);
    }

    public void Refuse(int status, string? reason = null)
    {
        if (!_isAnswered && _refusal is null)
        {
            _refusal = (status, reason);
            Answered?.Invoke(status);
        }
    }

    /// <summary>Sends the refusal, if there is one, when nothing else uses the connection.</summary>
    public async Task FinishAsync(CancellationToken cancellationToken)
    {
        if (_refusal is var (status, reason) && !_isAnswered)
        {
            await AnswerAsync(status, reason, cancellationToken);
        }
    }

    private async Task AnswerAsync(int status, string? reason, CancellationToken cancellationToken)
    {
        _isAnswered = true;
        var frame = new TunnelFrame { [TunnelField.Status] = status.ToString(CultureInfo.InvariantCulture), [TunnelField.Reason] = reason };
        await _stream.WriteAsync(frame.ToBytes(), cancellationToken);
    }
}
