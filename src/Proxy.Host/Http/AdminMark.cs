using Microsoft.AspNetCore.Http.Features;

namespace Proxy.Host.Http;

/// <summary>Marks what came to the admin address, and nothing else, for as long as it is open.</summary>
internal sealed class AdminMark
{
    private AdminMark() { }

    /// <summary>Marks a connection by its features; its requests have the mark too.</summary>
    public static void Set(IFeatureCollection features) => features.Set(new AdminMark());

    /// <summary>Whether a connection, or a request on it, came to the admin address.</summary>
    public static bool IsOn(IFeatureCollection features) => features.Get<AdminMark>() is not null;
}
