using Grpc.Core;
using Proxy.Etcd.Protocol;

namespace Proxy.Etcd.Client;

/// <summary>
/// Calls with one answer. What only reads, and what was certainly not executed, is tried at the next member within the time limit of the call; a change that may have been
/// made is not repeated.
/// </summary>
/// <param name="members">The members.</param>
/// <param name="token">Authenticates calls.</param>
/// <param name="health">Is told what becomes of them.</param>
/// <param name="limit">The time limit of a call.</param>
/// <param name="time">The clock of that.</param>
internal sealed class EtcdCalls(EtcdMembers members, EtcdToken token, EtcdHealth health, TimeSpan limit, TimeProvider time)
{
    /// <summary>Makes a call.</summary>
    /// <typeparam name="T">The type of the answer.</typeparam>
    /// <param name="method">What it is.</param>
    /// <param name="start">Starts it at a member.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The answer.</returns>
    /// <exception cref="EtcdCallException">It failed.</exception>
    public async Task<T> CallAsync<T>(
        EtcdMethod method,
        Func<CallInvoker, CallOptions, AsyncUnaryCall<T>> start,
        CancellationToken cancellationToken
    )
        where T : IEtcdAnswer
    {
        using var deadline = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        for (var tries = 1; ; tries++)
        {
            try
            {
                return await TryAsync(method, start, members.Current, either.Token, cancellationToken);
            }
            catch (EtcdCallException exception)
                when (tries <= members.Count && !deadline.IsCancellationRequested && MayRepeat(method, exception.Failure))
            {
                // The next one, then; the same again after a token that was not valid.
            }
        }
    }

    private async Task<T> TryAsync<T>(
        EtcdMethod method,
        Func<CallInvoker, CallOptions, AsyncUnaryCall<T>> start,
        EtcdMember member,
        CancellationToken within,
        CancellationToken callers
    )
        where T : IEtcdAnswer
    {
        var isOne = method != EtcdMethod.Read || members.Count == 1;
        var share = isOne ? limit : limit / 2;
        using var deadline = new CancellationTokenSource(share, time);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(within, deadline.Token);
        Metadata? headers = null;
        var started = time.GetTimestamp();
        try
        {
            headers = await token.HeadersAsync(member, patience.Token);
            started = time.GetTimestamp();
            using var call = start(member.Invoker, new CallOptions(headers, cancellationToken: patience.Token));
            var answer = await call.ResponseAsync;
            health.Succeeded(method, member, answer.Header, time.GetElapsedTime(started));
            return answer;
        }
        catch (Exception exception)
        {
            callers.ThrowIfCancellationRequested();
            var failure = EtcdFailure.Of(member, exception, patience.IsCancellationRequested, share);
            health.Failed(method, failure, time.GetElapsedTime(started));
            if (failure.Fault == EtcdFault.Unauthenticated)
            {
                token.Refused(headers);
            }

            if (failure.IsOfMember)
            {
                members.Failed(member);
            }

            // Asking for a token changes nothing.
            throw new EtcdCallException(failure, method != EtcdMethod.Read && headers is not null && failure.MayHaveHappened, exception);
        }
    }

    private bool MayRepeat(EtcdMethod method, EtcdFailure failure) =>
        failure.Fault switch
        {
            EtcdFault.Unauthenticated or EtcdFault.Closed => true,
            EtcdFault.NotConnected or EtcdFault.Busy => members.Count > 1,
            EtcdFault.Lost => method == EtcdMethod.Read,
            EtcdFault.Silent => method == EtcdMethod.Read && members.Count > 1,
            _ => false,
        };
}
