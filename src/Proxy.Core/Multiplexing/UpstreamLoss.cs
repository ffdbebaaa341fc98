using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing;

/// <summary>Why an upstream connection has to be closed.</summary>
/// <param name="Reason">A sentence for operators.</param>
/// <param name="Reply">The reply to the clients whose requests were in flight.</param>
/// <param name="IsNonsense">
/// Whether the destination violated the protocol; then its requests are not repeated, since the next reply would not be reliable either.
/// </param>
/// <param name="IsClients">Whether a client is the cause, so that the loss says nothing about the destination.</param>
internal sealed record UpstreamLoss(string Reason, LocalReply Reply = LocalReply.NoAnswer, bool IsNonsense = false, bool IsClients = false)
{
    public static UpstreamLoss Ended { get; } = new("The destination closed the connection.") { IsEnd = true };

    public static UpstreamLoss Silent { get; } = new("The destination did not answer in time.");

    public static UpstreamLoss Unsolicited { get; } =
        new("The destination sent bytes that no request asked for.", LocalReply.BadAnswer, IsNonsense: true);

    public static UpstreamLoss Unfinished { get; } =
        new("A client did not finish its request, or did not take its reply.", IsClients: true);

    public static UpstreamLoss Early { get; } = new("The destination answered a request before it was whole.", IsClients: true);

    /// <summary>Whether the destination has closed the connection.</summary>
    public bool IsEnd { get; private init; }

    /// <summary>The same, with what the destination sent before and is no reply, as <see cref="PeerBytes"/> describes it; empty for nothing.</summary>
    public UpstreamLoss After(string sent) => sent.Length == 0 ? this : this with { Reason = $"{Reason} It had sent {sent}." };

    public static UpstreamLoss Broken(string reason) => new(reason);

    public static UpstreamLoss Nonsense(string? reason) => new(reason ?? "The reply is malformed.", LocalReply.BadAnswer, IsNonsense: true);
}
