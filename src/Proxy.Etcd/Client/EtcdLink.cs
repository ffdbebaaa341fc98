using Grpc.Core;

namespace Proxy.Etcd.Client;

/// <summary>What calls and streams have in common: the members, authentication, time limits and what failures mean.</summary>
internal sealed class EtcdLink : IDisposable
{
    /// <summary>Makes a member without a leader refuse, and end streams, rather than serve what it knows.</summary>
    public static readonly Metadata.Entry RequireLeader = new("hasleader", "true");

    /// <param name="members">The members.</param>
    /// <param name="token">Authenticates.</param>
    /// <param name="health">Is told what becomes of calls.</param>
    /// <param name="limit">The time limit of a call, and of each answer of a stream.</param>
    /// <param name="time">The clock of that.</param>
    public EtcdLink(EtcdMembers members, EtcdToken token, EtcdHealth health, TimeSpan limit, TimeProvider time)
    {
        (Members, Token, Health, Time, Limit) = (members, token, health, time, limit);
        Calls = new(members, token, health, limit, time);
    }

    /// <summary>The members.</summary>
    public EtcdMembers Members { get; }

    /// <summary>The token.</summary>
    public EtcdToken Token { get; }

    /// <summary>What is known of the connection.</summary>
    public EtcdHealth Health { get; }

    /// <summary>Calls with one answer.</summary>
    public EtcdCalls Calls { get; }

    /// <summary>The clock of time limits.</summary>
    public TimeProvider Time { get; }

    /// <summary>The time limit of a call, and of each answer of a stream.</summary>
    public TimeSpan Limit { get; }

    /// <summary>A time limit for one answer.</summary>
    /// <param name="cancellationToken">Ends it earlier.</param>
    public AnswerDeadline Deadline(CancellationToken cancellationToken) => new(Limit, Time, cancellationToken);

    /// <summary>What the failure of a stream means, after the members and the token were told of it; null if the stream was to end.</summary>
    public EtcdFailure? Failure(Exception exception, EtcdMember member, Metadata? headers, EtcdMethod method, CancellationToken stop)
    {
        if (stop.IsCancellationRequested)
        {
            return null;
        }

        var failure = EtcdFailure.Of(
            member,
            exception,
            isLate: exception is OperationCanceledException or RpcException { StatusCode: StatusCode.Cancelled },
            Limit
        );
        return Note(failure, member, headers, method);
    }

    /// <summary>Tells the members and the token of the failure of a stream.</summary>
    /// <returns>The failure.</returns>
    public EtcdFailure Note(EtcdFailure failure, EtcdMember member, Metadata? headers, EtcdMethod method)
    {
        Health.Failed(method, failure, took: null);
        if (failure.Fault == EtcdFault.Unauthenticated)
        {
            Token.Refused(headers);
        }

        if (failure.Fault == EtcdFault.Silent)
        {
            Members.Silent(member);
        }
        else if (failure.IsOfMember)
        {
            Members.Failed(member);
        }

        return failure;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        Members.Dispose();
        Token.Dispose();
    }
}
