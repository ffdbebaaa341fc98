using Proxy.Configuration.Reading;

namespace Proxy.Configuration;

/// <summary>Warns about root sections whose names are close to a known one; all other unknown sections belong to other code.</summary>
internal static class RootKeys
{
    public static void Check(ConfigNode root, ProblemList problems)
    {
        var ours = ConfigTypes.Options.GetTypeInfo(typeof(ProxyConfig)).Properties.Select(property => property.Name).ToList();
        foreach (var child in root.Children.Where(child => !ours.Contains(child.Key, StringComparer.OrdinalIgnoreCase)))
        {
            if (DidYouMean.Find(child.Key, ours) is { } name)
            {
                problems.Warn(child.Path, $"is not a section of the proxy and is ignored; did you mean '{name}'?");
            }
        }
    }
}
