namespace Proxy.Configuration.Channels;

/// <summary>What happens to clients while no member serves.</summary>
public enum WhenEmpty
{
    /// <summary>They wait up to 2 s for a member, and then are reset.</summary>
    Wait,

    /// <summary>The address does not listen, so that they are refused.</summary>
    Refuse,
}
