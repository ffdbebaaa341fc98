namespace Proxy.Configuration.Channels;

/// <summary>The names of the built-in membership providers.</summary>
internal static class MembershipProviders
{
    /// <summary>Members from the configuration, each confirmed by a query.</summary>
    public const string Static = "Static";

    /// <summary>Members from the addresses of a DNS name, each confirmed by a query.</summary>
    public const string Dns = "Dns";

    /// <summary>Members from the engine that the section Engine names.</summary>
    public const string Engine = "Engine";

    public static bool Is(this MembershipConfig membership, string provider) =>
        membership.Provider.Equals(provider, StringComparison.OrdinalIgnoreCase);
}
