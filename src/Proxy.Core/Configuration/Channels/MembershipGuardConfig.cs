using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Channels;

/// <summary>
/// When the loss of many members at once is not believed, since this instance or the registry may be the one that is cut off.
/// </summary>
public sealed record MembershipGuardConfig
{
    /// <summary>
    /// The fraction of the members, from 0 to 1, that may fall silent at once. If it is more, and at least 2 members, they are held as
    /// suspect.
    /// </summary>
    public double MaxLossFraction { get; init; } = 0.34;

    /// <summary>How long such members are held and queried before they count as gone.</summary>
    [AllowZero]
    public TimeSpan Hold { get; init; } = TimeSpan.FromSeconds(30);
}
