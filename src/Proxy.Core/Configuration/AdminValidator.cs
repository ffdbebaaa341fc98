using System.Net;

namespace Proxy.Configuration;

/// <summary>The admin endpoint must not be open to everyone.</summary>
internal static class AdminValidator
{
    public static void Check(AdminConfig? admin, ProblemList problems)
    {
        if (admin is null || admin.Url.Length == 0)
        {
            return;
        }

        // Kestrel's * and + are hosts that Uri does not know.
        var text = admin
            .Url.Replace("://*", "://0.0.0.0", StringComparison.Ordinal)
            .Replace("://+", "://0.0.0.0", StringComparison.Ordinal);
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || (url.Scheme != Uri.UriSchemeHttp && url.Scheme != Uri.UriSchemeHttps))
        {
            problems.Consequence("Admin:Url", $"'{admin.Url}' is no URL; write one like http://127.0.0.1:9099.");
            return;
        }

        if (!IsLoopback(url) && string.IsNullOrWhiteSpace(admin.Token))
        {
            problems.Consequence("Admin:Url", $"'{admin.Url}' is not a loopback address; set Admin:Token, or listen on 127.0.0.1.");
        }
    }

    private static bool IsLoopback(Uri url) =>
        url.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(url.Host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
