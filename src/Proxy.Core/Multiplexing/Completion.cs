using Proxy.Diagnostics;
using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing;

/// <summary>What completes a request: a reply of the destination, that it was done where nothing is answered, or that it failed.</summary>
internal readonly ref struct Completion
{
    /// <summary>Whether the destination replied.</summary>
    public bool IsReply { get; private init; }

    /// <summary>The reply.</summary>
    public ReadOnlySpan<byte> Reply { get; private init; }

    /// <summary>Whether the client's connection ends after it.</summary>
    public bool EndsConnection { get; private init; }

    /// <summary>Whether it was done, or is to look as if it had been.</summary>
    public bool IsDone { get; private init; }

    /// <summary>What to say to the client if it failed, or the client's protocol has no such reply.</summary>
    public LocalReply Failure { get; private init; }

    /// <summary>How the client's connection ends if its protocol has no words for the failure.</summary>
    public ConnectionOutcome Outcome { get; private init; }

    /// <summary>The destination replied.</summary>
    public static Completion Replied(ReadOnlySpan<byte> reply, bool endsConnection) =>
        Failed(LocalReply.BadAnswer, ConnectionOutcome.ProtocolError) with
        {
            IsReply = true,
            Reply = reply,
            EndsConnection = endsConnection,
        };

    /// <summary>It was sent, and the destination does not answer it. Where the client's protocol has no reply for that, it must not read that it was refused.</summary>
    public static Completion Sent() => Failed(LocalReply.NoAnswer, ConnectionOutcome.ResponseTimeout) with { IsDone = true };

    /// <summary>It was not sent, and is to look as if it had been done.</summary>
    public static Completion Ignored() => Failed(LocalReply.NotAllowed, ConnectionOutcome.Denied) with { IsDone = true };

    /// <summary>It failed.</summary>
    public static Completion Failed(LocalReply reply, ConnectionOutcome outcome) => new() { Failure = reply, Outcome = outcome };
}
