namespace Proxy.Multiplexing.Framing;

/// <summary>How far replies are shared between clients.</summary>
/// <param name="Joins">Whether the same request of several clients at once is sent once.</param>
/// <param name="KeptFor">How long an answer is given to further requests that ask the same; zero: it is not kept.</param>
public readonly record struct ReplySharing(bool Joins, TimeSpan KeptFor);
