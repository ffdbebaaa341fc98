namespace Proxy.Configuration.Channels;

/// <summary>The names of the built-in providers, which say which members there are.</summary>
internal static class MembershipProviders
{
    /// <summary>The configuration, confirmed by asking each.</summary>
    public const string Static = "Static";

    /// <summary>A name's addresses, confirmed by asking each.</summary>
    public const string Dns = "Dns";

    /// <summary>A registry: promised, and refused by name until it comes.</summary>
    public const string Engine = "Engine";

    public static bool Is(this MembershipConfig membership, string provider) =>
        membership.Provider.Equals(provider, StringComparison.OrdinalIgnoreCase);
}
