using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Channels;

/// <summary>When the loss of many members at once is not believed: it may be this instance that is cut off, or the registry.</summary>
public sealed record MembershipGuardConfig
{
    /// <summary>The part of the members, from 0 to 1, that may fall silent at once; more, and at least 2, are held.</summary>
    public double MaxLossFraction { get; init; } = 0.34;

    /// <summary>How long they are held, and asked, before they are gone.</summary>
    [AllowZero]
    public TimeSpan Hold { get; init; } = TimeSpan.FromSeconds(30);
}
