using System.Diagnostics.CodeAnalysis;
using Grpc.Core;
using Proxy.Etcd.Protocol;
using Proxy.Timing;

namespace Proxy.Etcd.Client;

/// <summary>
/// One stream of watches, from its start to its failure. A stream that is silent for long is asked where it is: that an engine is frozen shows by nothing else.
/// </summary>
/// <param name="link">The connection.</param>
/// <param name="feeds">Says which feeds there are.</param>
/// <param name="changed">Wakes when there are others.</param>
internal sealed class WatchStream(EtcdLink link, Func<IReadOnlyList<WatchFeed>> feeds, Signal changed)
{
    private static readonly TimeSpan _idle = TimeSpan.FromSeconds(5);

    private readonly WatchTable _table = new(link.Health);
    private readonly Lock _gate = new(); // guards both below
    private long _since; // when it was heard of last or, if that is later, asked for something
    private bool _isAsked;

    /// <summary>Whether anything was heard.</summary>
    public bool WasHeard { get; private set; }

    /// <summary>Runs until it fails.</summary>
    /// <param name="stop">Ends it.</param>
    /// <returns>How it has failed.</returns>
    /// <exception cref="OperationCanceledException">It was to end.</exception>
    [SuppressMessage("Reliability", "CA2025", Justification = "Both tasks end before the call is disposed.")]
    public async Task<EtcdFailure> RunAsync(CancellationToken stop)
    {
        var member = link.Members.Current;
        Metadata? headers = null;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop);
        try
        {
            using var deadline = link.Deadline(stop);
            headers = await link.Token.HeadersAsync(member, deadline.Token);
            headers.Add(EtcdLink.RequireLeader);
            using var call = new Watch.WatchClient(member.Invoker).Watch(headers, cancellationToken: either.Token);
            _since = link.Time.GetTimestamp();
            var reading = ReadAsync(call.ResponseStream, member, headers, either.Token);
            var writing = WriteAsync(call.RequestStream, either.Token);
            var first = await Task.WhenAny(reading, writing);
            await either.CancelAsync(); // to end our side alone would leave the watches running there
            await Task.WhenAll(reading, writing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await first;
            return link.Note(EtcdFailure.Ended(member), member, headers, EtcdMethod.Watch);
        }
        catch (Exception exception)
        {
            // Not in a filter: what closing a connection throws would be lost in one.
            if (link.Failure(exception, member, headers, EtcdMethod.Watch, stop) is { } failure)
            {
                return failure;
            }

            throw;
        }
    }

    private async Task ReadAsync(
        IAsyncStreamReader<WatchResponse> stream,
        EtcdMember member,
        Metadata headers,
        CancellationToken cancellationToken
    )
    {
        while (await stream.MoveNext(cancellationToken))
        {
            var response = stream.Current;
            lock (_gate)
            {
                (_since, _isAsked) = (link.Time.GetTimestamp(), false);
            }

            WasHeard = true;
            link.Health.Heard(EtcdMethod.Watch, member, response.Header);
            if (_table.Take(response))
            {
                changed.Set();
            }

            if (_table.TakeRefusal() is { } refusal)
            {
                // A token that has ended is refused as a user without the right is. A stream keeps the one that it began with.
                var code = link.Token.IsOld(headers) ? StatusCode.Unauthenticated : StatusCode.PermissionDenied;
                var status = new RpcException(new Status(code, refusal));
                if (code == StatusCode.Unauthenticated)
                {
                    throw status;
                }

                link.Health.Failed(EtcdMethod.Watch, EtcdFailure.Of(member, status, isLate: false, link.Limit), took: null);
            }
        }
    }

    private async Task WriteAsync(IClientStreamWriter<WatchRequest> stream, CancellationToken cancellationToken)
    {
        while (true)
        {
            foreach (var request in Requests())
            {
                using var deadline = link.Deadline(cancellationToken);
                await stream.WriteAsync(request, deadline.Token);
            }

            await changed.WaitAsync(Wait(), link.Time, cancellationToken);
        }
    }

    private List<WatchRequest> Requests()
    {
        var wasWaiting = _table.IsWaiting;
        var requests = _table.Compare(feeds());
        lock (_gate)
        {
            if (!wasWaiting && _table.IsWaiting)
            {
                _since = link.Time.GetTimestamp();
            }

            // Without a watch newer versions do not answer.
            if (!_isAsked && !_table.IsWaiting && _table.Count > 0 && link.Time.GetElapsedTime(_since) >= _idle)
            {
                (_since, _isAsked) = (link.Time.GetTimestamp(), true);
                requests.Add(new() { ProgressRequest = new() });
            }
        }

        return requests;
    }

    // How long until there is something to do.
    private TimeSpan Wait()
    {
        lock (_gate)
        {
            var isExpected = _isAsked || _table.IsWaiting;
            var left = (isExpected ? link.Limit : _idle) - link.Time.GetElapsedTime(_since);
            return left > TimeSpan.Zero ? left
                : isExpected ? throw new OperationCanceledException("The watch does not answer.")
                : _table.Count > 0 ? TimeSpan.Zero
                : _idle;
        }
    }
}
