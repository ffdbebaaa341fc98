using Proxy.Configuration.Reading;
using Proxy.Configuration.Routes;

namespace Proxy.Configuration;

/// <summary>
/// Checks the sections at the root of a document. Unknown ones belong to other code, except those whose name is close to a known one and those that
/// belong into <c>ReverseProxy</c>: ignoring them would take all their routes out of service.
/// </summary>
internal static class RootKeys
{
    public static void Check(ConfigNode root, ProblemList problems)
    {
        var ours = Names<ProxyConfig>();
        var inner = Names<ReverseProxyConfig>();
        foreach (var child in root.Children.Where(child => !ours.Contains(child.Key, StringComparer.OrdinalIgnoreCase)))
        {
            if (inner.Contains(child.Key, StringComparer.OrdinalIgnoreCase))
            {
                problems.Error(child.Path, $"belongs under {ProxyDocument.Section}; move it there.");
            }
            else if (DidYouMean.Find(child.Key, ours) is { } name)
            {
                problems.Error(child.Path, $"is not a section of the proxy; did you mean '{name}'?");
                problems.Blame(name); // the error says already that it is missing
            }
        }
    }

    private static List<string> Names<T>() =>
        [
            .. ConfigTypes
                .Options.GetTypeInfo(typeof(T))
                .Properties.Where(static property => property.Set is not null)
                .Select(static property => property.Name),
        ];
}
