namespace Proxy.Configuration;

/// <summary>Who says which members there are.</summary>
public enum MembershipProviderKind
{
    /// <summary>The configuration, confirmed by asking each.</summary>
    Static,

    /// <summary>A name's addresses, confirmed by asking each.</summary>
    Dns,

    /// <summary>A registry.</summary>
    [NotAvailableYet]
    Engine,
}
