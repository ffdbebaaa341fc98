using System.Security.Cryptography;

namespace Proxy.Configuration.Tls;

/// <summary>What this machine has for TLS.</summary>
internal static class TlsPlatform
{
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

        try
        {
            _ = SafeEvpPKeyHandle.OpenSslVersion;
            return null;
        }
        catch (Exception exception) when (exception is PlatformNotSupportedException or TypeInitializationException or DllNotFoundException)
        {
            return "needs OpenSSL, which this machine does not have; install it (libssl3 of Debian and Alpine, openssl-libs of Fedora).";
        }
    }
}
