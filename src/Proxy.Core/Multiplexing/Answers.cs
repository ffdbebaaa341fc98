using Proxy.Diagnostics;
using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing;

/// <summary>
/// Passes results to clients: to the client of a request and to those whose identical requests share its exchange. Must not be called under
/// a session's lock.
/// </summary>
internal static class Answers
{
    public static void Deliver(MultiplexRequest request, ReadOnlySpan<byte> reply, bool endsConnection)
    {
        var follower = request.Followers; // read first: once completed, a request may be reused for the client's next one
        request.Client.Deliver(request, reply, endsConnection);
        while (follower is { } next)
        {
            follower = next.Next;
            next.Lane!.Unjoin();
            next.Client.Deliver(next, reply);
        }
    }

    public static void Fail(MultiplexRequest request, LocalReply reply, ConnectionOutcome outcome)
    {
        var follower = request.Followers;
        request.Client.Fail(request, reply, outcome);
        while (follower is { } next)
        {
            follower = next.Next;
            next.Lane!.Unjoin();
            next.Client.Fail(next, reply, outcome);
        }
    }

    public static void FailAll(List<MultiplexRequest> requests, LocalReply reply, ConnectionOutcome outcome) =>
        requests.ForEach(request => Fail(request, reply, outcome));

    /// <summary>Fails the requests that were in flight on a lost connection, or that wait for a destination which is down.</summary>
    public static void FailAll(List<MultiplexRequest> requests, UpstreamLoss loss)
    {
        foreach (var request in requests)
        {
            var wasSent = request.Started != 0;
            Fail(
                request,
                wasSent ? loss.Reply : LocalReply.NoPath,
                !wasSent ? ConnectionOutcome.ConnectFailed
                    : loss.IsNonsense ? ConnectionOutcome.ProtocolError
                    : ConnectionOutcome.UpstreamReset
            );
        }
    }
}
