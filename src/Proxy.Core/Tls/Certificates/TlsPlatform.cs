using System.Security.Cryptography;

namespace Proxy.Tls.Certificates;

/// <summary>Whether this machine has what .NET needs for TLS. Without OpenSSL, its first use would end the process.</summary>
internal static class TlsPlatform
{
    private static readonly Lazy<string?> _problem = new(Find);

    /// <summary>What is missing, and what would be right; null if nothing is.</summary>
    public static string? Problem => _problem.Value;

    /// <exception cref="CertificateException">Something is missing.</exception>
    public static void Check()
    {
        if (Problem is { } problem)
        {
            throw new CertificateException(problem);
        }
    }

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
            return "TLS needs OpenSSL, which this machine does not have; install it (the package libssl3 of Debian, openssl-libs of Fedora, libssl3 of Alpine).";
        }
    }
}
