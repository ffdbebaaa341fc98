using System.Reflection;

namespace Proxy.Host.Observability;

/// <summary>The version of this build.</summary>
internal static class BuildVersion
{
    private const int HashLength = 7;

    /// <summary>The version, followed by the commit if it is known: 1.2.3+0123…</summary>
    public static string Text { get; } =
        typeof(BuildVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";

    /// <summary>The version with a commit of seven digits, for people.</summary>
    public static string Short { get; } =
        Text.Split('+') is [var version, { Length: > HashLength } commit] ? $"{version} ({commit[..HashLength]})" : Text;
}
