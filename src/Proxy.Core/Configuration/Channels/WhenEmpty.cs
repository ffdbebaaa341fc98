namespace Proxy.Configuration.Channels;

/// <summary>What happens to clients while no member serves.</summary>
public enum WhenEmpty
{
    /// <summary>They wait up to 2 s for one, and then are reset.</summary>
    Wait,

    /// <summary>Their address is not listened on, so that they are refused.</summary>
    Refuse,
}
