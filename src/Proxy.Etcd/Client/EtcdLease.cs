using Grpc.Core;
using Microsoft.Extensions.Logging;
using Proxy.Etcd.Protocol;
using Proxy.Timing;

namespace Proxy.Etcd.Client;

/// <summary>
/// The lease of this process: granted, renewed every third of its time over one stream, and granted anew when it has ended. It ends here when its time is over
/// since the last renewal that succeeded was sent, whatever the engine says later.
/// </summary>
internal sealed partial class EtcdLease : IProcessLease, IAsyncDisposable
{
    private static readonly TimeSpan _longestWait = TimeSpan.FromSeconds(1); // a suspended machine stops timers

    // Leaving has to be quick: what is not revoked ends by itself.
    private static readonly TimeSpan _revokeLimit = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new(); // guards all that changes
    private readonly EtcdLink _link;
    private readonly long _seconds;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly Backoff _backoff;
    private readonly Signal _doubt = new();
    private readonly CancellationTokenSource _stop = new();
    private TaskCompletionSource<LeaseTerm> _next = New();
    private EtcdTerm? _term;
    private EtcdTerm? _former; // has ended here, and perhaps not there
    private DateTimeOffset? _lostSince;
    private Task? _running;
    private bool _isTold; // that none is granted
    private bool _isDoubted;

    /// <param name="link">The connection.</param>
    /// <param name="length">How long a lease lasts, in whole seconds.</param>
    /// <param name="clock">A clock that does not stop.</param>
    /// <param name="random">Spreads pauses.</param>
    /// <param name="logger">Gets what goes wrong.</param>
    public EtcdLease(EtcdLink link, TimeSpan length, TimeProvider clock, Random random, ILogger logger)
    {
        (_link, _seconds, _clock, _logger) = (link, (long)length.TotalSeconds, clock, logger);
        _backoff = new(link.Time, EtcdPauses.First, EtcdPauses.Longest, random);
    }

    /// <inheritdoc />
    public LeaseTerm? Current
    {
        get
        {
            lock (_gate)
            {
                return _term;
            }
        }
    }

    /// <summary>Since when there is none, after one has ended or was not granted; null if there is one, and before the first answer.</summary>
    public DateTimeOffset? LostSince
    {
        get
        {
            lock (_gate)
            {
                return _lostSince;
            }
        }
    }

    /// <summary>Asks for the first one, and renews it in the background.</summary>
    public void Start() => _running ??= Task.Run(RunAsync);

    /// <inheritdoc />
    public async ValueTask<LeaseTerm> WaitAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task<LeaseTerm> next;
            lock (_gate)
            {
                next = _next.Task;
            }

            var term = await next.WaitAsync(cancellationToken);
            if (!term.Ended.IsCancellationRequested)
            {
                return term;
            }

            await Task.Yield(); // it is about to be replaced
        }
    }

    /// <summary>Asks at once whether the engine still knows a lease, of which it has said that it does not.</summary>
    public void Doubt()
    {
        Volatile.Write(ref _isDoubted, true);
        _doubt.Set(); // which the loop that waits resets
    }

    /// <summary>Ends the lease here and, if the engine answers soon, there: its keys are gone then.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
        {
            return;
        }

        await _stop.CancelAsync();
        await (_running ?? Task.CompletedTask);
        var term = Current;
        if (term is { Ended.IsCancellationRequested: false })
        {
            await RevokeAsync((EtcdTerm)term);
        }

        if (term is EtcdTerm ended)
        {
            Retire(ended);
        }

        _stop.Dispose();
    }

    private static TaskCompletionSource<LeaseTerm> New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task RevokeAsync(EtcdTerm term)
    {
        using var limit = new CancellationTokenSource(_revokeLimit, _link.Time);
        try
        {
            var request = new LeaseRevokeRequest { ID = term.Id };
            await _link.Calls.CallAsync(
                EtcdMethod.Lease,
                (invoker, options) => new Protocol.Lease.LeaseClient(invoker).LeaseRevokeAsync(request, options),
                limit.Token
            );
        }
        catch (EtcdCallException exception) when (exception.Failure.Fault == EtcdFault.LeaseUnknown)
        {
            // It is gone already.
        }
        catch (Exception exception) when (exception is EtcdCallException or OperationCanceledException)
        {
            Log.NotRevoked(_logger, _seconds, exception is EtcdCallException ? exception.Message : "the engine does not answer");
        }
    }

    private async Task RunAsync()
    {
        EtcdTerm? term = null;
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                term = await StepAsync(term);
            }
            catch (Exception) when (_stop.IsCancellationRequested)
            {
                return; // it was told to
            }
            catch (Exception exception)
            {
                Log.Unexpected(_logger, exception);
                await Task.Delay(EtcdPauses.Longest, _link.Time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    // Renews the present lease until it has ended, or asks for one: which to renew next.
    private async Task<EtcdTerm?> StepAsync(EtcdTerm? term)
    {
        if (term is not null)
        {
            await RenewAsync(term);
            Retire(term);
            return null;
        }

        if (await GrantAsync() is { } granted)
        {
            if (_former is { } former)
            {
                _former = null;
                await RevokeAsync(former); // or its keys would stay until it ends there, too
            }

            Publish(granted);
            return granted;
        }

        await Task.Delay(_backoff.Fail(), _link.Time, _stop.Token);
        return null;
    }

    private async Task<EtcdTerm?> GrantAsync()
    {
        var sent = _clock.GetTimestamp();
        try
        {
            var request = new LeaseGrantRequest { TTL = _seconds };
            var granted = await _link.Calls.CallAsync(
                EtcdMethod.Lease,
                (invoker, options) => new Protocol.Lease.LeaseClient(invoker).LeaseGrantAsync(request, options),
                _stop.Token
            );
            _backoff.Reset();
            return new(granted.ID, TimeSpan.FromSeconds(granted.TTL), sent, _clock);
        }
        catch (EtcdCallException exception)
        {
            lock (_gate)
            {
                _lostSince ??= _link.Time.GetUtcNow();
            }

            if (!_isTold)
            {
                _isTold = true;
                Log.NotGranted(_logger, exception.Message);
            }

            return null;
        }
    }

    private void Publish(EtcdTerm term)
    {
        lock (_gate)
        {
            (_term, _lostSince) = (term, null);
            _next.TrySetResult(term);
        }

        if (_isTold)
        {
            _isTold = false;
            Log.Granted(_logger);
        }
    }

    private void Retire(EtcdTerm term)
    {
        lock (_gate)
        {
            (_term, _next, _lostSince) = (null, New(), _link.Time.GetUtcNow());
        }

        term.Dispose();
        _isTold = true; // so that the next one is told
    }

    // Returns when the lease has ended.
    private async Task RenewAsync(EtcdTerm term)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, term.Ended);
        while (true)
        {
            try
            {
                await WaitAsync(term, either.Token);
                var (end, failure) = await StreamAsync(term, either.Token);
                if (end == Renewal.Unknown)
                {
                    Log.Vanished(_logger);
                    _link.Health.LeaseVanished();
                    return;
                }

                if (end == Renewal.Over)
                {
                    End(term);
                    return;
                }

                if (!_backoff.HasFailed)
                {
                    Log.NotRenewed(_logger, term.Left.TotalSeconds, failure);
                }

                await Task.Delay(_backoff.Fail(), _link.Time, either.Token);
                _link.Health.Reconnecting();
            }
            catch (Exception) when (either.IsCancellationRequested) // gRPC has its own for that
            {
                _stop.Token.ThrowIfCancellationRequested();
                End(term);
                return;
            }
        }
    }

    private void End(EtcdTerm term)
    {
        Log.Ended(_logger);
        _former = term;
    }

    // Renews over one stream until that does not go on: why, and what has failed if it is the stream.
    private async Task<(Renewal End, string Failure)> StreamAsync(EtcdTerm term, CancellationToken cancellationToken)
    {
        var member = _link.Members.Current;
        Metadata? headers = null;
        try
        {
            using var deadline = _link.Deadline(cancellationToken);
            headers = await _link.Token.HeadersAsync(member, deadline.Token);
            headers.Add(EtcdLink.RequireLeader);
            using var call = new Protocol.Lease.LeaseClient(member.Invoker).LeaseKeepAlive(headers, cancellationToken: cancellationToken);
            while (true)
            {
                if (await AskAsync(call, term, member, cancellationToken) is var end and not Renewal.GoesOn)
                {
                    return (end, EtcdFailure.Ended(member).Message);
                }

                await WaitAsync(term, cancellationToken);
            }
        }
        catch (Exception exception)
        {
            // Not in a filter: what closing a connection throws would be lost in one.
            if (_link.Failure(exception, member, headers, EtcdMethod.Lease, cancellationToken) is { } failure)
            {
                return (Renewal.Broken, failure.Message);
            }

            throw;
        }
    }

    private async Task<Renewal> AskAsync(
        AsyncDuplexStreamingCall<LeaseKeepAliveRequest, LeaseKeepAliveResponse> call,
        EtcdTerm term,
        EtcdMember member,
        CancellationToken cancellationToken
    )
    {
        using var deadline = _link.Deadline(cancellationToken);
        var (sent, started) = (_clock.GetTimestamp(), _link.Time.GetTimestamp());
        await call.RequestStream.WriteAsync(new() { ID = term.Id }, deadline.Token);
        if (!await call.ResponseStream.MoveNext(deadline.Token))
        {
            return Renewal.Broken;
        }

        var answer = call.ResponseStream.Current;
        _link.Health.Succeeded(EtcdMethod.Lease, member, answer.Header, _link.Time.GetElapsedTime(started));
        _backoff.Reset();
        return answer.TTL <= 0 ? Renewal.Unknown
            : term.Renew(sent, TimeSpan.FromSeconds(answer.TTL)) ? Renewal.GoesOn
            : Renewal.Over;
    }

    // Until the next renewal is due, or there is a doubt.
    private async Task WaitAsync(EtcdTerm term, CancellationToken cancellationToken)
    {
        while (term.UntilRenewal is var left && left > TimeSpan.Zero && !Volatile.Read(ref _isDoubted))
        {
            await _doubt.WaitAsync(left < _longestWait ? left : _longestWait, _clock, cancellationToken);
        }

        Volatile.Write(ref _isDoubted, false);
    }

    private enum Renewal
    {
        GoesOn,
        Broken, // the stream
        Unknown, // to the engine
        Over, // here, before the engine has answered
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The engine grants no lease; it is asked until it does: {Reason}")]
        public static partial void NotGranted(ILogger logger, string reason);

        [LoggerMessage(LogLevel.Information, "The engine has granted a lease.")]
        public static partial void Granted(ILogger logger);

        [LoggerMessage(LogLevel.Warning, "The lease could not be renewed, and ends in {Left:0.0} s if it cannot be until then: {Reason}")]
        public static partial void NotRenewed(ILogger logger, double left, string reason);

        [LoggerMessage(
            LogLevel.Error,
            "The lease has ended, since it was not renewed in time: the keys of this host are gone until there is another one."
        )]
        public static partial void Ended(ILogger logger);

        [LoggerMessage(
            LogLevel.Error,
            "The engine does not know the lease any longer: the keys of this host are gone until there is another one."
        )]
        public static partial void Vanished(ILogger logger);

        [LoggerMessage(LogLevel.Error, "Renewing the lease failed unexpectedly, which is an error of the proxy; it goes on.")]
        public static partial void Unexpected(ILogger logger, Exception exception);

        [LoggerMessage(LogLevel.Warning, "The lease could not be revoked, so the keys of this host stay for up to {Seconds} s: {Reason}")]
        public static partial void NotRevoked(ILogger logger, long seconds, string reason);
    }
}
