using Microsoft.AspNetCore.Http.Features;

namespace Proxy.Host.Http;

/// <summary>Marks the connections that were accepted on the admin address.</summary>
internal sealed class AdminMark
{
    private AdminMark() { }

    /// <summary>Marks a connection in its features, which its requests inherit.</summary>
    public static void Set(IFeatureCollection features) => features.Set(new AdminMark());

    /// <summary>Whether a connection or request with these features was received on the admin address.</summary>
    public static bool IsOn(IFeatureCollection features) => features.Get<AdminMark>() is not null;
}
