using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Proxy.Admission;
using Proxy.Configuration.Tls;
using Proxy.Connections;
using Proxy.Diagnostics;
using Proxy.Peeking;
using Proxy.Peeking.Hello;

namespace Proxy.Tls.Termination;

/// <summary>Terminates the TLS of a route's clients.</summary>
/// <param name="routeId">The id of the route.</param>
/// <param name="config">How it is terminated.</param>
/// <param name="answersPostgres">Whether clients of PostgreSQL are answered that TLS may follow.</param>
/// <param name="services">The services that all routes share.</param>
internal sealed class TlsTerminator(string routeId, RouteTlsConfig config, bool answersPostgres, TerminationDependencies services)
{
    private const int SourcePrefix = 64; // addresses of IPv6 that one client usually has
    private static readonly ConnectionAbortedException _failed = new("The TLS handshake failed.");
    private static readonly PeekPlan _anyHello = new([], AnswersPostgres: false, Timeout.InfiniteTimeSpan);
    private static readonly PeekPlan _postgres = _anyHello with { AnswersPostgres = true };

    // The alert decode_error (RFC 8446, 6), in clear, as before any handshake.
    private static readonly ReadOnlyMemory<byte> _decodeError = new byte[] { 21, 3, 3, 0, 2, 2, 50 };

    private readonly HandshakeOptions _options = new(config, services.Certificates);
    private readonly HandshakeLog _log = services.Logs.Of(routeId);
    private readonly TlsEnds _ends = new(TlsSide.Client, config.RequireCloseNotify);

    /// <summary>Does the handshake with a client.</summary>
    /// <param name="connection">The connection. Its first bytes may have been examined, and given back.</param>
    /// <param name="record">The record of the connection.</param>
    /// <returns>The connection within TLS, which the caller disposes; null if the handshake failed, and the connection is closed.</returns>
    public async Task<TlsConnection?> AuthenticateAsync(TcpConnection connection, ConnectionRecord record)
    {
        var started = services.Time.GetTimestamp();
        using var deadline = new CancellationTokenSource(config.HandshakeTimeout, services.Time);
        var attempt = new Attempt();
        TlsConnection? result = null;
        HandshakeFailure? failure = null;
        var gate = services.Gates.Of(record.EndpointId);
        var source = SourceTable.KeyOf((record.Client as IPEndPoint)?.Address, SourcePrefix);
        var hasPlace = false;
        try
        {
            // A client that says nothing, or only a part of its ClientHello, takes no place.
            failure = Departed(await connection.WaitForInputAsync(deadline.Token));
            if (failure is null)
            {
                attempt.Stage = HandshakeStage.Hello;
                failure = await ReadHelloAsync(connection, deadline.Token);
            }

            if (failure is null)
            {
                attempt.Stage = HandshakeStage.Waiting;
                failure = Departed(await gate.EnterAsync(connection, source, deadline.Token));
                hasPlace = failure is null;
            }

            if (failure is null)
            {
                (result, failure) = await RunAsync(connection, attempt, deadline.Token);
            }
        }
        catch (OperationCanceledException)
        {
            failure = TimedOut(attempt.Stage);
        }
        finally
        {
            if (hasPlace)
            {
                gate.Exit(source);
            }
        }

        var duration = services.Time.GetElapsedTime(started);
        if (result is not null)
        {
            services.Metrics.Succeeded(TlsSide.Client, routeId, result.Facts, duration);
            record.ClientTls(SessionOf(result.Facts), duration);
            return result;
        }

        if (record.Outcome is null) // else the proxy itself has closed it: an operator, a drain
        {
            Report(connection, record, failure!, attempt.Stage, duration);
            await EndAsync(connection, record, failure!);
        }

        return null;
    }

    private async Task<(TlsConnection?, HandshakeFailure?)> RunAsync(
        TcpConnection connection,
        Attempt attempt,
        CancellationToken cancellationToken
    )
    {
        attempt.Stage = HandshakeStage.Answer;
        var hello = connection.Features.Get<IClientHelloFeature>()!;
        if (TryOpen(connection) is not { } transport)
        {
            return (null, Departed(PeerDeparture.Reset));
        }

        var cipher = new HandshakeStream(transport, connection.Buffers);
        var stream = new SslStream(cipher);
        var verification = _options.Verification();
        var isDone = false;
        try
        {
            await stream.AuthenticateAsServerAsync(_options.Of(hello.ServerName, verification), cancellationToken);
            cipher.Over();
            var wrapped = Wrap(connection, stream, cipher, hello.ServerName, cipher.IsResumed);
            isDone = true;
            return (wrapped, null);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // Whatever it is: a client's bytes must not make the connection fail elsewhere.
            return (null, HandshakeFailure.Of(exception, verification?.Refusal));
        }
        finally
        {
            if (!isDone)
            {
                await stream.DisposeAsync();
            }
        }
    }

    // Null if the client has reset the connection since it was last read, which makes a socket refuse a stream.
    private static Stream? TryOpen(TcpConnection connection)
    {
        try
        {
            return connection.OpenStream();
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            return null;
        }
    }

    // Until the ClientHello is a feature of the connection.
    private async Task<HandshakeFailure?> ReadHelloAsync(TcpConnection connection, CancellationToken cancellationToken)
    {
        if (connection.Features.Get<IClientHelloFeature>() is not null)
        {
            return null; // the route was chosen by it
        }

        var isAnswered = connection.Features.Get<ConnectionFacts>() is { IsPostgresOverTls: true };
        var facts = new ConnectionFacts(answersPostgres && !isAnswered ? _postgres : _anyHello);
        var outcome = await FirstBytesReader.ReadAsync(
            connection,
            facts,
            static facts => facts.NeedForHello,
            services.Buffers,
            cancellationToken
        );
        facts.Publish(connection);
        return outcome switch
        {
            ConnectionOutcome.LimitExceeded => new(TlsFailureReason.NoPlace, "there was no memory for its ClientHello"),
            { } => Departed(PeerDeparture.Reset),
            null when facts.Hello is not null => null,
            null when facts.HasEnded => Departed(PeerDeparture.Closed),
            null when facts.HelloStatus == ClientHelloStatus.Malformed => await RefuseHelloAsync(connection, cancellationToken),
            _ => new(TlsFailureReason.NotTls, "the client does not speak TLS"),
        };
    }

    private static async Task<HandshakeFailure> RefuseHelloAsync(TcpConnection connection, CancellationToken cancellationToken)
    {
        try
        {
            await connection.OpenStream()!.WriteAsync(_decodeError, cancellationToken);
        }
        catch (IOException)
        {
            // The client has gone, and needs no alert.
        }

        return new(TlsFailureReason.Malformed, "its ClientHello is malformed or longer than 16 KiB", Alerted: true);
    }

    private TlsConnection Wrap(TcpConnection connection, SslStream stream, CipherStream cipher, string? serverName, bool? isResumed)
    {
        var facts = new TlsFacts
        {
            Protocol = stream.SslProtocol,
            NegotiatedCipherSuite = stream.NegotiatedCipherSuite,
            HostName = serverName ?? "",
            ApplicationProtocol = stream.NegotiatedApplicationProtocol.Protocol,
            IsResumed = isResumed,
            PeerCertificate = stream.RemoteCertificate as X509Certificate2,
        };
        return new(connection, stream, cipher, facts, _ends);
    }

    private static TlsSession SessionOf(TlsFacts facts) =>
        facts.ToSession() with
        {
            PeerNames = [.. PeerNames.Of(facts.PeerCertificate).All.Select(static name => name.ToString())],
            PeerCommonName = facts.PeerCertificate is { } certificate ? PeerNames.CommonNameOf(certificate) : null,
        };

    private HandshakeFailure TimedOut(HandshakeStage stage)
    {
        var limit = $"within HandshakeTimeout ({config.HandshakeTimeout:c})";
        return stage switch
        {
            HandshakeStage.Silent => new(TlsFailureReason.TimedOut, $"the client sent nothing {limit}"),
            HandshakeStage.Waiting => new(
                TlsFailureReason.NoPlace,
                $"MaxConcurrentHandshakes of others were under way, and its turn did not come {limit}"
            ),
            HandshakeStage.Hello => new(TlsFailureReason.TimedOut, $"the ClientHello did not come {limit}"),
            _ => new(TlsFailureReason.TimedOut, $"the client did not answer the proxy's part of the handshake {limit}"),
        };
    }

    private static HandshakeFailure? Departed(PeerDeparture? departure) =>
        departure switch
        {
            null => null,
            PeerDeparture.Reset => new(TlsFailureReason.Reset, "the client reset the connection"),
            _ => new(TlsFailureReason.Closed, "the client ended the connection"),
        };

    private void Report(
        TcpConnection connection,
        ConnectionRecord record,
        HandshakeFailure failure,
        HandshakeStage stage,
        TimeSpan duration
    )
    {
        record.ClientTlsFailed(failure.Reason.ToString(), failure.Text, duration);
        if (stage != HandshakeStage.Silent || failure.Reason == TlsFailureReason.TimedOut) // not of checks whether the port is open
        {
            _log.Failed(connection.RemoteEndPoint, failure);
        }

        services.Metrics.Failed(TlsSide.Client, routeId, failure.Reason, duration);
    }

    private async Task EndAsync(TcpConnection connection, ConnectionRecord record, HandshakeFailure failure)
    {
        if (failure.Alerted && record.TryEnd(ConnectionOutcome.TlsFailed))
        {
            await OrderlyEnd.SendAsync(connection, services.Buffers, services.Time);
            connection.Abort(_failed);
            return;
        }

        record.Close(ConnectionOutcome.TlsFailed);
    }

    private sealed class Attempt
    {
        public HandshakeStage Stage { get; set; }
    }
}
