namespace Proxy.Multiplexing;

/// <summary>Something that has begun or ended at a destination, which operators are told once.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Subject">What it concerns.</param>
internal sealed record SessionNotice(SessionNoticeKind Kind, string Subject);

/// <summary>The kind of a <see cref="SessionNotice"/>.</summary>
internal enum SessionNoticeKind
{
    /// <summary>A unit or a request is suspended.</summary>
    Suspended,

    /// <summary>It has answered again.</summary>
    Resumed,

    /// <summary>The destination closes its connection after each answer, so that each is used for one exchange.</summary>
    ClosesAfterEachAnswer,
}
