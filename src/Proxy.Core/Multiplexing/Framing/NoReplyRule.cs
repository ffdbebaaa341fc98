namespace Proxy.Multiplexing.Framing;

/// <summary>Recognizes requests that get no reply by their bytes. All conditions have to hold; empty bytes are no condition.</summary>
internal sealed record NoReplyRule
{
    /// <summary>The position of <see cref="EqualTo"/>.</summary>
    public int Offset { get; init; }

    public byte[] EqualTo { get; init; } = [];

    public byte[] StartsWith { get; init; } = [];

    public byte[] Contains { get; init; } = [];

    public byte[] NotContains { get; init; } = [];

    public bool Matches(ReadOnlySpan<byte> request) =>
        request.Length >= Offset
        && request[Offset..].StartsWith(EqualTo)
        && request.StartsWith(StartsWith)
        && request.IndexOf(Contains) >= 0
        && (NotContains.Length == 0 || request.IndexOf(NotContains) < 0);
}
