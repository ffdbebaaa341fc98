using Grpc.Core;
using Proxy.Configuration.Reading;

namespace Proxy.Etcd.Client;

/// <summary>What a failed call means, from what gRPC says of it.</summary>
/// <param name="Fault">How it failed.</param>
/// <param name="Message">That in one printable sentence.</param>
internal sealed record EtcdFailure(EtcdFault Fault, string Message)
{
    /// <summary>Whether the call may have been executed all the same.</summary>
    public bool MayHaveHappened => Fault is EtcdFault.Silent or EtcdFault.Lost;

    /// <summary>Whether another member may do better.</summary>
    public bool IsOfMember => Fault is EtcdFault.NotConnected or EtcdFault.Silent or EtcdFault.Lost or EtcdFault.Busy;

    /// <summary>A stream that the member has ended without an error.</summary>
    public static EtcdFailure Ended(EtcdMember member) => new(EtcdFault.Lost, $"{Name(member)} has ended the stream.");

    /// <summary>What an exception means.</summary>
    /// <param name="member">What was called.</param>
    /// <param name="exception">What the call has thrown.</param>
    /// <param name="isLate">Whether the call was cancelled since its time was over.</param>
    /// <param name="limit">The time limit.</param>
    public static EtcdFailure Of(EtcdMember member, Exception exception, bool isLate, TimeSpan limit) =>
        isLate ? new(EtcdFault.Silent, $"{Name(member)} has not answered within {Seconds(limit)}.")
        : exception is RpcException said ? Of(member, said)
        : exception is ObjectDisposedException ? new(EtcdFault.Closed, $"The connection to {Name(member)} is being replaced.")
        : new(EtcdFault.Lost, $"The call of {Name(member)} failed: {Printable.Shorten(exception.Message).TrimEnd('.')}.");

    private static EtcdFailure Of(EtcdMember member, RpcException exception)
    {
        if (Find<DialException>(exception) is { } dial)
        {
            return new(EtcdFault.NotConnected, $"{Name(member)} cannot be connected: {dial.Message}.");
        }

        var said = exception.Status.Detail;
        if (exception.StatusCode == StatusCode.Cancelled && Has(said, "disposed"))
        {
            return new(EtcdFault.Lost, $"{Name(member)} did not answer, so that its connection was replaced.");
        }

        var fault = Of(exception.StatusCode, said, exception.Status.DebugException is not null);
        return fault is EtcdFault.Lost
            ? new(
                fault,
                $"The connection to {Name(member)} was lost: {Printable.Shorten(Innermost(exception) ?? said).TrimEnd('.')}{Hint(member, exception)}."
            )
            : new(fault, $"{Name(member)} refuses this: {Printable.Shorten(Plain(said)).TrimEnd('.')}.");
    }

    /// <summary>A time limit in words.</summary>
    public static string Seconds(TimeSpan limit) => FormattableString.Invariant($"{limit.TotalSeconds:0.###} s");

    private static string Name(EtcdMember member) => member.Url.GetLeftPart(UriPartial.Authority);

    private static EtcdFault Of(StatusCode code, string said, bool isLocal) =>
        code switch
        {
            StatusCode.Unauthenticated => EtcdFault.Unauthenticated,
            StatusCode.InvalidArgument when Has(said, "user name is empty") || Has(said, "revision of auth store is old") =>
                EtcdFault.Unauthenticated,
            StatusCode.NotFound when Has(said, "lease not found") => EtcdFault.LeaseUnknown,
            StatusCode.OutOfRange when Has(said, "compacted") => EtcdFault.Compacted,
            StatusCode.ResourceExhausted when Has(said, "maximum configured message size") || isLocal => EtcdFault.TooLarge,
            StatusCode.ResourceExhausted when Has(said, "too many requests") => EtcdFault.Busy,
            StatusCode.Unavailable when Has(said, "no leader") => EtcdFault.Busy,
            StatusCode.InvalidArgument
            or StatusCode.NotFound
            or StatusCode.AlreadyExists
            or StatusCode.PermissionDenied
            or StatusCode.ResourceExhausted
            or StatusCode.FailedPrecondition
            or StatusCode.OutOfRange
            or StatusCode.Unimplemented => EtcdFault.Refused,
            _ => EtcdFault.Lost, // a lost connection is Internal as well as Unavailable
        };

    private static bool Has(string said, string part) => said.Contains(part, StringComparison.OrdinalIgnoreCase);

    private static string Plain(string said) =>
        said.StartsWith("etcdserver: ", StringComparison.Ordinal) ? said["etcdserver: ".Length..] : said;

    // Within TLS a member takes what is in clear for a failed handshake, and closes without a word.
    private static string Hint(EtcdMember member, RpcException exception) =>
        exception.Status.DebugException is not null && !member.HasAnswered && member.Url.Scheme == Uri.UriSchemeHttp
            ? "; if it speaks TLS, write https:// in Endpoints"
            : "";

    private static string? Innermost(RpcException exception)
    {
        var inner = exception.Status.DebugException;
        while (inner?.InnerException is { } next)
        {
            inner = next;
        }

        return inner?.Message;
    }

    private static T? Find<T>(RpcException exception)
        where T : Exception
    {
        for (var inner = exception.Status.DebugException; inner is not null; inner = inner.InnerException)
        {
            if (inner is T found)
            {
                return found;
            }
        }

        return null;
    }
}
