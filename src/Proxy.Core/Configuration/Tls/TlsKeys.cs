using System.Text;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Tls;

/// <summary>Checks the keys that both sides of TLS have.</summary>
internal static class TlsKeys
{
    private const int MostAlpnBytes = 255;

    public static void CheckPlatform(string path, ProblemList problems)
    {
        if (TlsPlatform.Problem is { } problem)
        {
            problems.Consequence(path, problem, path);
        }
    }

    public static void CheckCertificate(CertificateConfig certificate, string path, ProblemList problems)
    {
        CheckFile(certificate.Path, $"{path}:Path", problems);
        CheckFile(certificate.KeyPath, $"{path}:KeyPath", problems);
    }

    /// <summary>Checks the name of a file; an absent one is none.</summary>
    public static void CheckFile(string? file, string path, ProblemList problems)
    {
        if (file is not null && string.IsNullOrWhiteSpace(file))
        {
            problems.Consequence(path, "is empty; name a file, or leave it out.");
        }
        else if (file?.Contains('\0', StringComparison.Ordinal) is true)
        {
            problems.Consequence(path, "has a null character, which no file's name has; name a file.");
        }
    }

    public static void CheckAlpn(IReadOnlyList<string> protocols, string path, ProblemList problems)
    {
        foreach (var (index, protocol) in protocols.Index())
        {
            if (Encoding.UTF8.GetByteCount(protocol) is 0 or > MostAlpnBytes || !protocol.All(static letter => letter is > ' ' and <= '~'))
            {
                problems.Error(
                    $"{path}:{index}",
                    $"'{ScalarReader.Shorten(protocol)}' is no application protocol; write 1 to {MostAlpnBytes} visible ASCII characters, such as 'h2'."
                );
            }
            else if (protocols.Take(index).Contains(protocol, StringComparer.Ordinal))
            {
                problems.Error($"{path}:{index}", $"'{protocol}' is there twice; remove one.");
            }
        }
    }
}
