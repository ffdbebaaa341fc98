using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing;

/// <summary>Why an upstream connection has to go.</summary>
/// <param name="Reason">A sentence for the operator.</param>
/// <param name="Reply">What the clients are told whose requests were in flight.</param>
/// <param name="IsNonsense">Whether the destination broke the protocol: what it would say a second time is worth nothing either.</param>
internal sealed record UpstreamLoss(string Reason, LocalReply Reply = LocalReply.NoAnswer, bool IsNonsense = false)
{
    public static UpstreamLoss Ended { get; } = new("The destination closed the connection.");

    public static UpstreamLoss Silent { get; } = new("The destination did not answer in time.");

    public static UpstreamLoss Unsolicited { get; } =
        new("The destination sent bytes that no request asked for.", LocalReply.BadAnswer, IsNonsense: true);

    public static UpstreamLoss Broken(string reason) => new(reason);

    public static UpstreamLoss Nonsense(string? reason) => new(reason ?? "The reply is malformed.", LocalReply.BadAnswer, IsNonsense: true);
}
