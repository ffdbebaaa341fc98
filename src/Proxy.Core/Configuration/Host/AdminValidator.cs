using System.Net;
using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Host;

/// <summary>Checks the admin endpoint, which must not be open to every program.</summary>
internal static class AdminValidator
{
    private const string Authority = "Admin:ClientCertificateAuthority";

    public static void Check(AdminConfig? admin, ConfigNode root, ProblemList problems)
    {
        if (admin is null)
        {
            return;
        }

        CheckToken(admin.Token, problems);
        if (
            !Uri.TryCreate(admin.Url, UriKind.Absolute, out var url)
            || (url.Scheme != Uri.UriSchemeHttp && url.Scheme != Uri.UriSchemeHttps)
            || url.PathAndQuery != "/"
            || url.UserInfo.Length > 0
            || !ListenAddress.TryParse($"{url.Host}:{url.Port}", out var addresses, out _)
        )
        {
            problems.Consequence(
                "Admin:Url",
                $"'{admin.Url}' is no admin address; write http:// or https:// with an IP address, like http://127.0.0.1:9099."
            );
            return;
        }

        CheckCertificates(admin, url, root, problems);
        var secured = !string.IsNullOrEmpty(admin.Token) || admin.ClientCertificateAuthority is not null;
        if (!secured && !addresses.All(static address => IPAddress.IsLoopback(address.Address!)))
        {
            problems.Consequence(
                "Admin:Url",
                $"'{admin.Url}' is not a loopback address; set Admin:Token, or listen on 127.0.0.1.",
                "Admin:Token",
                Authority
            );
        }
    }

    // A header cannot contain other characters, so no request would ever be accepted. The message does not repeat the token.
    private static void CheckToken(string? token, ProblemList problems)
    {
        if (token is { Length: > 0 } && !token.All(static c => c is > ' ' and <= '~'))
        {
            problems.Consequence(
                "Admin:Token",
                "has spaces, or characters beyond ASCII, which a header cannot contain; use another token."
            );
        }
    }

    private static void CheckCertificates(AdminConfig admin, Uri url, ConfigNode root, ProblemList problems)
    {
        var https = url.Scheme == Uri.UriSchemeHttps;
        if (https && root.FindPath("Kestrel:Certificates:Default")?.HasChildren is not true)
        {
            problems.Consequence(
                "Admin:Url",
                "https:// needs a certificate; name it in Kestrel:Certificates:Default, like { \"Path\": \"admin.pem\", \"KeyPath\": \"admin.key\" }.",
                "Kestrel"
            );
        }

        if (admin.ClientCertificateAuthority is { } file && (!https || string.IsNullOrWhiteSpace(file)))
        {
            problems.Consequence(
                Authority,
                https ? "names no file; name a PEM file of the authorities to trust." : "needs https:// in Admin:Url.",
                "Admin:Url"
            );
        }
    }
}
