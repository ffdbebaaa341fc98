using System.Globalization;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Proxy.Channels.Membership;
using Proxy.Channels.Tunnel;
using Proxy.Configuration.Reading;
using Proxy.Diagnostics;

namespace Proxy.Channels;

/// <summary>
/// One attempt to open a tunnel to a member for a client. Disposing it gives the attempt up: it is cancelled, and a tunnel that was not
/// taken is reset.
/// </summary>
internal sealed class TunnelAttempt : IDisposable
{
    private static readonly ConnectionAbortedException _notUsed = new("Another attempt has succeeded, or the client has gone.");

    private readonly MemberRecord _member;
    private readonly ConnectionRecord _client;
    private readonly MemberSuspicion _suspicion;
    private readonly CancellationTokenSource _cancellation;
    private readonly TimeProvider _time;
    private readonly long _started;
    private string? _error = ErrorType.Cancelled;
    private ConnectionContext? _opened;
    private bool _isTaken;

    private TunnelAttempt(
        MemberEndPoint wanted,
        MemberRecord member,
        MemberSuspicion suspicion,
        TimeProvider time,
        Func<CancellationToken, Task<ConnectionContext>> open,
        CancellationToken cancellationToken
    )
    {
        (_member, _client, _suspicion, _time, _started) = (member, wanted.Client, suspicion, time, time.GetTimestamp());
        _cancellation = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Tunnel = OpenAsync(open);
        Late = Tunnel.IsCompleted ? Task.CompletedTask : WatchAsync();
    }

    /// <summary>The id of the member.</summary>
    public string Member => _member.Id;

    /// <summary>The tunnel; null if the attempt failed. Cancelled with the token of the start.</summary>
    public Task<ConnectionContext?> Tunnel { get; }

    /// <summary>Completes when the attempt has ended, or has taken so long that the member is suspect. Never fails.</summary>
    public Task Late { get; }

    /// <summary>The status of the answer; 0 without one.</summary>
    public int Status { get; private set; } = TunnelProtocol.NoAnswer;

    /// <summary>Whether another instance, or another start of it, has answered.</summary>
    public bool IsAnother => Status == StatusCodes.Status421MisdirectedRequest;

    /// <summary>Whether the tunnel that was opened has a connection of its own.</summary>
    public bool HasOwnConnection => _opened is not (null or ClientTunnelConnection);

    /// <summary>Starts an attempt.</summary>
    /// <param name="tunnels">Opens tunnels.</param>
    /// <param name="wanted">What the client calls.</param>
    /// <param name="member">The member.</param>
    /// <param name="port">The port at the member; null for the only one.</param>
    /// <param name="suspicion">Records how the member behaves.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The attempt; null if the member's address is not one.</returns>
    public static TunnelAttempt? Start(
        TunnelConnectionFactory tunnels,
        MemberEndPoint wanted,
        MemberRecord member,
        int? port,
        MemberSuspicion suspicion,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        if (!HostAndPort.TryParse(member.Address, out var address))
        {
            return null;
        }

        var client = wanted.Client;
        var endPoint = new TunnelEndPoint(member.Id, address, wanted.Channel!.Connector)
        {
            Epoch = member.Epoch,
            Port = port,
            Client = client.Client,
            ConnectionId = client.Id,
            Trace = client.Span?.Context,
        };
        return new(wanted, member, suspicion, time, token => tunnels.OpenAsync(endPoint, token), cancellationToken);
    }

    /// <summary>Takes the tunnel of an attempt that has succeeded; disposing the attempt does not reset it then.</summary>
    public ConnectionContext? Take()
    {
        _isTaken = Tunnel.IsCompletedSuccessfully && _opened is not null;
        return _isTaken ? _opened : null;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _client.Span?.Dialed(_member.Id, _member.Address, _time.GetElapsedTime(_started), _error);
        if (!_isTaken)
        {
            _cancellation.Cancel();
            _ = CloseAsync();
        }

        _cancellation.Dispose();
    }

    private async Task<ConnectionContext?> OpenAsync(Func<CancellationToken, Task<ConnectionContext>> open)
    {
        try
        {
            var tunnel = await open(_cancellation.Token);
            (Status, _error, _opened) = (TunnelProtocol.Accepted, null, tunnel);
            _suspicion.Heard(_member.Id);
            return tunnel;
        }
        catch (TunnelRefusedException refused)
        {
            (Status, _error) = (refused.Status, refused.Status.ToString(CultureInfo.InvariantCulture));
            _suspicion.Heard(_member.Id);
            return null;
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or TimeoutException)
        {
            _error = exception.InnerException is SocketException socket ? ErrorType.Of(socket) : ErrorType.Of(exception);
            _suspicion.Suspect(_member);
            return null;
        }
    }

    private async Task WatchAsync()
    {
        var cancelled = _cancellation.Token;
        await ((Task)Tunnel).WaitAsync(MemberSuspicion.Patience, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!Tunnel.IsCompleted && !cancelled.IsCancellationRequested)
        {
            _suspicion.Suspect(_member);
        }
    }

    private async Task CloseAsync()
    {
        await ((Task)Tunnel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_opened is { } unused)
        {
            unused.Abort(_notUsed); // the member must not take it for an end
            await unused.DisposeAsync();
        }
    }
}
