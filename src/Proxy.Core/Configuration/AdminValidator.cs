using System.Net;

namespace Proxy.Configuration;

/// <summary>The admin endpoint must not be open to everyone.</summary>
internal static class AdminValidator
{
    public static void Check(AdminConfig? admin, ProblemList problems)
    {
        if (admin is null)
        {
            return;
        }

        if (
            !Uri.TryCreate(admin.Url, UriKind.Absolute, out var url)
            || url.Scheme != Uri.UriSchemeHttp
            || url.PathAndQuery != "/"
            || !ListenAddress.TryParse($"{url.Host}:{url.Port}", out var addresses, out _)
        )
        {
            problems.Consequence(
                "Admin:Url",
                $"'{admin.Url}' is no admin address; write http:// with an IP address, like http://127.0.0.1:9099."
            );
            return;
        }

        if (string.IsNullOrWhiteSpace(admin.Token) && !addresses.All(static address => IPAddress.IsLoopback(address.Address!)))
        {
            problems.Consequence(
                "Admin:Url",
                $"'{admin.Url}' is not a loopback address; set Admin:Token, or listen on 127.0.0.1.",
                "Admin:Token"
            );
        }
    }
}
