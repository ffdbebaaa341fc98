using Proxy.Diagnostics;
using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing;

/// <summary>The result that completes a request: a reply of the destination, success without a reply, or a failure.</summary>
internal readonly ref struct Completion
{
    /// <summary>Whether the destination replied.</summary>
    public bool IsReply { get; private init; }

    /// <summary>The reply.</summary>
    public ReadOnlySpan<byte> Reply { get; private init; }

    /// <summary>Whether the client's connection ends after the reply.</summary>
    public bool EndsConnection { get; private init; }

    /// <summary>Whether the request was executed, or is to look to the client as if it had been.</summary>
    public bool IsDone { get; private init; }

    /// <summary>The reply that the proxy writes itself, if the request failed or the client's protocol has no reply of this kind.</summary>
    public LocalReply Failure { get; private init; }

    /// <summary>The outcome of the client's connection, if its protocol cannot express the failure.</summary>
    public ConnectionOutcome Outcome { get; private init; }

    /// <summary>The destination has replied.</summary>
    public static Completion Replied(ReadOnlySpan<byte> reply, bool endsConnection) =>
        Failed(LocalReply.BadAnswer, ConnectionOutcome.ProtocolError) with
        {
            IsReply = true,
            Reply = reply,
            EndsConnection = endsConnection,
        };

    /// <summary>
    /// The request was sent, and the destination does not answer such requests. If the client's protocol expects a reply that the proxy
    /// cannot make, it must not look like a refusal.
    /// </summary>
    public static Completion Sent() => Failed(LocalReply.NoAnswer, ConnectionOutcome.ResponseTimeout) with { IsDone = true };

    /// <summary>The request was not sent, but is to look to the client as if it had been executed.</summary>
    public static Completion Ignored() => Failed(LocalReply.NotAllowed, ConnectionOutcome.Denied) with { IsDone = true };

    /// <summary>The request has failed.</summary>
    public static Completion Failed(LocalReply reply, ConnectionOutcome outcome) => new() { Failure = reply, Outcome = outcome };
}
