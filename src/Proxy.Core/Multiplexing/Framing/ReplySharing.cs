namespace Proxy.Multiplexing.Framing;

/// <summary>How replies are shared between clients.</summary>
/// <param name="Joins">Whether identical requests that several clients make at the same time are sent only once.</param>
/// <param name="KeptFor">How long an answer is cached for identical requests; zero if it is not cached.</param>
public readonly record struct ReplySharing(bool Joins, TimeSpan KeptFor);
