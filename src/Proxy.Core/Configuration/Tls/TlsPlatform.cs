using System.Runtime.InteropServices;

namespace Proxy.Configuration.Tls;

/// <summary>What this machine has for TLS.</summary>
internal static class TlsPlatform
{
    private static readonly string[] _versions = ["3", "1.1", "1.1.1", "1.0.2", "1.0.0", "10"];
    private static readonly Lazy<string?> _problem = new(Find);

    /// <summary>What is missing, and what would be right; null if nothing is. Without OpenSSL, the first use of TLS would end the process.</summary>
    public static string? Problem => _problem.Value;

    /// <summary>Whether cipher suites can be chosen.</summary>
    public static bool HasCipherSuites => OperatingSystem.IsLinux() || OperatingSystem.IsMacOS();

    private static string? Find()
    {
        if (OperatingSystem.IsWindows() || OperatingSystem.IsMacOS())
        {
            return null;
        }

        // Asking .NET for the version would end the process, too; these are the names that it looks for.
        var wanted = Environment.GetEnvironmentVariable("CLR_OPENSSL_VERSION_OVERRIDE");
        return _versions.Prepend(wanted).Any(static version => version is not null && NativeLibrary.TryLoad($"libssl.so.{version}", out _))
            ? null
            : "needs OpenSSL, which this machine does not have; install it (libssl3 of Debian and Alpine, openssl-libs of Fedora).";
    }
}
